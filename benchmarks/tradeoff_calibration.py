"""Is a strategy called better than the dials no more often than is said? Curves whose truth is known.

    python -m benchmarks.tradeoff_calibration            # false verdicts, then power

Predictions and moved shares of `tl`, of plain fine-tuning, of six or four dial points and of three strengths
of a strategy are drawn, and evidrift's own code judges them, from the evidence of an architecture to the
verdict (`evidrift/tradeoff`). The dials trace a curve, and the strategy lies on the true lower hull of those
that were tried, or a known distance below it; or it is one more setting of the dials, on the curve that bends
between and beyond them. A family is the strategy: its strengths are corrected for their number, and it errs
where any of them is called below the curve that is not.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.stats import binomtest, norm

from evidrift.base.seeds import stream
from evidrift.claims.claim import ALPHA, Rules
from evidrift.claims.quantities import Cells
from evidrift.tradeoff.curve import curve_of
from evidrift.tradeoff.evidence import PRIMARY, Evidence
from evidrift.tradeoff.points import PLAIN, TL, Point
from evidrift.tradeoff.verdicts import placed

RULES = Rules(min_patients=20, margin=0.05, preserved=0.5)
STRENGTHS = ("low", "mid", "high")
METHOD_POINTS = [Point("wise", strength) for strength in STRENGTHS]
# Share of plain's gain in accuracy that the points of each dial keep, and that of the strategy's strengths.
KEPT = {
    "six": ((0.95, 0.7, 0.35), (0.85, 0.5, 0.2)),
    "four": ((0.95, 0.7), (0.9, 0.6)),
}
PLACES = {
    "between the dials' points": (0.9, 0.6, 0.28),
    "at the dials' points": (0.95, 0.7, 0.35),
    "on the curve's upper half": (0.9, 0.78, 0.6),
    "at plain and beside it": (1.0, 1.0, 0.97),
    "at the weak end": (0.05, 0.02, 0.0),
    "beyond, between and below the dials": (1.05, 0.8, 0.3),
    "below the dials": (0.4, 0.3, 0.2),
}


@dataclass(frozen=True)
class Truth:
    """Which curves are drawn.

    Attributes:
        name: what is special about them.
        places: of the strategy's strengths, of PLACES.
        patients, seeds: how many.
        gain: accuracy of plain fine-tuning less that of `tl`, which is 0.8.
        bend: drift is plain's times gain kept to this power; 1 is the mixing line.
        below: how far the strategy lies below the curve.
        seed_sd: standard deviation over trainings of a point's mean drift, and of its accuracy.
        dials: of KEPT.
        setting: whether the strategy is one more setting of the dials, on the curve itself, and not on the
            hull of those that were tried.
        own: share of the variance of predictions and drift that is each point's and training's own.
    """

    name: str
    places: str = "between the dials' points"
    patients: int = 200
    seeds: int = 5
    gain: float = 0.1
    bend: float = 1.6
    below: float = 0.0
    seed_sd: float = 0.01
    own: float = 0.15
    dials: str = "six"
    setting: bool = False

    @property
    def dial_points(self) -> list[Point]:
        """The first strengths of both dials."""
        pairs = zip(("rate", "decay"), KEPT[self.dials], strict=True)
        return [Point(name, at) for name, kept in pairs for at in STRENGTHS[: len(kept)]]

    @property
    def kept(self) -> np.ndarray:
        """Share of plain's gain in accuracy: of plain, the dials, the strategy."""
        return np.array([1.0, *KEPT[self.dials][0], *KEPT[self.dials][1], *PLACES[self.places]])

    @property
    def drift(self) -> np.ndarray:
        """Of the same points."""
        found = 0.4 * self.kept**self.bend
        if not self.setting:
            found[-len(STRENGTHS) :] = self.hull() - self.below
        return found

    def hull(self) -> np.ndarray:
        """Drift of mixtures of what was tried, at the strategy's accuracy: all dial points are corners."""
        tried = np.sort(np.array([0.0, *self.kept[: -len(STRENGTHS)]]))
        return np.interp(PLACES[self.places], tried, 0.4 * tried**self.bend)

    @property
    def distances(self) -> np.ndarray:
        """How far the strategy's strengths lie below the mixtures."""
        return self.hull() - self.drift[-len(STRENGTHS) :]


def draw_evidence(truth: Truth, random: np.random.Generator) -> Evidence:
    """Predictions and moved shares of one architecture."""
    n, seeds = truth.patients, truth.seeds
    points = [PLAIN, *truth.dial_points, *METHOD_POINTS]
    drift = truth.drift
    accuracy = 0.8 + truth.gain * np.array([0.0, *truth.kept])

    def noise(k: int) -> np.ndarray:
        """(k, n, seeds) of variance 1: most of it is the patient's, a tenth of the rest the training's."""
        patient, training = random.normal(size=(1, n, 1)), random.normal(size=(1, n, seeds))
        own = random.normal(size=(k, n, seeds))
        shares = (1 - truth.own) * np.array([0.9, 0.1])
        return np.sqrt(shares[0]) * patient + np.sqrt(shares[1]) * training + np.sqrt(truth.own) * own

    def of_trainings(k: int, sd: float) -> np.ndarray:
        """(k, 1, seeds): half in common, since the trainings of a seed begin alike."""
        return sd * np.sqrt(0.5) * (random.normal(size=(1, 1, seeds)) + random.normal(size=(k, 1, seeds)))

    threshold = norm.ppf(accuracy)[:, None, None]
    density = norm.pdf(norm.ppf(0.85))  # points of accuracy by which a threshold's step counts
    shift = of_trainings(len(accuracy), truth.seed_sd / density)
    # the shift adds variance; so that the mean accuracy is the true one, the threshold grows with it
    right = noise(len(accuracy)) + shift < threshold * np.sqrt(1 + (truth.seed_sd / density) ** 2)
    moved = drift[:, None, None] * (1 + 0.4 * noise(len(drift)))
    moved = moved + of_trainings(len(drift), truth.seed_sd)
    ids = np.array([f"{at:04d}" for at in range(n)])
    pairs = len(list(combinations(range(seeds), 2)))
    floor = np.full((n, pairs), 0.1)
    return Evidence(
        "simulated",
        tuple(range(seeds)),
        tuple(points),
        ids,
        ids,
        np.full(n, "any"),
        dict(zip([TL, *points], right, strict=True)),
        {
            PRIMARY: {
                point: Cells(
                    np.arange(n), moved[at], floor + drift[at], floor, floor, np.full((n, seeds), 0.6)
                )
                for at, point in enumerate(points)
            }
        },
        {},
        0.2,
    )


def outcome(truth: Truth, number: int) -> tuple[list[str], list[bool]]:
    """The verdict on each strength of one family, and whether its 95 % interval holds the true distance."""
    curve = curve_of(draw_evidence(truth, stream("tradeoff calibration", repr(truth), number)))
    verdicts, covered = [], []
    for point, distance in zip(METHOD_POINTS, truth.distances, strict=True):
        drift = curve.figures[point].drifts.get(PRIMARY)
        if drift is None:
            verdicts.append("not decidable")
            continue
        verdicts.append(placed(curve.gains(), drift, point, ALPHA / len(STRENGTHS), RULES).verdict)
        found = placed(curve.gains(), drift, point, ALPHA, RULES)
        covered.append(found.low <= distance <= found.high)
    return verdicts, covered


BESIDE, BETWEEN = "at plain and beside it", "between the dials' points"
UPPER = "on the curve's upper half"
AROUND, UNDER = "beyond, between and below the dials", "below the dials"
SETTINGS = [
    *(
        Truth(f"another setting, {AROUND}, bend {bend:g}", AROUND, 300, bend=bend, setting=True, dials=dials)
        for bend in (1.0, 1.6, 2.0, 3.0)
        for dials in ("six", "four")
    ),
    *(
        Truth(
            f"another setting, {place}, bend {bend:g}",
            place,
            1000,
            gain=0.2,
            bend=bend,
            setting=True,
            dials=dials,
        )
        for place, bend, dials in (
            (AROUND, 2.0, "six"),
            (AROUND, 2.0, "four"),
            (AROUND, 3.0, "four"),
            (UNDER, 3.0, "four"),
        )
    ),
]
NULLS = [
    *(Truth(place, place) for place in (BETWEEN, "at the dials' points", BESIDE, "at the weak end")),
    *(Truth(place, place, patients=100, seeds=3) for place in (BETWEEN, BESIDE)),
    *(Truth(place, place, patients=300) for place in (BETWEEN, BESIDE)),
    Truth("a straight curve", bend=1.0),
    Truth("a straight curve, at plain", BESIDE, bend=1.0, patients=300),
    Truth("a gain of 3 points, at plain", BESIDE, gain=0.03),
    Truth("trainings differ much", BESIDE, seed_sd=0.03, seeds=3),
    Truth("points share little noise, at plain", BESIDE, own=0.4),
]
MARGINS = [
    Truth(f"at the margin, {place}", place, below=RULES.margin, patients=patients, seeds=seeds)
    for place in (BETWEEN, BESIDE)
    for patients, seeds in ((100, 3), (300, 5))
]
POWERS = [
    Truth(f"below, {place}", place, patients, gain=gain, below=below)
    for place in (UPPER, BESIDE)
    for gain, below, patients in ((0.1, 0.15, 200), (0.2, 0.15, 300), (0.2, 0.15, 1000))
]


def family(truth: Truth, families: int) -> list[tuple[list[str], list[bool]]]:
    """All families of one truth."""
    return [outcome(truth, number) for number in range(families)]


def share(count: int, n: int) -> str:
    """A share with its exact 95 % interval."""
    low, high = binomtest(count, n).proportion_ci() if n else (0.0, 1.0)
    return f"{100 * count / max(n, 1):.1f} % [{100 * low:.1f}, {100 * high:.1f}]"


def main() -> None:
    """Draw, judge, print a table of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--families", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    truths = [*NULLS, *SETTINGS, *MARGINS, *POWERS]
    print(
        "| truth | gain | dial points | patients, seeds | distance | any supported | any refuted "
        "| all refuted | 95 % holds it |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    with ProcessPoolExecutor(args.processes) as pool:
        every = pool.map(family, truths, [args.families] * len(truths))
        for truth, families in zip(truths, every, strict=True):
            verdicts = [each for each, _ in families]
            covered = [each for _, several in families for each in several]
            cells = [
                truth.name,
                f"{truth.gain:g}",
                truth.dials,
                f"{truth.patients}, {truth.seeds}",
                f"{truth.distances.min():.2g} to {truth.distances.max():.2g}"
                if truth.setting
                else f"{truth.below:g}",
                share(sum("supported" in each for each in verdicts), len(verdicts)),
                share(sum("refuted" in each for each in verdicts), len(verdicts)),
                share(sum(set(each) == {"refuted"} for each in verdicts), len(verdicts)),
                share(sum(covered), len(covered)),
            ]
            print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
