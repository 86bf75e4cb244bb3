"""What does a gate let pass? Bounds under rare harm, and made-up updates at the gate of docs/release.

    python -m benchmarks.gate [--samples 2000]

Prints how often upper bounds miss a mean that a twentieth of the patients makes, and how far above it they
lie, beside Student's interval and empirical Bernstein bounds (Maurer and Pontil 2009, theorem 4); and how
often updates that do harm in one way alone pass. Needs no network; benchmarks.gate_trainings trains some.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import numpy as np
from scipy import stats

from evidrift.auditing.gate.check import outcome
from evidrift.auditing.gate.films import Films
from evidrift.auditing.gate.judge import judge
from evidrift.auditing.gate.knowledge import Known, known_of
from evidrift.auditing.gate.limits import Gate, load_gate
from evidrift.base.interval import mean_bounds, share_bounds
from evidrift.base.seeds import stream
from evidrift.compare.findings.reliance import Asked
from tests.auditing.gate.made import CLASSES, films, known, reliance
from tests.places import ROOT

SIZES = (20, 60, 150)
DISTRIBUTIONS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "1 in 5 %, else 0": lambda random, n: (random.random(n) < 0.05).astype(float),
    "1 in 5 %, else 0.2": lambda random, n: np.where(random.random(n) < 0.05, 1.0, 0.2),
    "moved shares, sd 0.14": lambda random, n: random.beta(2.5, 7.5, n),
    "growth, sd 0.04": lambda random, n: np.clip(random.normal(0.5, 0.02, n), 0, 1),
}
MEANS = (0.05, 0.24, 0.25, 0.5)


def main() -> None:
    """Measure and print."""
    args = parse_args()
    bounds(args.samples)
    updates(args.samples // 10)


def bounds(samples: int) -> None:
    """How often each upper bound misses, and how far above the mean it lies on average."""
    print("upper bound of a mean: missed, % | mean distance above the true mean")
    uppers = {"betting": lambda x: mean_bounds(x).high, "Bernstein": bernstein, "Student": student}
    for (name, draw), truth in zip(DISTRIBUTIONS.items(), MEANS, strict=True):
        for n in SIZES:
            random = stream("bounds", name, n)
            drawn = [draw(random, n) for _ in range(samples)]
            found = {key: np.array([upper(each) for each in drawn]) for key, upper in uppers.items()}
            if name.endswith("else 0"):
                found["exact"] = np.array([share_bounds(each.sum(), n).high for each in drawn])
            cells = [
                f"{key} {100 * (high < truth - 1e-12).mean():4.1f} | {(high - truth).mean():.3f}"
                for key, high in found.items()
            ]
            print(f"{name:22} n {n:3}  {'   '.join(cells)}")


def bernstein(x: np.ndarray) -> float:
    """Empirical Bernstein's upper bound at 95 %."""
    n, error = len(x), np.log(2 / 0.05)
    return float(x.mean() + np.sqrt(2 * x.var(ddof=1) * error / n) + 7 * error / (3 * (n - 1)))


def student(x: np.ndarray) -> float:
    """Student's upper bound at 95 %."""
    return float(x.mean() + stats.t.ppf(0.95, len(x) - 1) * x.std(ddof=1) / np.sqrt(len(x)))


def updates(samples: int) -> None:
    """How often made-up updates pass the documented gate, and gates that ask for one thing alone."""
    documented = load_gate(ROOT / "docs" / "release" / "gate.yaml").gate
    print("\nupdates at the gate of docs/release, 150 films: passed / failed / not judged, %")
    for name, harm in HARMS.items():
        print(f"{name:44} {told(judged(documented, *harm(number)) for number in range(samples))}")
    print("\na true share of the patients at its own limit: passed / failed / not judged, %")
    for share, limit in ((0.05, 0.04), (0.05, 0.02)):
        gate = Gate.model_validate({"regressed": {"at_most": limit}})
        for n in SIZES:
            outcomes = (judged(gate, regressed(n, share, number)) for number in range(samples))
            print(f"{100 * share:.0f} % regressed, limit {limit}, n {n:3} {'':12} {told(outcomes)}")


def judged(
    gate: Gate, seen: Films, hangs: Asked | None = None, models: Mapping[str, Known] | None = None
) -> str:
    """What comes of a gate."""
    n = len(seen.patients)
    checks = judge(gate, seen, "layer_cam", models or known(n=n), hangs or reliance(n))
    return outcome(checks)


def told(outcomes: Iterable[str]) -> str:
    """Rates, in percent."""
    counts = Counter(outcomes)
    rates = (100 * counts[each] / counts.total() for each in ("passed", "failed", "not judged"))
    return " / ".join(f"{rate:5.1f}" for rate in rates)


def regressed(n: int, share: float, seed: int) -> Films:
    """Films of which each regresses with this probability."""
    right = np.ones((2, 1, n), dtype=bool)
    right[1] = stream("regressed", seed).random(n) >= share
    return replace(films(n, seed), right=right)


def _changed(seed: int, change: Callable[[Films, np.random.Generator], Films]) -> tuple[Films]:
    return (change(films(seed=seed), stream("update", seed)),)


def _of_class(seen: Films, random: np.random.Generator) -> Films:
    return replace(seen, moved=np.where(seen.classes == CLASSES[0], 1.0, seen.moved))


def _blank(seen: Films, random: np.random.Generator) -> Films:
    blank = random.random(seen.moved.shape) < 0.19
    places = {
        name: np.where([np.zeros_like(blank), blank], np.array([0.0, 1.0]).reshape(2, 1, 1), each)
        for name, each in seen.places.items()
    }
    return replace(seen, unusable=blank, moved=np.where(blank, 1.0, seen.moved), places=places)


def _rare(seen: Films, random: np.random.Generator) -> Films:
    return replace(seen, moved=np.where(random.random(seen.moved.shape) < 0.15, 1.0, seen.moved))


HARMS: dict[str, Callable[[int], tuple]] = {
    "unchanged": lambda seed: (films(seed=seed),),
    "nine tenths of the evidence moved": lambda seed: (films(seed=seed, moved=0.9),),
    "one class moved wholly": lambda seed: _changed(seed, _of_class),
    "19 % of the maps blank": lambda seed: _changed(seed, _blank),
    "15 % of the films moved wholly": lambda seed: _changed(seed, _rare),
    "10 % regressed": lambda seed: (regressed(150, 0.1, seed),),
    "the prediction hangs on a corner in 25 %": lambda seed: (films(seed=seed), reliance(flipped=0.25)),
    "the prediction follows a marker in 30 %": lambda seed: (films(seed=seed), reliance(spiked=0.3)),
    "both models call all films the same": lambda seed: (
        replace(films(seed=seed, moved=0.05), right=np.tile(np.arange(150) % 3 == 1, (2, 1, 1))),
        None,
        {"before 1": CONSTANT, "after 1": CONSTANT},
    ),
}
CONSTANT = known_of(
    np.tile([0.2, 0.6, 0.2], (150, 1)), np.arange(150) % 3, np.arange(150).astype(str), CLASSES
)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--samples", type=int, default=2000, help="a cell; a tenth of them for updates")
    return parser.parse_args()


if __name__ == "__main__":
    main()
