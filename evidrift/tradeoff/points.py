"""The points of a curve: transfer learning, plain fine-tuning, and every strategy at every strength."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic.fields import FieldInfo

from evidrift.base.section import read_params
from evidrift.tradeoff.params import Tradeoff
from evidrift.training.strategy import find_strategy

Role = Literal["origin", "plain", "dial", "method"]
HELD = "layer"  # the parameter of a strategy that holds maps, or what maps are made of: where


class Point(NamedTuple):
    """A way to fine-tune: a strategy at a strength."""

    strategy: str
    strength: str = ""

    @property
    def folder(self) -> str:
        """Of its checkpoints and maps."""
        return f"{self.strategy}-{self.strength}"

    @property
    def role(self) -> Role:
        """What it is on the curve: a dial where the strategy's file says so (DIAL)."""
        if self == TL:
            return "origin"
        if self == PLAIN:
            return "plain"
        return "dial" if find_strategy(self.strategy).DIAL else "method"

    @property
    def graded(self) -> bool:
        """Whether it is of a dial with a setting between any two: one with a number for a parameter."""
        return self.role == "dial" and any(
            each.annotation in (int, float) for each in self._parameters.values()
        )

    @property
    def holds_maps(self) -> bool:
        """Whether its strategy is told a layer, the maps of which, or what they are made of, it holds."""
        return self.role == "method" and HELD in self._parameters

    @property
    def _parameters(self) -> dict[str, FieldInfo]:
        return find_strategy(self.strategy).Params.model_fields

    def __str__(self) -> str:
        """For people, such as `rate high`."""
        return f"{self.strategy} {self.strength}".strip()


TL, PLAIN = Point("tl"), Point("plain")


def points_of(sweep: Tradeoff) -> tuple[Point, ...]:
    """Plain fine-tuning, then the sweep's points, in the grid's order."""
    return (
        PLAIN,
        *(Point(strategy, strength) for strategy in sweep.strategies for strength in sweep.strengths),
    )


def held_layers(path: Path, points: Iterable[Point]) -> dict[Point, str]:
    """The layer whose maps or features each point is told to hold, by a parameter file; of those that do."""
    strategies = read_params(path)["strategies"]
    return {point: strategies[point.strategy][point.strength][HELD] for point in points if point.holds_maps}
