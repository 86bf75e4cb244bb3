"""A claim about architectures, with all that it rests on."""

from dataclasses import dataclass
from typing import Literal

from evidrift.base.sentence import NOTHING_SAID, Sentence
from evidrift.claims.estimate import Estimand

Kind = Literal["moved", "difference", "reversal"]
Verdict = Literal["supported", "refuted", "not decidable"]
ALPHA = 0.05
NAN = float("nan")


@dataclass(frozen=True)
class Rules:
    """When a claim is decided.

    Attributes:
        min_patients: fewer decide nothing.
        margin: what does not matter, as a share of the way from floor to chance.
    """

    min_patients: int
    margin: float


@dataclass(frozen=True)
class Claim:
    """One claim with all that it rests on.

    Attributes:
        kind: `moved`: the evidence of `arch` moves further than between two trainings; `difference`: `arch`
            and `other` are not equally stable; `reversal`: which of them is more stable depends on whether
            one asks `method` or `against`.
        estimand: `recipe` or `these checkpoints`.
        arch, other: architectures, in the grid's order; `other` is empty in `moved`.
        method, against: attribution methods; `against` is empty but in `reversal`.
        estimate, low, high: with its 95 % interval, as shares of the way from floor to chance. `moved`:
            normalised excess. `difference`: that of `arch` minus that of `other`, below 0 where `arch` is
            the more stable. `reversal`: the smaller of the two leads that would make a reversal, below 0
            where none is observed.
        interaction, interaction_low, interaction_high: `reversal` only: the difference under `method` minus
            that under `against`.
        drift, floor, chance, other_drift, other_floor, other_chance: means of 1 - overlap behind it, under
            `method`.
        test: in words.
        p, p_corrected: of this test, and after Holm over the kind's family under the estimand.
        effect_size: mean over standard deviation of the patients' own values (Cohen's d_z);
            not in `reversal`.
        wilcoxon_p, wilcoxon_effect: of the signed-rank test over the patients' own values, two-sided, and the
            matched-pairs rank-biserial correlation, -1 to 1. It takes these trainings as given and asks about
            the middle of the patients, not their mean: it may call what the test over patients and seeds does
            not. Not in `reversal`.
        detectable: the true value that this sample would have found with a power of 80 %, at the strictest
            level that Holm asks for; not in `reversal`.
        n_patients, n_images, n_seeds: behind it.
        verdict: `supported`, `refuted` or `not decidable`.
        reason: one sentence.
        warnings: what to keep in mind, as keys of `compare.caveats`.
    """

    kind: Kind
    estimand: Estimand
    arch: str
    other: str
    method: str
    against: str
    test: str
    n_seeds: int
    estimate: float = NAN
    low: float = NAN
    high: float = NAN
    interaction: float = NAN
    interaction_low: float = NAN
    interaction_high: float = NAN
    drift: float = NAN
    floor: float = NAN
    chance: float = NAN
    other_drift: float = NAN
    other_floor: float = NAN
    other_chance: float = NAN
    p: float = NAN
    p_corrected: float = NAN
    effect_size: float = NAN
    wilcoxon_p: float = NAN
    wilcoxon_effect: float = NAN
    detectable: float = NAN
    n_patients: int = 0
    n_images: int = 0
    verdict: Verdict = "not decidable"
    reason: Sentence = NOTHING_SAID
    warnings: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        """What it is about."""
        return (self.kind, self.estimand, self.arch, self.other, self.method, self.against)

    @property
    def lead(self) -> tuple[float, float, float]:
        """Estimate, low and high; of a difference, as the lead of the more stable architecture."""
        if self.kind == "difference" and self.estimate < 0:
            return -self.estimate, -self.high, -self.low
        return self.estimate, self.low, self.high

    @property
    def finding(self) -> tuple[Verdict, bool]:
        """The verdict and, where one is supported, its direction."""
        # a reversal's estimate is above 0 in both directions
        directed = self.interaction if self.kind == "reversal" else self.estimate
        return self.verdict, self.verdict == "supported" and directed > 0
