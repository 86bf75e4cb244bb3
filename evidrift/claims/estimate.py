"""An estimate over patients and seeds, with its error under both estimands (docs/design.md, Estimands).

*These checkpoints*: patients are random, seeds are fixed. *The recipe*: both are random, crossed.

The error has several parts, each a variance known from few or many values: that of patients, and that of the
trainings of each architecture. Their sum is no multiple of a chi-squared variable, and degrees of freedom
that are estimated with it (Satterthwaite 1946) rise just where a small variance was drawn: in the tail that a
correction for many claims asks for, that errs far too often. So every part has its own Student's t: at level
alpha the half width is the root of the sum of t(alpha, df)^2 times the variance. As the tail of the normal
distribution is convex in the square of its argument, the error is at most alpha at every level, whatever the
parts' sizes (docs/design.md, Estimands).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, TypeVar

import numpy as np
from scipy import optimize, special

# The power at which a difference counts as one that the sample could have seen.
POWER = 0.8

Key = TypeVar("Key", bound=tuple[str, ...])
Estimand = Literal["recipe", "these checkpoints"]
ESTIMANDS: tuple[Estimand, ...] = ("recipe", "these checkpoints")

# Below this a p-value is told from 0 by nobody.
SMALLEST_P = 1e-12
# A standard error below this is that of rounding.
SMALLEST_ERROR = 1e-9


class Part(NamedTuple):
    """A variance as it was estimated, and its degrees of freedom."""

    variance: float
    df: float


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
        seeds: variance of the mean over patients and seeds that is due to the seeds, and its degrees of
            freedom, where `moderated` has set it.
        groups: (patients,) index of each patient's class where classes count alike, however many patients
            they have; None where patients do.
    """

    value: float
    weights: np.ndarray
    measured: np.ndarray
    n_images: int
    seeds_known: bool
    seeds: Part | None = None
    groups: np.ndarray | None = None

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
        return replace(self, value=-self.value, weights=-self.weights)

    def __sub__(self, other: "Quantity") -> "Quantity":
        """The difference of two quantities of the same architecture, whose seeds are the same trainings."""
        return Quantity(
            self.value - other.value,
            self.weights - other.weights,
            self.measured & other.measured,
            min(self.n_images, other.n_images),
            self.seeds_known and other.seeds_known,
            groups=self.groups,
        )


@dataclass(frozen=True)
class Estimate:
    """A value with the parts of its squared error; no parts where the error is not known."""

    value: float
    parts: tuple[Part, ...] = ()

    @property
    def known(self) -> bool:
        """Whether there is an error above that of rounding."""
        return bool(self.parts) and self.error > SMALLEST_ERROR

    @property
    def error(self) -> float:
        """Standard error; NaN where it is not known."""
        return float(np.sqrt(sum(part.variance for part in self.parts))) if self.parts else float("nan")

    def half_width(self, alpha: float = 0.05) -> float:
        """Of the two-sided interval at level 1 - alpha; NaN where the error is not known."""
        if not self.parts:
            return float("nan")
        return float(
            np.sqrt(sum(special.stdtrit(df, 1 - alpha / 2) ** 2 * variance for variance, df in self.parts))
        )

    def interval(self, alpha: float = 0.05) -> tuple[float, float]:
        """Two-sided at level 1 - alpha; NaN where the error is not known."""
        half = self.half_width(alpha)
        return self.value - half, self.value + half

    def p_two_sided(self, limit: float = 0.0) -> float:
        """Of the hypothesis that the truth is `limit`: the alpha whose interval ends there.

        Without an error it is NaN, but for a value that is the limit, as of an architecture and itself.
        """
        away = abs(self.value - limit)
        if not self.known:
            return 1.0 if self.parts and away == 0 else float("nan")
        if self.half_width(SMALLEST_P) <= away:
            return SMALLEST_P
        if away == 0:
            return 1.0
        found = optimize.brentq(
            lambda log_alpha: self.half_width(float(np.exp(log_alpha))) - away, np.log(SMALLEST_P), 0.0
        )
        return float(np.exp(found))

    def p_above(self, limit: float = 0.0) -> float:
        """One-sided, of the hypothesis that the truth is `limit` or less; NaN without an error."""
        half = self.p_two_sided(limit) / 2
        return half if self.value >= limit else 1 - half

    def detectable(self, alpha: float, power: float = POWER) -> float:
        """The true value that a two-sided test at `alpha` would find with this power."""
        return self.half_width(alpha) + self.half_width(2 * (1 - power))


def estimate(parts: Sequence[Quantity], estimand: Estimand) -> Estimate:
    """The sum of quantities of different architectures.

    Patients are the same under all architectures, trainings are not. Under *these checkpoints* the variance
    is that over patients of their means over seeds, A. Under *the recipe* that over seeds of the means over
    patients, B, comes on top for each architecture. What neither patient nor seed explains is in both, so
    that A + B is a little too large: on the safe side, and each part keeps its degrees of freedom.

    Args:
        parts: one an architecture, from `moderated` where the noise of the other architectures shall help.
        estimand: what is random.

    Returns:
        Without an error where fewer than two patients were measured (of a class, if classes count alike) or,
        under the recipe, where the noise between trainings is not known.
    """
    value = sum(part.value for part in parts)
    n = min(part.n_patients for part in parts)
    if n < 2:
        return Estimate(value)
    patients = _patient_parts(parts, n)
    if not patients:
        return Estimate(value)
    if estimand == "these checkpoints":
        return Estimate(value, patients)
    if not all(part.seeds_known for part in parts):
        return Estimate(value)
    return Estimate(value, (*patients, *(part.seeds or seed_part(part) for part in parts)))


def _patient_parts(parts: Sequence[Quantity], n: int) -> tuple[Part, ...]:
    """Variance over patients; where classes count alike, a part each, known from its own patients alone.

    Nothing where a class has a single patient, of whom nobody knows how far another one would lie.
    """
    # patients without a measure contribute nothing: their cells are zero
    squares = np.square(sum(part.weights.mean(axis=1) for part in parts))
    groups = parts[0].groups
    if groups is None:
        return (Part(float(squares.sum() * n / (n - 1)), n - 1),)
    measured = np.logical_and.reduce([part.measured for part in parts])
    sizes = np.bincount(groups[measured])
    if (sizes == 1).any():
        return ()
    return tuple(
        Part(float(squares[groups == at].sum() * size / (size - 1)), int(size) - 1)
        for at, size in enumerate(sizes)
        if size
    )


def seed_part(part: Quantity) -> Part:
    """Variance over seeds of the mean over patients, over the number of seeds; from this quantity alone."""
    return Part(float(np.var(part.weights.sum(axis=0), ddof=1) / part.n_seeds), part.n_seeds - 1)


def moderated(quantities: Mapping[Key, Quantity]) -> dict[Key, Quantity]:
    """Quantities whose seed variance is half their own, half what the other architectures show.

    A variance over three seeds has two degrees of freedom. The mean variance of the other architectures, over
    their methods, has at least as many and comes from other trainings; the mean of both has twice as many
    where all vary alike (as in limma, Smyth 2004, with a prior worth as much as the quantity's own seeds).
    How far it holds where they do not vary alike, docs/results/calibration.md shows.

    Args:
        quantities: of one kind, by architecture and further words. Those whose noise between trainings is not
            known stay as they are; so does everything where there is one architecture.
    """
    own = {key: seed_part(each) for key, each in quantities.items() if each.seeds_known}
    by_arch: dict[str, list[float]] = {}
    for key, part in own.items():
        by_arch.setdefault(key[0], []).append(part.variance)
    means = {arch: float(np.mean(values)) for arch, values in by_arch.items()}
    found = dict(quantities)
    for key, part in own.items():
        others = [mean for arch, mean in means.items() if arch != key[0]]
        if others:
            variance = (part.variance + float(np.mean(others))) / 2
            found[key] = replace(quantities[key], seeds=Part(variance, 2 * part.df))
    return found
