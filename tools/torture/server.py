"""A process that has TensorFlow loaded, and runs a stage in a fork of itself: a second in place of ten.

    python server.py params.yaml

It reads a task a line (runner.Task, as JSON), answers with {"pid": ...} when it has begun and with its end
{"code": ..., "cpu": ..., "peak": ...}; one at a time. When its input closes it leaves.
"""

import atexit
import ctypes
import gc
import json
import os
import runpy
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

# What the stages load of others; none of it starts a thread, which a fork would lack.
LOADED = (
    "h5py",
    "pandas",
    "pyarrow.parquet",
    "scipy.stats",
    "matplotlib.figure",
    "PIL.Image",
    "cv2",
    "pydantic",
)
BROKEN = "broken"  # in place of a log: a pipe that nobody reads


def main() -> None:
    """Serve until the input closes."""
    sys.path[0] = str(Path.cwd())  # as `python -m` has it
    from evidrift.base.compute import load_compute, pin

    pin(load_compute(Path(sys.argv[1])))
    import_module("evidrift.networks.import_tensorflow")
    for name in LOADED:
        import_module(name)
    gc.freeze()  # so that a fork's own collections need not touch, and so copy, all of it
    for line in sys.stdin:
        task = json.loads(line)
        child = os.fork()
        if child == 0:
            os._exit(_left(task))
        _say({"pid": child})
        _, status, used = os.wait4(child, 0)
        cpu = used.ru_utime + used.ru_stime
        _say({"code": os.waitstatus_to_exitcode(status), "cpu": cpu, "peak": used.ru_maxrss * 1024})


def _say(what: dict[str, Any]) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


def _left(task: dict[str, Any]) -> int:
    """Run the task and end as Python does, but without taking all modules to pieces; the exit code."""
    try:
        _run(task)
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    gc.collect()  # what the stage has left open is closed
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
    except OSError:
        code = 120
    return code


def _run(task: dict[str, Any]) -> None:
    """In the fork: run the stage, in the task's folder, to its log."""
    os.setsid()
    os.chdir(task["folder"])
    log = _log(task["log"])
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(log)
    os.environ.update(task["environment"])
    sys.argv[1:] = task["words"]
    if task["shim"]:
        ctypes.CDLL(None).torture_begin(*(os.fsencode(each) for each in task["shim"]))
    runpy.run_module(task["module"], run_name="__main__", alter_sys=True)


def _log(name: str) -> int:
    if name == BROKEN:
        read, write = os.pipe()
        os.close(read)
        return write
    return os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)


if __name__ == "__main__":
    main()
