"""Do the intervals of an audit's performance hold? Made-up models and patients, through the audit's own code.

    python -m benchmarks.performance_intervals [--samples 1000]

Draws samples of patients from a population of which the truth is known, and prints how often the true value
lies below or above the interval that `auditing.performance.rows` gives, and how wide that is; each may happen
in 2.5 % of the samples. Of the gate's one-sided bounds, see the last lines: 5 %. Needs no network.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from evidrift.auditing.films.calls import Scores, Truth
from evidrift.auditing.gate.limits import Gate
from evidrift.auditing.gate.performance import Predicted, judge_performance
from evidrift.auditing.performance.rows import rows
from evidrift.base.seeds import stream
from evidrift.compare.record import MEASURES, Difference, Performance

SIZES = (20, 60, 150)
LABELS = ("a", "b", "c")
SHARES = (0.5, 0.3, 0.2)  # of the classes
POPULATION = 60_000  # patients
PARTS = ("before 1", "after 1")


class Drawn(NamedTuple):
    """Patients, what is true of their films, and what two models say of them."""

    truth: Truth
    scores: dict[str, Scores]


class World(NamedTuple):
    """How two models differ.

    Attributes:
        skill: how far the logit of the true class lies above the others.
        alike: share of the noise that both models have in common, 0 to 1.
        sharper: factor on the logits after.
        harmed: share of the patients of whom the model after is wholly wrong.
    """

    skill: float
    alike: float = 0.9
    sharper: float = 1.0
    harmed: float = 0.0


WORLDS = {
    "an unchanged retraining": World(skill=2.0),
    "nearly perfect": World(skill=6.0),
    "5 % of the patients harmed": World(skill=4.0, alike=1.0, harmed=0.05),
    "overconfident after": World(skill=1.5, sharper=3.0),
}


def draw(world: World, patients: int, films: int, random: np.random.Generator) -> Drawn:
    """Patients with this many films each, all of one class, which share half of the noise."""
    n = patients * films
    patient = np.repeat(np.arange(patients), films)
    label = random.choice(len(LABELS), patients, p=SHARES)[patient]
    noise = np.sqrt(0.5) * random.normal(size=(2, patients, 3))[:, patient]
    noise = noise + np.sqrt(0.5) * random.normal(size=(2, n, 3))
    one_hot = np.eye(3)[label]
    harmed = (random.random(patients) < world.harmed)[patient, np.newaxis]
    wrong = np.eye(3)[(label + 1) % 3]
    before = world.skill * one_hot + noise[0]
    after = world.skill * one_hot + world.alike * noise[0] + np.sqrt(1 - world.alike**2) * noise[1]
    after = world.sharper * np.where(harmed, 9 * wrong, after)
    names = np.array([f"p{number:06d}" for number in patient])
    ids = np.array([f"{number:07d}" for number in range(n)])
    truth = Truth(ids, names, LABELS, one_hot.astype(bool), np.ones((n, 3), dtype=bool), True)
    return Drawn(truth, {part: _scores(each) for part, each in zip(PARTS, (before, after), strict=True)})


def _scores(logits: np.ndarray) -> Scores:
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return Scores(odds / odds.sum(axis=1, keepdims=True), np.eye(3, dtype=bool)[logits.argmax(axis=1)])


def intervals(drawn: Drawn) -> dict[tuple[str, str], tuple[float, float, float]]:
    """Value, low and high by what they are of: `after` or `difference`, and the measure."""
    found = rows(drawn.truth, drawn.scores, [PARTS], ())
    levels = [each for each in found.performance if each.part == PARTS[1]]
    return dict(_named("after", levels)) | dict(_named("difference", found.differences))


def _named(
    kind: str, every: list[Performance] | tuple[Difference, ...]
) -> Iterator[tuple[tuple[str, str], tuple[float, float, float]]]:
    for each in every:
        for measure in MEASURES:
            found = getattr(each, measure)
            if found is not None and found.value is not None:
                yield (kind, f"{measure} {each.group.label or 'of all'}"), found.ends


def missed(
    world: World, patients: int, films: int, samples: int, *names: str
) -> dict[tuple[str, str], np.ndarray]:
    """Of each interval, shares of the samples in which it lies above and below the truth; mean width."""
    population = draw(world, POPULATION // films, films, stream("population", *names, films))
    true = {key: ends[0] for key, ends in intervals(population).items()}
    seen = defaultdict(list)
    random = stream("samples", *names, patients, films)
    for _ in range(samples):
        for key, (_, low, high) in intervals(draw(world, patients, films, random)).items():
            # the truth is itself of a sample, of 60,000 patients; what is nearly 0 counts as 0
            slack = 0.002
            seen[key].append((low > true[key] + slack, high < true[key] - slack, high - low))
    return {key: np.mean(each, axis=0) for key, each in seen.items()}


def passed_wrongly(patients: int, samples: int) -> dict[str, float]:
    """How often limits pass that 5 % of the patients, harmed wholly, break by a hair."""
    world = WORLDS["5 % of the patients harmed"]
    names = ("sensitivity_drop_at_most", "auc_drop_at_most", "calibration_error_at_most")
    population = intervals(draw(world, POPULATION, 1, stream("population", "gate")))
    worst = {
        names[0]: -min(population["difference", f"sensitivity {label}"][0] for label in LABELS),
        names[1]: -min(population["difference", f"auc {label}"][0] for label in LABELS),
        names[2]: population["after", "calibration_error of all"][0],
    }
    gate = Gate.model_validate({name: limit - 0.002 for name, limit in worst.items()})
    random = stream("gate", patients)
    passed = dict.fromkeys(names, 0)
    for _ in range(samples):
        drawn = draw(world, patients, 1, random)
        pair = (drawn.scores[PARTS[0]], drawn.scores[PARTS[1]])
        for check in judge_performance(gate, Predicted(drawn.truth, (pair,), ())):
            passed[check.name] += check.verdict == "passed"
    return {name: count / samples for name, count in passed.items()}


def main() -> None:
    """Measure and print."""
    samples = parse_args().samples
    print("95 % intervals: above the truth, % | below it, % | width; the worst of the classes")
    for name, world in WORLDS.items():
        for films in (1, 2):
            for patients in SIZES:
                found = missed(world, patients, films, samples, name)
                cells = [f"{kind} {measure} {_cell(found, kind, measure)}" for kind, measure in KINDS]
                print(f"{name}, {patients} patients of {films} film(s)\n    " + "\n    ".join(cells))
    print("\nlimits that 5 % of the patients, wholly harmed, break by a hair: passed wrongly, %")
    for patients in SIZES:
        rates = passed_wrongly(patients, samples)
        print(
            f"{patients} patients  " + "  ".join(f"{name} {100 * rate:.1f}" for name, rate in rates.items())
        )


KINDS = [(kind, measure) for kind in ("after", "difference") for measure in MEASURES]


def _cell(found: dict[tuple[str, str], np.ndarray], kind: str, measure: str) -> str:
    every = np.array([each for (k, name), each in found.items() if k == kind and name.split()[0] == measure])
    above, below, _ = every.max(axis=0)
    return f"{100 * above:4.1f} | {100 * below:4.1f} | {every[:, 2].mean():.2f}"


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--samples", type=int, default=1000, help="a cell")
    return parser.parse_args()


if __name__ == "__main__":
    main()
