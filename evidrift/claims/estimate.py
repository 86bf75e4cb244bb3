"""An estimate over patients and seeds, with its error under both estimands (docs/design.md, Estimands).

*These checkpoints*: patients are random, seeds are fixed. *The recipe*: both are random, crossed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from evidrift.base.interval import t_interval

# The power at which a difference counts as one that the sample could have seen.
POWER = 0.8

Estimand = Literal["recipe", "these checkpoints"]
ESTIMANDS: tuple[Estimand, ...] = ("recipe", "these checkpoints")


@dataclass(frozen=True)
class Quantity:
    """What is estimated of one architecture, and what each patient and seed contributes to it.

    Attributes:
        value: the estimate.
        weights: (patients, seeds), each cell's influence on the estimate over the number of patients; sums
            to zero over all cells. Zero for patients that were not measured. The estimate's variance over
            patients is that of the sum of the cells.
        measured: (patients,) bool, those that were.
        n_images: measured.
        seeds_known: whether the differences between columns hold all of the noise between trainings.
    """

    value: float
    weights: np.ndarray
    measured: np.ndarray
    n_images: int
    seeds_known: bool

    @property
    def n_patients(self) -> int:
        """Patients that were measured."""
        return int(self.measured.sum())

    @property
    def n_seeds(self) -> int:
        """Seeds of the study."""
        return self.weights.shape[1]

    def __neg__(self) -> "Quantity":
        """The same with the other sign."""
        return Quantity(-self.value, -self.weights, self.measured, self.n_images, self.seeds_known)

    def __sub__(self, other: "Quantity") -> "Quantity":
        """The difference of two quantities of the same architecture, whose seeds are the same trainings."""
        return Quantity(
            self.value - other.value,
            self.weights - other.weights,
            self.measured & other.measured,
            min(self.n_images, other.n_images),
            self.seeds_known and other.seeds_known,
        )


@dataclass(frozen=True)
class Estimate:
    """A value with its standard error and degrees of freedom; the error is NaN where it is not known."""

    value: float
    error: float
    df: float

    def interval(self) -> tuple[float, float]:
        """95 % interval by Student's t."""
        low, high = t_interval(self.value, self.error, self.df)
        return float(low), float(high)

    def p_above(self, limit: float = 0.0) -> float:
        """One-sided p-value of the hypothesis that the truth is `limit` or less; NaN without an error."""
        if not self.error > 0:
            return 1.0 if self.error == 0 and self.value <= limit else float("nan")
        return float(special.stdtr(self.df, (limit - self.value) / self.error))

    def p_two_sided(self) -> float:
        """Two-sided p-value of the hypothesis that the truth is 0: of the same t as the interval.

        Without an error it is NaN, but for a value of exactly 0, as of an architecture and itself.
        """
        if not self.error > 0:
            return 1.0 if self.error == 0 and self.value == 0 else float("nan")
        one = self.p_above()
        return min(1.0, 2 * min(one, 1 - one))

    def detectable(self, alpha: float) -> float:
        """The true value that a two-sided test at `alpha` would find with a power of 80 %."""
        reach = special.stdtrit(self.df, 1 - alpha / 2) + special.stdtrit(self.df, POWER)
        return float(reach * self.error)


def estimate(parts: Sequence[Quantity], estimand: Estimand) -> Estimate:
    """The sum of quantities of different architectures.

    Patients are the same under all architectures, trainings are not. With A, B and R the contributions of
    patients, seeds and of their interaction to the variance of the mean, as seen in the means over the
    other, A holds R, and so does B: under *the recipe* the variance is A + sum(B) - sum(R) over the
    architectures, never less than under *these checkpoints*, A. Degrees of freedom by Satterthwaite (1946).

    Args:
        parts: one an architecture.
        estimand: what is random.

    Returns:
        With a NaN error where fewer than two patients were measured or, under the recipe, where the noise
        between trainings is not known.
    """
    value = sum(part.value for part in parts)
    n = min(part.n_patients for part in parts)
    if n < 2:
        return Estimate(value, float("nan"), float("nan"))
    # patients without a measure contribute nothing: their cells are zero
    patients = float(np.square(sum(part.weights.mean(axis=1) for part in parts)).sum() * n / (n - 1))
    if estimand == "these checkpoints":
        return Estimate(value, float(np.sqrt(patients)), n - 1)
    if not all(part.seeds_known for part in parts):
        return Estimate(value, float("nan"), float("nan"))
    seeds = [_seeds(part) for part in parts]
    rests = [_rest(part) for part in parts]
    variance = max(patients + sum(seeds) - sum(rests), patients)
    spread = patients**2 / (n - 1)
    for part, of_seeds, rest in zip(parts, seeds, rests, strict=True):
        spread += (of_seeds**2 + rest**2 / (n - 1)) / (part.n_seeds - 1)
    # with a part taken away, the formula can fall below the degrees of freedom of every part
    df = max(variance**2 / spread, min(part.n_seeds for part in parts) - 1) if spread else n - 1
    return Estimate(value, float(np.sqrt(variance)), df)


def _seeds(part: Quantity) -> float:
    """Variance over seeds of the mean over patients, over the number of seeds."""
    return float(np.var(part.weights.sum(axis=0), ddof=1) / part.n_seeds)


def _rest(part: Quantity) -> float:
    """Variance of what neither patient nor seed explains, over the number of cells."""
    rest = residuals(part)
    n = part.n_patients
    return float(np.square(rest).sum() * n / ((n - 1) * (part.n_seeds - 1) * part.n_seeds))


def residuals(part: Quantity) -> np.ndarray:
    """Each cell's weight without its patient's and its seed's share, (patients, seeds); 0 if unmeasured."""
    cells = part.weights
    of_seed = cells.sum(axis=0, keepdims=True) / part.n_patients
    return np.where(
        part.measured[:, None], cells - cells.mean(axis=1, keepdims=True) - of_seed + of_seed.mean(), 0
    )
