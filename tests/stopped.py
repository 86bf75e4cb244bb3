"""Runs a long work of the library again and again, each time stopped at a later piece."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from evidrift.base.unfinished import scratch as on_disk
from evidrift.base.unfinished.memo import Memo
from evidrift.base.unfinished.scratch import Scratch


class Kill(BaseException):
    pass


class _Stopping(Scratch):
    """Lets so many pieces be made."""

    def __init__(self, folder: Path, pieces: int) -> None:
        super().__init__(folder, "f" * 64, {})
        self.left = pieces

    def each(self, name, jobs, make):
        def made(job):
            if not self.left:
                raise Kill
            self.left -= 1
            return make(job)

        return super().each(name, jobs, made)


def stopped_after_every(pieces: int, work: Callable[[Memo], Any], folder: Path) -> tuple[Any, int]:
    """The result of a work that is stopped after so many further pieces each time, and how often it was."""
    on_disk.EVERY, before = 0.0, on_disk.EVERY
    try:
        for stops in range(100):
            try:
                return work(_Stopping(folder, pieces)), stops
            except Kill:
                continue
    finally:
        on_disk.EVERY = before
    raise AssertionError("it does not go on")
