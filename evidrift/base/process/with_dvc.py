"""A stage ends with the DVC that runs it: none stays behind and writes beside a later run."""

import os
import signal
import sys
import threading
import time

import psutil

STAGE = "DVC_STAGE"  # DVC sets it for every command that it runs
LOOK = 0.5  # seconds between two looks
GRACE = 5.0  # seconds for this process to stop of itself
ENDED = 128 + signal.SIGTERM


def end_with_dvc() -> None:
    """Watch the process that runs this stage for DVC, and end this one when it is gone.

    A stage begun by hand, as with nohup, has no DVC above it and is let be.
    """
    above = _above() if STAGE in os.environ else []
    if above:
        threading.Thread(target=_watch, args=(above,), name="end_with_dvc", daemon=True).start()


def _above() -> list[psutil.Process]:
    """The processes from this one's parent (DVC's, or its shell's) up to DVC's."""
    found = []
    try:
        for process in psutil.Process().parents():
            found.append(process)
            if STAGE not in process.environ():  # the shell that DVC starts has it, DVC itself has not
                break
    except psutil.Error:  # the rest is another user's, or has just gone
        pass
    return found


def _watch(above: list[psutil.Process]) -> None:
    while all(map(_lives, above)):
        time.sleep(LOOK)
    print("DVC, which ran this stage, is gone: the stage ends too.", file=sys.stderr, flush=True)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(ENDED)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
