"""A claim about architectures, with all that it rests on."""

from dataclasses import dataclass
from typing import Literal

from evidrift.base.sentence import NOTHING_SAID, Sentence
from evidrift.claims.estimate import Estimand

Kind = Literal["moved", "difference", "reversal", "preserved"]
Family = Literal["primary", "exploratory"]
Verdict = Literal["supported", "refuted", "not decidable"]
OPEN: Verdict = "not decidable"  # of what is not known
ALPHA = 0.05
NAN = float("nan")


@dataclass(frozen=True)
class Rules:
    """When a claim is decided.

    Attributes:
        min_patients: fewer decide nothing.
        margin: what does not matter, as a moved share.
        preserved: evidence is preserved if drift is below this share of the scale.
    """

    min_patients: int
    margin: float
    preserved: float


@dataclass(frozen=True)
class Claim:
    """One claim with all that it rests on.

    The interval is simultaneous: all intervals of a family hold together at 95 %. So the interval is the
    verdict: *supported* excludes no effect, *refuted* excludes all that is of the margin's size.

    Attributes:
        kind: `moved`: every training moves the evidence of `arch` alike; `difference`: `arch` and `other` are
            not equally stable; `reversal`: which of them is more stable depends on whether one asks `method`
            or `against`; `preserved`: drift is below a stated share of the scale.
        family: `primary`: the paper's question, reversals between LayerCAM and Grad-CAM++; `exploratory`: all
            else, each kind corrected for its own number.
        estimand: `recipe` or `these checkpoints`.
        arch, other: architectures, in the grid's order; `other` is empty in `moved` and `preserved`.
        method, against: attribution methods; `against` is empty but in `reversal`.
        estimate, low, high: with its simultaneous interval. `moved`: shared drift, a moved share.
            `difference`: drift of `arch` minus that of `other`, below 0 where `arch` is the more stable.
            `reversal`: the smaller of the two leads that would make a reversal, below 0 where none is
            observed. `preserved`: drift over scale.
        n_claims: in the family, behind the interval's level and the corrected p.
        interaction, interaction_low, interaction_high: `reversal` only: the difference under `method` minus
            that under `against`.
        drift, shared, scale, other_drift: mean moved shares behind it, under `method`.
        test: in words.
        p, p_corrected: of this test, and times the number of claims in the family (Bonferroni).
        effect_size: mean over standard deviation of the patients' own values (Cohen's d_z);
            not in `reversal`.
        wilcoxon_p, wilcoxon_effect: of the signed-rank test over the patients' own values, two-sided, and the
            matched-pairs rank-biserial correlation, -1 to 1. It takes these trainings as given and asks about
            the middle of the patients, not their mean: it may call what the test over patients and seeds does
            not. Of `difference` alone.
        detectable: the true value that this sample would have found with a power of 80 % at the family's
            level; of `preserved`, how far below the stated share it would have to be; of `reversal`, how
            large each of the two leads.
        n_patients, n_images, n_seeds: behind it.
        verdict: `supported`, `refuted` or `not decidable`.
        reason: one sentence.
        warnings: what to keep in mind, as keys of caveats, see `compare.caveat`.
    """

    kind: Kind
    family: Family
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
    shared: float = NAN
    scale: float = NAN
    other_drift: float = NAN
    p: float = NAN
    p_corrected: float = NAN
    effect_size: float = NAN
    wilcoxon_p: float = NAN
    wilcoxon_effect: float = NAN
    detectable: float = NAN
    n_claims: int = 0
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
