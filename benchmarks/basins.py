"""Do trainings lie in one cloud, or in several? The truth is known, and evidrift's own code judges.

    python -m benchmarks.basins

A study has three architectures with two checkpoints each, so six tests, and two methods. What a training does
is a point of a cloud in few or many dimensions. Every patient's map shows a random half of its coordinates,
more or less strongly, and beside it noise that each training has on each patient for itself. Moved shares are
squared distances of such maps. Under one cloud all six sets of trainings are drawn from it. Under several
one set is, and the other five come from a normal cloud.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.stats import binomtest

from evidrift.base.progress import Progress
from evidrift.base.seeds import stream
from evidrift.claims.quantities import Cells
from evidrift.compare.findings.basins import basin_table

METHODS = ("layer_cam", "occlusion")
ARCHITECTURES = ("a", "b", "c")
TESTS = 2 * len(ARCHITECTURES)
LEVEL = 0.05
OWN = 5  # coordinates of a patient's own noise
Points = np.ndarray  # (trainings, dimensions)
Cloud = Callable[[np.random.Generator, int, int], Points]


def normal(rng: np.random.Generator, k: int, dimensions: int) -> Points:
    """A round cloud."""
    return rng.normal(size=(k, dimensions))


def narrowing(rng: np.random.Generator, k: int, dimensions: int) -> Points:
    """A normal cloud that is narrower along each further axis."""
    return normal(rng, k, dimensions) / np.arange(1, dimensions + 1)


def heavy(rng: np.random.Generator, k: int, dimensions: int) -> Points:
    """Student's t with three degrees of freedom in every direction."""
    return rng.standard_t(3, size=(k, dimensions))


def elliptic(rng: np.random.Generator, k: int, dimensions: int) -> Points:
    """A round cloud with such tails: some trainings lie far out, each in a direction of its own."""
    return normal(rng, k, dimensions) / np.sqrt(rng.chisquare(3, size=(k, 1)) / 3)


def outlier(rng: np.random.Generator, k: int, dimensions: int) -> Points:
    """A round cloud, and one training that is twice as far from the others as they from each other."""
    points = normal(rng, k, dimensions)
    points[0, 0] += np.sqrt(6 * dimensions)  # its squared distance is four times as large
    return points


def two_outliers(rng: np.random.Generator, k: int, dimensions: int) -> Points:
    """A round cloud, and two trainings twice as far from its middle, each in a direction of its own."""
    points = normal(rng, k, dimensions)
    points[:2] *= 2
    return points


def continuum(rng: np.random.Generator, k: int, dimensions: int) -> Points:
    """Evenly spread along one direction, next to nothing in the others."""
    points = 0.1 * normal(rng, k, dimensions)
    points[:, 0] = np.sqrt(12 * dimensions) * rng.uniform(size=k)
    return points


def even(rng: np.random.Generator, k: int, dimensions: int) -> Points:
    """Evenly spread in every direction."""
    return np.sqrt(12) * rng.uniform(size=(k, dimensions))


def one_sided(rng: np.random.Generator, k: int, dimensions: int) -> Points:
    """Exponential in every direction."""
    return rng.exponential(size=(k, dimensions))


@dataclass(frozen=True)
class Case:
    """Which studies are simulated.

    Attributes:
        name: what is special about it, in words.
        trainings, patients: how many.
        dimensions: of the cloud.
        own: share of the squared distance of two trainings that is noise on each patient.
        cloud: that trainings are drawn from; of several, each of them.
        sizes: trainings of each basin; one basin is none.
        ratio: squared distance of two trainings of different basins over that of two of one.
        methods: of two, those whose maps show the basins.
    """

    name: str
    trainings: int
    patients: int = 150
    dimensions: int = 50
    own: float = 0.5
    cloud: Cloud = normal
    sizes: tuple[int, ...] = ()
    ratio: float = 1.0
    methods: int = 2


def cells_of(case: Case, clouds: Sequence[np.ndarray], rng: np.random.Generator) -> Cells:
    """One architecture under one method; `clouds` are what its trainings do, of tl and ft.

    Two trainings of one cloud have a squared distance of 0.2 on average.
    """
    n, k = case.patients, case.trainings
    first, second = np.triu_indices(k, 1)
    floors = []
    for points in clouds:
        # half of the coordinates are shown, and the mean square of the strength is 13 / 12
        strength = rng.uniform(0.5, 1.5, size=(n, 1))
        shown = (rng.random((n, case.dimensions)) < 0.5) * strength**2 * 24 / 13
        common = shown @ np.square(points[first] - points[second]).T
        own = rng.normal(size=(n, k, OWN)) * np.sqrt(0.1 * case.own / OWN)
        products = own @ own.transpose(0, 2, 1)
        lengths = np.diagonal(products, axis1=1, axis2=2)
        floors.append(common + lengths[:, first] + lengths[:, second] - 2 * products[:, first, second])
    nothing = np.zeros((n, k))
    return Cells(np.arange(n), nothing, floors[0], floors[0], floors[1], nothing)


def points_of(case: Case, rng: np.random.Generator) -> list[Points]:
    """What the trainings do, by method: a cloud, or several whose centres are equally far apart.

    All methods show the same cloud: that of more would be rounder.
    """
    cloud = case.cloud(rng, case.trainings, case.dimensions)
    cloud = cloud * np.sqrt(0.1 * (1 - case.own) / case.dimensions)
    # centres on axes of their own: each adds half of the squared distance of two
    of = np.repeat(np.arange(max(1, len(case.sizes))), case.sizes or case.trainings)
    apart = cloud + np.sqrt(0.1 * (case.ratio - 1)) * np.eye(of[-1] + 1, case.dimensions)[of]
    return [apart if at < case.methods else cloud for at in range(len(METHODS))]


def study(case: Case, rng: np.random.Generator) -> Mapping[tuple[str, str, str], Cells]:
    """One simulated study."""
    plain = Case("others", case.trainings, case.patients, case.dimensions, case.own)
    cells = {}
    for arch in ARCHITECTURES:
        tl = points_of(plain if case.sizes else case, rng)
        ft = points_of(plain if case.sizes and arch != "a" else case, rng)
        for method, clouds in zip(METHODS, zip(tl, ft, strict=True), strict=True):
            cells[arch, "penultimate", method] = cells_of(case, clouds, rng)
    return cells


def outcomes(case: Case, studies: int) -> dict[str, tuple[int, int]]:
    """How often each outcome was found, and of how many."""
    counts = dict.fromkeys(("false", "single", "found", "exact", "more"), 0)
    seeds = tuple(range(1, case.trainings + 1))
    bounds = np.cumsum((0, *case.sizes)) + 1
    members = [", ".join(map(str, range(*ends))) for ends in pairwise(bounds)]
    true = "; ".join(f"{{{each}}}" for each in members)
    for number in range(studies):
        rng = stream("basins", case.name, case.trainings, case.patients, number)
        table = basin_table(study(case, rng), seeds, 20).drop_duplicates(["arch", "checkpoint"])
        asked = (table["arch"] == "a") & (table["checkpoint"] == "ft") & bool(case.sizes)
        null, own = table[~asked], table[asked]
        counts["false"] += int((null["basins"] > 1).any())
        counts["single"] += int((null["p_corrected"] <= TESTS * LEVEL).sum())
        counts["found"] += int((own["basins"] > 1).sum())
        counts["exact"] += int((own["groups"] == true).sum())
        counts["more"] += int((own["basins"] > len(case.sizes)).sum())
    several = {name: (counts[name], studies) for name in ("found", "exact", "more") if case.sizes}
    return {"false": (counts["false"], studies), "single": (counts["single"], studies * len(null)), **several}


def clouds() -> list[Case]:
    """One cloud of every kind."""
    kinds = [
        Case("normal, many dimensions", 0),
        Case("normal, many dimensions, 30 patients", 0, patients=30),
        Case("normal, narrowing", 0, cloud=narrowing, own=0.2),
        Case("normal, three dimensions", 0, dimensions=3, own=0.2),
        Case("normal, a line", 0, dimensions=1, own=0.05),
        Case("heavy tails, many dimensions", 0, cloud=heavy),
        Case("heavy tails, three dimensions", 0, dimensions=3, own=0.2, cloud=heavy),
        Case("heavy tails, a line", 0, dimensions=1, own=0.05, cloud=heavy),
        Case("some trainings far out", 0, cloud=elliptic, own=0.2),
        Case("one outlier", 0, cloud=outlier),
        Case("two outliers", 0, cloud=two_outliers, own=0.2),
        Case("a continuum", 0, dimensions=10, own=0.05, cloud=continuum),
        Case("a continuum, 30 patients", 0, patients=30, dimensions=10, own=0.05, cloud=continuum),
        Case("even, two dimensions", 0, dimensions=2, own=0.05, cloud=even),
        Case("even, many dimensions", 0, cloud=even),
        Case("one-sided, a line", 0, dimensions=1, own=0.05, cloud=one_sided),
        Case("one-sided, many dimensions", 0, cloud=one_sided),
    ]
    return [replace(each, trainings=k) for each in kinds for k in (5, 6, 10, 20)]


def basins() -> list[Case]:
    """Several clouds, the nearer and the farther."""
    cases = []
    for k in (4, 5, 6, 8, 10, 20):
        halves = (k // 2, k - k // 2)
        cases += [Case("two", k, sizes=halves, ratio=ratio) for ratio in (1.5, 2.0, 3.0)]
        cases.append(Case("two, 30 patients", k, 30, sizes=halves, ratio=2))
        few = Case("two, few dimensions", k, dimensions=3, own=0.2, sizes=halves)
        cases += [replace(few, ratio=ratio) for ratio in (3.0, 10.0)]
        if k > 5:
            thirds = (k // 3, (k + 1) // 3, (k + 2) // 3)
            cases.append(Case("two trainings apart from all others", k, sizes=(2, k - 2), ratio=2))
            cases.append(Case("two, by one method of two", k, sizes=halves, ratio=2, methods=1))
            cases.append(Case("three", k, sizes=thirds, ratio=2))
            cases.append(Case("three", k, sizes=thirds, ratio=3))
    return cases


def share(counts: tuple[int, int]) -> str:
    """A share with its exact 95 % interval."""
    low, high = binomtest(*counts).proportion_ci()
    return f"{100 * counts[0] / counts[1]:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"


def table(title: str, told: Mapping[tuple[str, int], str]) -> str:
    """A Markdown table of what is told by name and number of trainings, a column a number."""
    columns = sorted({k for _, k in told})
    lines = [f"| {title}, trainings: | {' | '.join(map(str, columns))} |", "|---|" + "---|" * len(columns)]
    for name in dict.fromkeys(name for name, _ in told):
        lines.append(f"| {name} | {' | '.join(told.get((name, k), '-') for k in columns)} |")
    return "\n".join(lines)


def main() -> None:
    """Run the simulations and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--studies", type=int, default=100, help="simulated studies of one cloud each")
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    # a power needs fewer than an error
    jobs = [(case, args.studies) for case in clouds()]
    jobs += [(case, max(1, args.studies // 2)) for case in basins()]
    with ProcessPoolExecutor(args.processes) as pool:
        results = pool.map(outcomes, *zip(*jobs, strict=True))
        found = list(
            zip([case for case, _ in jobs], Progress(results, total=len(jobs), unit="case"), strict=True)
        )
    one = {(case.name, case.trainings): counts for case, counts in found if not case.sizes}
    several = {
        (f"{case.name}, {case.ratio:g}", case.trainings): counts for case, counts in found if case.sizes
    }
    print("\nOne cloud: how often several are called in any of a study's six tests (at most 5 % wanted)\n")
    print(table("cloud", {key: share(counts["false"]) for key, counts in one.items()}))
    print("\nThe same in a single test at 5 %\n")
    print(table("cloud", {key: share(counts["single"]) for key, counts in one.items()}))
    print("\nSeveral clouds: how often several are called, / and those that there are\n")
    both = {
        key: " / ".join(f"{100 * counts[name][0] / counts[name][1]:.0f}" for name in ("found", "exact"))
        for key, counts in several.items()
    }
    print(table("clouds, between over within", both))
    more = np.sum([counts["more"] for counts in several.values()], axis=0)
    print(f"\nMore than there are: {share((int(more[0]), int(more[1])))}")


if __name__ == "__main__":
    main()
