"""A process that is asked to stop (Ctrl-C, SIGTERM, a closed terminal) does so in seconds, and tidies up."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import FrameType

GRACE = 3.0  # seconds for what is at work to come to its end by itself
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_at_end: list[Callable[[], None]] = []


class Stopped(KeyboardInterrupt):
    """The process was asked to stop.

    Attributes:
        code: to leave with, 128 and the signal's number, as shells have it.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.code = 128 + number


@contextmanager
def cleared_at_end(clear: Callable[[], None]) -> Iterator[None]:
    """Inside the block `clear` is called before a process is ended that did not end by itself in time."""
    _at_end.append(clear)
    try:
        yield
    finally:
        _at_end.remove(clear)


@contextmanager
def stoppable() -> Iterator[None]:
    """Inside the block a signal is `Stopped`, raised once; further ones change nothing.

    Python raises it when the main thread is next at Python code. Where that takes longer than GRACE, as in a
    long computation of C++, or while other threads finish what they have begun, another thread calls what
    `cleared_at_end` has, and ends the process.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ear, mouth = os.pipe()
    os.set_blocking(mouth, False)
    # what somebody else decided to ignore, as nohup does, stays ignored
    heard = [each for each in SIGNALS if signal.getsignal(each) is not signal.SIG_IGN]
    before = {each: signal.signal(each, _stop) for each in heard}
    # written to at once, whatever the main thread is doing
    fd = signal.set_wakeup_fd(mouth, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(ear, heard), daemon=True).start()
    try:
        yield
    except Stopped:
        raise  # the end is still watched
    except BaseException:
        _restore(before, fd, mouth)
        raise
    else:
        _restore(before, fd, mouth)


def _stop(number: int, _frame: FrameType | None) -> None:
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise Stopped(number)


def _restore(before: Mapping[signal.Signals, object], fd: int, mouth: int) -> None:
    signal.set_wakeup_fd(fd)
    for each, handler in before.items():
        signal.signal(each, handler)  # type: ignore[arg-type]
    os.close(mouth)


def _watch(ear: int, heard: list[signal.Signals]) -> None:
    while number := os.read(ear, 1):
        if number[0] in heard:
            time.sleep(GRACE)
            for clear in reversed(_at_end):
                with suppress(Exception):
                    clear()
            os._exit(128 + number[0])
    os.close(ear)
