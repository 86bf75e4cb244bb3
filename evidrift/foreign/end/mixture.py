"""Probabilities that are made of others: sums of softmaxes or of sigmoids, and the logits behind them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

ops = keras.ops
NEAR = 1e-6  # what weights may miss 1 by, and an offset 0


@dataclass(frozen=True)
class Mixture:
    """offset + sum of weight x softmax(z), or of weight x sigmoid(sign x z).

    Attributes:
        function: `softmax` over the last axis, or `sigmoid` of each value.
        parts: (weight, z, sign).
        offset: added to each value.
        clip, logarithm: as in `Ending`.
    """

    function: str
    parts: tuple[tuple[float, Any, int], ...]
    offset: float = 0.0
    clip: tuple[float, float] | None = None
    logarithm: bool = False

    def times(self, factor: float) -> "Mixture":
        """Each value times a factor."""
        parts = tuple((factor * weight, z, sign) for weight, z, sign in self.parts)
        return replace(self, parts=parts, offset=factor * self.offset)

    def proper(self) -> "Mixture | None":
        """With weights that add up to 1 and nothing else; None where it is no probability."""
        if self.function == "sigmoid" and all(weight < 0 for weight, _, _ in self.parts):
            # c - w sigmoid(z) = (c - w) + w sigmoid(-z)
            parts = tuple((-weight, z, -sign) for weight, z, sign in self.parts)
            offset = self.offset + sum(weight for weight, _, _ in self.parts)
            return replace(self, parts=parts, offset=offset).proper()
        whole = sum(weight for weight, _, _ in self.parts)
        good = all(weight > 0 for weight, _, _ in self.parts)
        return self if good and abs(whole - 1) < NEAR and abs(self.offset) < NEAR else None

    def logits(self) -> Any:
        """The logits of which its value is the softmax or the sigmoid; of a proper one.

        Of a mean of softmaxes these are the logarithms of the mean, of a mean of sigmoids its log-odds, both
        from the logarithms of each so that nothing is lost where one is all but certain.
        """
        if len(self.parts) == 1:
            _, z, sign = self.parts[0]
            return z if sign > 0 else ops.negative(z)
        if self.function == "softmax":
            return _log_sum([ops.log_softmax(z) + float(np.log(weight)) for weight, z, _ in self.parts])
        found, other = (
            _log_sum([ops.log_sigmoid(side * sign * z) + float(np.log(w)) for w, z, sign in self.parts])
            for side in (1, -1)
        )
        return found - other


def _log_sum(logarithms: Sequence[Any]) -> Any:
    return ops.logsumexp(ops.stack(logarithms, axis=1), axis=1)


def times(given: "Mixture | float | None", factor: float) -> "Mixture | float | None":
    """A mixture or a number times a factor; None of what is neither."""
    if isinstance(given, Mixture):
        return given.times(factor)
    return None if given is None else factor * given


def added(given: "Sequence[Mixture | float | None]") -> Mixture | None:
    """The sum of mixtures and numbers; None of softmaxes and sigmoids together."""
    mixtures = [each for each in given if isinstance(each, Mixture)]
    if len({each.function for each in mixtures}) != 1:
        return None
    parts = tuple(part for each in mixtures for part in each.parts)
    offset = sum(each.offset if isinstance(each, Mixture) else each or 0.0 for each in given)
    return Mixture(mixtures[0].function, parts, offset)


def signed(mixture: Mixture | None, side: int = 1) -> set[tuple[float, int, int]]:
    """What tells a mixture of sigmoids from others, or its complement."""
    parts = mixture.parts if mixture else ()
    return {(round(weight, 6), id(z), side * sign) for weight, z, sign in parts}
