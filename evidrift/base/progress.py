"""The one way to show progress: a bar on a terminal, a line now and then in a log file or a pipe."""

import sys
import time
from collections.abc import Iterable, Iterator, Sized
from typing import Any, Self

from tqdm import tqdm

BETWEEN = 30.0  # seconds between two lines, at least


class Progress:
    """Goes over items, or is moved on by hand; on standard error. Times stand in no output.

    A line reads `finetune densenet_mini seed 1: epoch 3 of 8, loss 0.41, accuracy 0.93, about 2 min left`.

    Args:
        items: what to go over; None to move it on by `update`, in a `with` block.
        desc: what is done.
        total: of the items or steps.
        unit: one of them, e.g. image.
        initial: those that were done before, by a process that was stopped.
        leave: whether the end shows as well; not for what others follow closely.
        delay: seconds before a bar appears.
        disable: True shows nothing.

    Example:
        >>> sum(Progress([1, 2, 3], "add", unit="number", disable=True))
        6
    """

    def __init__(
        self,
        items: Iterable[Any] = (),
        desc: str = "",
        total: int | None = None,
        *,
        unit: str = "step",
        initial: int = 0,
        leave: bool = True,
        delay: float = 0,
        disable: bool | None = None,
    ) -> None:
        self._items = items
        self._total = len(items) if total is None and isinstance(items, Sized) and items else total
        self._desc, self._unit, self._leave = desc, unit, leave
        self._initial = self._n = initial
        self._part = 0.0  # of the step at work
        self._words = ""
        self._start = self._told = time.monotonic()
        self._stream = sys.stderr  # of now: tests replace it
        self._bar = None
        self._silent = bool(disable)
        if not self._silent and self._stream.isatty():
            self._bar = tqdm(
                total=self._total,
                desc=desc,
                unit=unit,
                initial=initial,
                leave=leave,
                delay=delay,
                file=self._stream,
            )

    def __iter__(self) -> Iterator[Any]:
        with self:
            for item in self._items:
                yield item
                self.update()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()
        elif kind is None and self._leave:
            self._line(ended=True)

    def update(self, n: int = 1) -> None:
        """So many more are done."""
        self._n, self._part = self._n + n, 0.0
        if self._bar is not None:
            self._bar.update(n)
        else:
            self._line_if_due()

    def within(self, part: float) -> None:
        """How much of the next step is done, in 0..1: for steps that take long by themselves."""
        self._part = part
        if self._bar is None:
            self._line_if_due()

    def set_postfix(self, **words: Any) -> None:
        """What to show beside it, e.g. loss="0.41"."""
        self._words = "".join(f", {name} {value}" for name, value in words.items())
        if self._bar is not None:
            self._bar.set_postfix(words)

    def _line_if_due(self) -> None:
        if time.monotonic() - self._told >= BETWEEN and self._n != self._total:
            self._line()

    def _line(self, *, ended: bool = False) -> None:
        if self._silent:
            return
        self._told = time.monotonic()
        taken = self._told - self._start
        done = f"{self._unit} {self._n}{f' of {self._total}' if self._total else ''}"
        part = f" and {100 * self._part:.0f} % of the next" if self._part else ""
        left = f", {spoken(taken)}" if ended else self._left(taken)
        print(f"{self._desc}: {done}{part}{self._words}{left}", file=self._stream, flush=True)

    def _left(self, taken: float) -> str:
        here = self._n + self._part - self._initial
        if not self._total or not here:
            return ""
        return f", about {spoken(taken / here * (self._total - self._n - self._part))} left"


def spoken(seconds: float) -> str:
    """E.g. 8 s, 3 min, 2.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"
