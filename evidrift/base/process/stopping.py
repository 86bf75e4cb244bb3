"""Ctrl-C, a kill and a closed terminal end a process soon, without a traceback, and with how to go on.

The main thread gets Stopped raised where it is: it unwinds, and partial files and children go. But Python
looks for signals between two of its own steps only, not within an operation of TensorFlow, and what catches
all exceptions may swallow this one. So a thread ends the process for good after GRACE seconds. It may: files
appear whole or not at all.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

GRACE = 3.5  # seconds: a run of many stages needs up to 3 to end them
KINDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GOES_ON = "What was finished is kept: the same command goes on from there."
AGAIN = "The same command does it anew."

_at_end: list[Callable[[], None]] = []
_how = ""  # to go on; empty where signals do what they did before
_asked: signal.Signals | None = None


class Stopped(KeyboardInterrupt):
    """The process was asked to end."""


@contextmanager
def cleared_at_end(clear: Callable[[], None]) -> Iterator[None]:
    """Inside the block `clear` is called before a process is ended for good: it did not unwind in time."""
    _at_end.append(clear)
    try:
        yield
    finally:
        _at_end.remove(clear)


@contextmanager
def stopping(how: str = AGAIN) -> Iterator[None]:
    """Inside the block, signals end this process as said above; as before afterwards.

    Nothing changes where that holds already, or in a thread, which gets no signals.

    Args:
        how: to go on, a sentence.
    """
    if _how or threading.current_thread() is not threading.main_thread():
        try:
            yield
        except BaseException:
            leave_if_asked()
            raise
        return
    before = {kind: signal.getsignal(kind) for kind in KINDS}
    hooks = sys.excepthook, sys.unraisablehook
    woken, wakes = stop_well(how)
    try:
        yield
    except BaseException:
        leave_if_asked()
        raise
    finally:
        _restore(before, hooks, woken, wakes)


def stop_well(how: str) -> tuple[int, int]:
    """From now on, signals end this process as said above; the pipe that wakes the thread.

    Args:
        how: to go on, a sentence.
    """
    global _how
    _how = how
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    for kind in KINDS:
        if signal.getsignal(kind) is not signal.SIG_IGN:  # as nohup has it, and a shell in the background
            signal.signal(kind, raise_stopped)
    sys.excepthook = _tell_uncaught
    sys.unraisablehook = _tell_unraisable
    # Its own, for the stream may lead elsewhere while TensorFlow is imported.
    errors = os.dup(2)
    threading.Thread(target=_end_late, args=(woken, errors), name="stopping", daemon=True).start()
    return woken, wakes


def leave_if_asked() -> None:
    """Say how to go on and end the process, if it was asked to end; also where that raised another error."""
    if _asked is not None:
        _leave(_asked)


def raise_stopped(number: int, frame: FrameType | None) -> None:
    """The handler of these signals: the first raises Stopped, the second ends the process at once."""
    global _asked
    if _asked is not None:  # asked twice: at once
        _leave(_asked)
    _asked = signal.Signals(number)
    raise Stopped


def _tell_uncaught(kind: type[BaseException], error: BaseException, at: Any) -> None:
    leave_if_asked()
    sys.__excepthook__(kind, error, at)


def _tell_unraisable(what: Any) -> None:
    leave_if_asked()  # raised where Python goes on after any exception, as in a finaliser
    sys.__unraisablehook__(what)


def _end_late(woken: int, errors: int) -> None:
    """In the thread: when a signal has come, give the main thread a while to leave."""
    try:
        while kinds := os.read(woken, 64):
            for kind in kinds:
                if kind in KINDS:
                    time.sleep(GRACE)
                    if _how:
                        _clear()
                        with suppress(OSError):  # a terminal that is gone
                            os.write(errors, _words(signal.Signals(kind)).encode())
                        os._exit(128 + kind)
    finally:
        os.close(woken)
        os.close(errors)


def _clear() -> None:
    for clear in reversed(_at_end):
        with suppress(Exception):
            clear()


def _leave(kind: signal.Signals) -> None:
    _clear()
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.write(_words(kind))
        sys.stderr.flush()
    os._exit(128 + kind)


def _words(kind: signal.Signals) -> str:
    by = "Ctrl-C" if kind == signal.SIGINT else kind.name
    lead = "\x1b[?25h\n" if os.isatty(2) else ""  # a table on a terminal hides the cursor
    return f"{lead}Stopped by {by}. {_how}\n"


def _restore(before: dict[signal.Signals, Any], hooks: tuple[Any, Any], woken: int, wakes: int) -> None:
    global _how, _asked
    _how, _asked = "", None
    signal.set_wakeup_fd(-1)
    for kind, handler in before.items():
        signal.signal(kind, handler)
    sys.excepthook, sys.unraisablehook = hooks
    os.close(wakes)  # the thread ends


def _forget() -> None:
    """In a fork: it ends in silence, for its parent speaks; there is no thread to wake."""
    global _how
    if _how:
        _how = ""
        signal.set_wakeup_fd(-1)
        for kind in KINDS:
            if signal.getsignal(kind) is raise_stopped:
                signal.signal(kind, signal.SIG_DFL)
        sys.excepthook, sys.unraisablehook = sys.__excepthook__, sys.__unraisablehook__


os.register_at_fork(after_in_child=_forget)
