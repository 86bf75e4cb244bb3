"""How often is a method marked in vain, whose random network draws maps that hold nothing of the image?

Originals and random maps share what a study's maps share (a pattern of all, one of each class, more or less
of it in each patient) and nothing of the single image. Printed are rates of `excess > 0` at one-sided 5 and
0.5 %, about what twelve rows ask for: by Student's t with `check.randomisation.chance_level`, and by an exact
test that draws partners anew.

    python -m benchmarks.random_weights [studies]
"""

import sys

import numpy as np
from scipy import stats

from evidrift.base.seeds import stream
from evidrift.check.randomisation import chance_level

CELLS = 64  # a grid of 8x8
# classes, patients of each
SIZES = ((1, 5), (2, 3), (5, 3), (5, 4), (2, 8), (5, 8), (5, 12), (2, 20))
ALPHAS = (0.05, 0.005)


def noise(random: np.random.Generator, kind: str, n: int) -> np.ndarray:
    """What is single maps' own, (n, cells)."""
    if kind == "heavy tails":
        return random.standard_t(1.5, (n, CELLS))
    if (
        kind == "one pattern"
    ):  # maps that differ in one direction above all: values of one patient depend on all
        return random.normal(size=CELLS) * random.standard_t(2, (n, 1)) + 0.3 * random.normal(size=(n, CELLS))
    return random.normal(size=(n, CELLS))


def ranked(maps: np.ndarray) -> np.ndarray:
    """Rows whose inner products are Spearman's correlations."""
    centred = stats.rankdata(maps, axis=1) - (CELLS + 1) / 2
    return centred / np.linalg.norm(centred, axis=1, keepdims=True)


def study(random: np.random.Generator, kind: str, shared: float, labels: np.ndarray) -> np.ndarray:
    """Likeness of each original and each random map, (n, n)."""
    n, n_classes = len(labels), labels.max() + 1
    sides = []
    for _ in range(2):
        common = (
            random.uniform(0, 2, (n, 1)) * random.normal(size=CELLS)
            + random.normal(size=(n_classes, CELLS))[labels]
        )
        sides.append(ranked(noise(random, kind, n) + shared * common))
    return sides[0] @ sides[1].T


def exact_p(random: np.random.Generator, likeness: np.ndarray, n_classes: int, draws: int = 199) -> float:
    """The share of partners drawn anew within the classes that are as much alike."""
    n = len(likeness) // n_classes
    drawn = random.permuted(np.tile(np.arange(n), (draws, n_classes, 1)), axis=2)
    orders = (drawn + n * np.arange(n_classes)[:, None]).reshape(draws, -1)
    sums = likeness[np.arange(len(likeness)), orders].sum(axis=1)
    return (1 + np.count_nonzero(sums >= np.trace(likeness) - 1e-9)) / (1 + draws)


def main() -> None:
    """Print a line a cell."""
    studies = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    print(f"{studies} studies a cell; marked in vain at {ALPHAS}: by t, exact")
    for n_classes, n in SIZES:
        labels = np.repeat(np.arange(n_classes), n)
        for kind, shared in (
            ("even", 0),
            ("even", 1),
            ("heavy tails", 2),
            ("one pattern", 0),
            ("one pattern", 1),
        ):
            random = stream("benchmark of random weights", n_classes, n, kind, shared)
            p = np.empty((studies, 2))
            for at in range(studies):
                likeness = study(random, kind, shared, labels)
                chance = chance_level(likeness, labels[:, None] == labels, np.arange(len(labels)))
                excess = np.diagonal(likeness) - chance
                p[at] = (
                    stats.ttest_1samp(excess, 0, alternative="greater").pvalue,
                    exact_p(random, likeness, n_classes),
                )
            rates = "   ".join(
                ", ".join(f"{np.mean(p[:, test] <= alpha):.4f}" for alpha in ALPHAS) for test in (0, 1)
            )
            print(f"{n_classes} classes of {n:2d}, {kind}, shared {shared}: {rates}", flush=True)


if __name__ == "__main__":
    main()
