"""A process that runs the commands of stages, each in a child of its own, and ends them when it is left.

    python worker.py CLAIM                commands as DVC runs them, by the shell
    python worker.py CLAIM params.yaml    `python -m stages.x` in a fork that has TensorFlow already

It reads a task a line (crew.Task, as JSON), and answers each with a line of its end. When its input closes
(its parent is done, has stopped, or was killed) the children's process groups are ended: no stage outlives
its run.
"""

import contextlib
import json
import os
import runpy
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

GRACE = 2.0  # seconds between asking children to end and ending them


def main() -> None:
    """Serve until the input closes."""
    sys.path[0] = str(Path.cwd())  # as `python -m` has it
    claim, params = int(sys.argv[1]), sys.argv[2:]
    forks = not params or _import_once(Path(params[0]))
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    children: dict[int, str] = {}  # by process the stage
    pending = b""
    while True:
        ready = select.select([0, woken], [], [])[0]
        if woken in ready:
            os.read(woken, 4096)
            _report_ended(children)
        if 0 in ready:
            read = os.read(0, 65536)
            if not read:
                break
            *lines, pending = (pending + read).split(b"\n")
            for line in lines:
                task = json.loads(line)
                child = os.fork()
                if child == 0:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    os.close(woken)
                    os.close(wake)
                    _run(task, claim, forks)
                    return
                children[child] = task["stage"]
    _end(children)


def _import_once(params: Path) -> bool:
    """Import TensorFlow, computing as the stages will; whether this process may fork afterwards."""
    from evidrift.base.compute import load_compute, pin
    from evidrift.base.errors import UserError

    try:
        pin(load_compute(params))
    except UserError:
        return False  # the stage will say so, in its log
    import evidrift.networks.import_tensorflow  # noqa: F401

    return _alone()


def _alone() -> bool:
    """Whether this process has one thread: a fork has no other, and would wait for their locks for ever.

    That of TensorFlow's allocator is none to fear: jemalloc releases its locks in a fork by itself.
    """
    threads = Path("/proc/self/task")
    names = (
        [(each / "comm").read_text().strip() for each in threads.iterdir()] if threads.exists() else ["?"] * 2
    )
    return len(names) - names.count("jemalloc_bg_thd") == 1


def _report_ended(children: dict[int, str]) -> None:
    for child in list(children):
        process, status, used = os.wait4(child, os.WNOHANG)
        if process:
            code = os.waitstatus_to_exitcode(status)
            ended = {"stage": children.pop(child), "code": code, "cpu": used.ru_utime + used.ru_stime}
            with contextlib.suppress(BrokenPipeError):  # its parent was killed: its input closes, too
                os.write(1, json.dumps(ended).encode() + b"\n")


def _run(task: dict[str, Any], claim: int, forks: bool) -> None:
    """In the child: run the task, to its log."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    try:
        log = os.open(task["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o644)
    except OSError:  # a full disk, which stops what the stage writes, but not a stage that writes nothing
        log = os.dup(nothing)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(log)
    if task["module"] and forks:
        os.environ.update(task["added"])
        sys.argv[1:] = task["words"]
        runpy.run_module(task["module"], run_name="__main__", alter_sys=True)
        return
    for words in task["commands"]:
        settings = {"cwd": task["folder"], "env": task["environment"], "pass_fds": (claim,)}
        code = subprocess.call(words, **settings)  # noqa: S603 - the pipeline's own commands
        if code:
            sys.exit(code if code > 0 else 128 - code)


def _end(children: dict[int, str]) -> None:
    """Ask the children's groups to end, wait a little, end them."""
    _signal(children, signal.SIGTERM)
    until = time.monotonic() + GRACE
    while time.monotonic() < until and not all(map(_ended, children)):
        time.sleep(0.02)
    _signal(children, signal.SIGKILL)  # their own children too, who may have stayed
    for child in children:
        os.waitpid(child, 0)


def _signal(groups: Iterable[int], kind: signal.Signals) -> None:
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, kind)


def _ended(child: int) -> bool:
    """Whether a child has ended; its number stays taken, as its group's, until it is waited for."""
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


if __name__ == "__main__":
    main()
