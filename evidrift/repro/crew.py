"""The workers of a run, seen from its process: which of them takes a command, and what has become of it."""

import ast
import json
import os
import re
import select
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from evidrift.repro import worker

# Words that mean themselves to every shell.
PLAIN = re.compile(r"[\w./@:,+ -]+", re.ASCII)
STARTS_TENSORFLOW = "evidrift.networks.start_tensorflow"
SHELL = ""  # the worker that has nothing loaded; the others are named by their parameter file


@dataclass(frozen=True)
class Task:
    """A stage's command, for a worker.

    Attributes:
        stage: its name.
        log: the file that its output goes to.
        commands: what to execute, one after the other, as DVC would.
        folder: where.
        environment: with what variables.
        added: those that this process does not have itself.
        module: a script that a worker may run in a fork of its own, if it is a plain `python -m stages.x`.
        words: the script's arguments.
    """

    stage: str
    log: str
    commands: list[list[str]]
    folder: str
    environment: dict[str, str]
    added: dict[str, str]
    module: str | None
    words: list[str]


class Ended(NamedTuple):
    """How a command ended: exit code (negative: by that signal), seconds of CPU time."""

    stage: str
    code: int
    cpu: float


def task(stage: str, cmd: str | list[str], log: Path, settings: dict[str, Any]) -> Task:
    """The task of a stage's command.

    Args:
        stage: its name.
        cmd: as dvc.yaml has it.
        log: the file for its output.
        settings: `commands`, `folder` and `environment`, see book.commands.
    """
    module, words = _script(cmd, Path(settings["folder"]))
    environment = settings["environment"]
    added = {name: value for name, value in environment.items() if os.environ.get(name) != value}
    return Task(stage, str(log), **settings, added=added, module=module, words=words)


def _script(cmd: str | list[str], folder: Path) -> tuple[str | None, list[str]]:
    """The script and arguments of a `python -m stages.x` that starts TensorFlow; None where it is no such."""
    if not isinstance(cmd, str) or not PLAIN.fullmatch(cmd) or folder != Path.cwd():
        return None, []
    match cmd.split():
        case ["python", "-m", module, *words] if module.startswith("stages."):
            script = Path(*module.split(".")).with_suffix(".py")
            if _is_this_python() and "--params" in words[:-1] and _starts_tensorflow(script):
                return module, words
    return None, []


def _is_this_python() -> bool:
    found = shutil.which("python")
    return found is not None and Path(found).parent == Path(sys.executable).parent


def _starts_tensorflow(script: Path) -> bool:
    try:
        parsed = ast.parse(script.read_text(encoding="utf-8"))
    except (OSError, SyntaxError):
        return False  # the command will say so
    imports = [node for node in parsed.body if isinstance(node, ast.Import)]
    return any(alias.name == STARTS_TENSORFLOW for node in imports for alias in node.names)


class Crew:
    """The workers, started when they are first needed."""

    def __init__(self, claim: int) -> None:
        self._claim = claim
        self._workers: dict[str, subprocess.Popen[bytes]] = {}
        self._unread: dict[str, bytes] = {}
        self._at: dict[str, str] = {}  # by stage its worker

    def start(self, task: Task) -> None:
        """Have a worker run the task."""
        name = task.words[task.words.index("--params") + 1] if task.module else SHELL
        process = self._workers.get(name) or self._hire(name)
        self._at[task.stage] = name
        if process.stdin is not None:
            with suppress(BrokenPipeError):  # it was killed: `wait` says so, of this stage too
                process.stdin.write(json.dumps(asdict(task)).encode() + b"\n")
                process.stdin.flush()

    def _hire(self, name: str) -> subprocess.Popen[bytes]:
        words = [sys.executable, worker.__file__, str(self._claim), *([name] if name else [])]
        self._workers[name] = subprocess.Popen(  # noqa: S603
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=(self._claim,),
            start_new_session=True,  # Ctrl-C is for the run's process, which sees to the others
        )
        self._unread[name] = b""
        return self._workers[name]

    def wait(self, seconds: float) -> list[Ended]:
        """The commands that have ended, after waiting for one at most so long."""
        pipes = {process.stdout.fileno(): name for name, process in self._workers.items() if process.stdout}
        ended = []
        for pipe in select.select(list(pipes), [], [], seconds)[0]:
            name, read = pipes[pipe], os.read(pipe, 65536)
            *lines, self._unread[name] = (self._unread[name] + read).split(b"\n")
            ended += [Ended(**json.loads(line)) for line in lines]
            if not read:
                ended += self._dismiss(name)
        for each in ended:
            self._at.pop(each.stage, None)
        return ended

    def _dismiss(self, name: str) -> list[Ended]:
        """A worker has died; its stages with it."""
        code = self._workers.pop(name).wait()
        return [Ended(stage, code or 1, 0.0) for stage, at in self._at.items() if at == name]

    def leave(self) -> None:
        """End what still runs, and the workers."""
        for process in self._workers.values():
            if process.stdin is not None:
                with suppress(BrokenPipeError):
                    process.stdin.close()
        for process in self._workers.values():
            process.wait()
        self._workers.clear()
