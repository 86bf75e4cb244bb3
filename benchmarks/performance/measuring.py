"""Two ways to the same result, timed in turn: what the rows of the table are made of."""

import gc
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

import numpy as np

from evidrift.base.progress import Progress


class Side(NamedTuple):
    """One of the two.

    Attributes:
        run: does the work once.
        units: how much that is (maps, pairs, images); what is compared is the cost of one unit.
    """

    run: Callable[[], object]
    units: float = 1


class Seconds(NamedTuple):
    """What one run took, of this process and its children."""

    wall: float
    cpu: float


@dataclass(frozen=True)
class Line:
    """One line of the table.

    Attributes:
        row: the name to give on the command line.
        what: ours.
        against: the other side.
        wall: the other side's time over ours, one a round: above 1, ours is faster.
        cpu: likewise of user CPU time.
        wanted: the least that the median should be; None where nothing is promised.
    """

    row: str
    what: str
    against: str
    wall: tuple[float, ...]
    cpu: tuple[float, ...]
    wanted: float | None = None


def side_by_side(
    row: str, what: str, against: str, ours: Side, theirs: Side, rounds: int, wanted: float | None = None
) -> Line:
    """Run both sides in turn, each as often, and compare them round by round.

    A busy machine slows both sides of a round alike; which goes first changes from round to round. Whoever
    must not pay for compiling runs both sides once before.
    """
    ratios = []
    for number in Progress(range(rounds), desc=f"{what}, {against}", leave=False):
        order = (ours, theirs) if number % 2 else (theirs, ours)
        seconds = {side: timed(side.run) for side in order}
        ratios.append([
            there / theirs.units * ours.units / here
            for here, there in zip(seconds[ours], seconds[theirs], strict=True)
        ])  # fmt: skip
    wall, cpu = zip(*ratios, strict=True)
    return Line(row, what, against, wall, cpu, wanted)


class Clock:
    """Started when it is made."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """From now on."""
        self.started = Seconds(time.perf_counter(), user_cpu())

    def read(self) -> Seconds:
        """Since the start."""
        return Seconds(time.perf_counter() - self.started.wall, user_cpu() - self.started.cpu)


def timed(run: Callable[[], object]) -> Seconds:
    """Run once, after a collection of the rubbish that the other side has left."""
    gc.collect()
    clock = Clock()
    run()
    return clock.read()


def user_cpu() -> float:
    """User CPU time of this process and its finished children, s."""
    return sum(resource.getrusage(who).ru_utime for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def require_close(what: str, ours: np.ndarray, theirs: np.ndarray, tolerance: float) -> None:
    """See that both sides computed the same: a ratio of different things says nothing.

    Args:
        what: was compared.
        ours: any shape.
        theirs: the same shape.
        tolerance: as a share of the largest value.

    Raises:
        ValueError: they differ by more.
    """
    difference = float(np.max(np.abs(ours - theirs)) / np.max(np.abs(theirs)))
    if not difference <= tolerance:
        raise ValueError(f"{what}: the two sides differ by {difference:.2g}, more than {tolerance:g}")


def table(lines: list[Line]) -> str:
    """The lines in Markdown: medians over rounds with their ranges."""
    head = "| what | against | times as fast (range) | by user CPU | wanted | command |\n" + "|---" * 6 + "|"
    return "\n".join([head, *(_markdown(line) for line in lines)])


def _markdown(line: Line) -> str:
    wall = f"**{_shown(median(line.wall))}** ({_shown(min(line.wall))} to {_shown(max(line.wall))})"
    wanted = "" if line.wanted is None else f"{line.wanted:g}"
    command = f"`python -m benchmarks.performance {line.row}`"
    return f"| {line.what} | {line.against} | {wall} | {_shown(median(line.cpu))} | {wanted} | {command} |"


def _shown(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 3 else f"{ratio:.1f}" if ratio < 20 else f"{ratio:.0f}"
