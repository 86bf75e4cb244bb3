"""Are the verdicts right as often as they say? Studies whose truth is known, judged by evidrift's own code.

    python -m benchmarks.calibration --studies 1000 --out docs

A simulated study has three architectures, two methods that can disagree, three seeds and 60 patients with one
image each. Drift of a patient's image under a seed is the sum of the architecture's and method's mean, the
patient's own part, the seed's own part, and the rest; floor and chance likewise (`Noise`). The figures of the
noise are those of the default study (`--measure data/drift` prints them again). Three nulls:

    none            no difference between architectures at all
    one method      one architecture drifts more, under the first method only: the hard case for reversals
    both methods    it drifts more under both methods by the same

No reversal is there in any of them; differences are there between the first architecture and the others
where one was planted.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np

from evidrift.seeds import stream
from evidrift.verdicts.claim import Claim, Rules
from evidrift.verdicts.claims import make_claims
from evidrift.verdicts.excess import Cells, chance_cells, excess

ARCHITECTURES = ("a", "b", "c")
METHODS = ("first", "second")
NULLS = ("none", "one method", "both methods")
SEED_SDS = (0.0, 0.02, 0.05)
EFFECT = 0.1  # of the planted difference, in overlap
RULES = Rules(min_patients=20, margin=0.1)


@dataclass(frozen=True)
class Noise:
    """Means and standard deviations of 1 - overlap, as seen in the default study.

    Attributes:
        drift, floor, chance: means.
        patient: of a patient's own part in drift; floor and chance share `shared` of it.
        rest, floor_rest, chance_rest: of what is left, per patient and seed (or pair of seeds).
        shared: correlation of a patient's part between drift, floor and chance.
        between: correlation of a patient's and of a seed's part between architectures' methods: a patient
            between methods and architectures, a seed between the two methods of one architecture.
        floor_seed: a seed's part in each of its floor pairs over its part in drift.
        partner: of another patient's part in chance.
    """

    drift: float = 0.50
    floor: float = 0.27
    chance: float = 0.60
    patient: float = 0.15
    rest: float = 0.06
    floor_rest: float = 0.07
    chance_rest: float = 0.05
    shared: float = 0.5
    between: float = 0.5
    floor_seed: float = 0.5
    partner: float = 0.1


class Size(NamedTuple):
    """How large a study is."""

    patients: int = 60
    seeds: int = 3


def study(
    rng: np.random.Generator, shift: np.ndarray, seed_sd: float, size: Size, noise: Noise
) -> dict[tuple[str, str], Cells]:
    """One simulated study; `shift` is added to the drift, (architectures, methods)."""
    patients, seeds = size
    correlated = [np.sqrt(noise.between), np.sqrt(1 - noise.between)]

    def mixed(common: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        return correlated[0] * common + correlated[1] * rng.normal(size=shape)

    everywhere = rng.normal(size=patients)
    both = np.array(list(combinations(range(seeds), 2)))
    partners = rng.normal(size=patients)
    # twenty partners of each image, the same under all methods
    image = np.repeat(np.arange(patients), 20)
    partner = np.concatenate(
        [rng.choice(np.delete(np.arange(patients), at), 20, False) for at in range(patients)]
    )
    found = {}
    for at, arch in enumerate(ARCHITECTURES):
        of_seed = rng.normal(size=seeds)
        for place, method in enumerate(METHODS):
            own = mixed(everywhere, (patients,))
            like = np.sqrt(noise.shared) * own, np.sqrt(1 - noise.shared)
            seed = seed_sd * mixed(of_seed, (seeds,))
            drift = noise.drift + shift[at, place] + noise.patient * own[:, None] + seed
            floors = noise.patient * (like[0] + like[1] * rng.normal(size=patients))[:, None]
            pairs = noise.floor_seed * (seed[both[:, 0]] + seed[both[:, 1]])
            chances = noise.chance + noise.patient * (like[0] + like[1] * rng.normal(size=patients))[image]
            chances += noise.partner * mixed(partners, (patients,))[partner]
            random = [
                chance_cells(
                    chances + noise.chance_rest * rng.normal(size=len(image)), image, partner, patients
                )
                for _ in range(seeds)
            ]
            found[arch, method] = Cells(
                np.arange(patients),
                drift + noise.rest * rng.normal(size=(patients, seeds)),
                noise.floor + floors + pairs + noise.floor_rest * rng.normal(size=(patients, len(both))),
                np.stack(random, axis=1),
            )
    return found


def judged(cells: dict[tuple[str, str], Cells]) -> list[Claim]:
    """The recipe's claims, by the code that compare uses."""
    excesses = {key: excess(each) for key, each in cells.items()}
    return make_claims(excesses, ARCHITECTURES, METHODS, RULES, lambda *_: False, "recipe")


def planted(null: str, effect: float) -> np.ndarray:
    """What is added to the drift, (architectures, methods)."""
    shift = np.zeros((len(ARCHITECTURES), len(METHODS)))
    shift[0, : NULLS.index(null)] = effect
    return shift


def rates(
    null: str, seed_sd: float, studies: int, size: Size, effect: float, noise: Noise
) -> dict[str, float]:
    """Shares of simulated studies, and of intervals, that went wrong or right."""
    shift = planted(null, effect)
    truth = truths(shift, noise)
    counts: dict[str, list[float]] = {}

    def count(name: str, value: float) -> None:
        counts.setdefault(name, []).append(value)

    for number in range(studies):
        rng = stream("calibration", null, str(seed_sd), *size, str(effect), number)
        claims = judged(study(rng, shift, seed_sd, size, noise))
        wrong = 0
        wilcoxon = 0
        for claim in claims:
            real = truth[claim.arch, claim.method] - truth.get((claim.other, claim.method), 0.0)
            if claim.kind == "reversal":
                continue
            count(f"{claim.kind} covered", claim.low <= real <= claim.high)
            if claim.kind == "difference":
                if real == 0:
                    wrong += claim.verdict == "supported"
                    wilcoxon += claim.wilcoxon_p < 0.05
                    count("one test, Wilcoxon", claim.wilcoxon_p < 0.05)
                    count("one test", claim.p < 0.05)
                else:
                    count("difference found", claim.verdict == "supported")
                    count("difference found, one test", claim.p < 0.05)
        count("false differences", wrong > 0)
        count(
            "false reversals",
            any(claim.kind == "reversal" and claim.verdict == "supported" for claim in claims),
        )
        reversals = [claim for claim in claims if claim.kind == "reversal"]
        for claim in reversals:
            count(
                "interaction covered",
                claim.interaction_low <= interaction(truth, claim) <= claim.interaction_high,
            )
    return {name: float(np.mean(values)) for name, values in counts.items()}


def truths(shift: np.ndarray, noise: Noise) -> dict[tuple[str, str], float]:
    """The normalised excess that each architecture and method has in truth."""
    values = (noise.drift + shift - noise.floor) / (noise.chance - noise.floor)
    return {
        (arch, method): float(values[at, place])
        for at, arch in enumerate(ARCHITECTURES)
        for place, method in enumerate(METHODS)
    }


def interaction(truth: dict[tuple[str, str], float], claim: Claim) -> float:
    """The difference under one method minus that under the other, in truth."""
    here, there = (
        truth[claim.arch, each] - truth[claim.other, each] for each in (claim.method, claim.against)
    )
    return here - there
