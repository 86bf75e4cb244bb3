"""Are the verdicts right as often as they say? Studies whose truth is known, judged by evidrift's own code.

    python -m benchmarks.calibration --out docs/results            # errors and coverage
    python -m benchmarks.calibration --maps                        # the same on maps, through the drift table
    python -m benchmarks.calibration --power --out docs/results    # how many patients and seeds does it take?

A simulated study has three architectures and two or six methods that can disagree. A map is a vector. That of
patient i before is P_i + noise of the training; fine-tuning under seed s adds M_i + v_s + e_is: what every
training moves, what the training adds to all patients alike, and what is left. Moved shares are half the
squared distances of such vectors, so that the true shared drift is the mean of |M_i|^2, and drift has |v|^2
and |e|^2 on top. With --maps the vectors are blobs on an 8 x 8 grid, and moved shares those of real maps.
"""

import argparse
import functools
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import pyarrow as pa
from matplotlib.lines import Line2D
from scipy.stats import binomtest

from evidrift.base.progress import Progress
from evidrift.base.seeds import stream
from evidrift.claims.cells import quantities_of
from evidrift.claims.claim import Claim, Rules
from evidrift.claims.cohort import common_cohort
from evidrift.claims.decide import make_claims
from evidrift.claims.estimate import estimate, moderated
from evidrift.claims.quantities import Cells, Quantities, quantities, scale_cells
from evidrift.compare.study import joined
from evidrift.drift import measuring
from evidrift.drift.params import Drift
from evidrift.drift.source import ArchitectureMaps
from evidrift.drift.table import build
from evidrift.measures import areas
from evidrift.measures.canvas import OK
from evidrift.measures.of_pairs import MOVED_SHARE
from evidrift.report.figures.style import (
    COLOURS,
    GRID,
    QUIET,
    add_axes,
    add_legend,
    figure_style,
    new_figure,
    save_png,
    write,
)

ARCHITECTURES = ("a", "b", "c")
METHODS = ("layer_cam", "grad_cam_pp", "grad_cam", "hires_cam", "integrated_gradients", "occlusion")
RULES = Rules(min_patients=20, margin=0.05, preserved=0.5)
DIMENSIONS = 20
PARTNERS = 5
TAIL = 0.001

Measured = dict[tuple[str, str], Quantities]


@dataclass(frozen=True)
class Cell:
    """Which studies are simulated. Lengths are squared, in units of the moved share.

    Attributes:
        name: what is special about it, in words.
        patients, seeds, methods: how many.
        move: mean of |M_i|^2, the true shared drift.
        erratic: mean of |e|^2.
        seed_sd: standard deviation over seeds of an architecture's mean drift, about.
        first: the first architecture's seed_sd over that of the others; its erratic part is as much smaller
            as its trainings add, so that all drift alike.
        extra: added to the first architecture's |M|^2 under the first method.
        extra_other: under all other methods.
        heavy: tails like Student's t with three degrees of freedom.
        interact: patients differ in how much trainings disagree on them, by a factor of up to 5.
        explained: share of the patients that methods after the first two explain.
        null: before and after are trainings of one recipe: fine-tuning moves nothing that is shared.
    """

    name: str
    patients: int = 150
    seeds: int = 3
    methods: int = 6
    move: float = 0.25
    erratic: float = 0.1
    seed_sd: float = 0.01
    first: float = 1.0
    extra: float = 0.0
    extra_other: float = 0.0
    heavy: bool = False
    interact: bool = False
    explained: float = 1.0
    null: bool = False

    def shared(self, arch: int, method: int) -> float:
        """True shared drift."""
        if self.null:
            return 0.0
        return self.move + (arch == 0) * (self.extra if method == 0 else self.extra_other)

    def seed_variance(self, arch: int) -> float:
        """|v|^2 that makes the mean drift vary as wanted: 2 M v for a mean move M, or |v|^2 itself."""
        wanted = self.seed_sd * (self.first if arch == 0 else 1.0)
        if self.null:
            return wanted * float(np.sqrt(DIMENSIONS / 2))
        return wanted**2 * DIMENSIONS / (4 * 0.8 * self.move)

    def rest(self, arch: int) -> float:
        """Mean of |e|^2 of an architecture: what makes all of them drift alike."""
        return self.erratic - self.seed_variance(arch) + self.seed_variance(1)

    def drift(self, arch: int, method: int) -> float:
        """True drift."""
        return self.shared(arch, method) + self.seed_variance(1) + self.erratic


def study(cell: Cell, rng: np.random.Generator) -> Measured:
    """One simulated study."""
    n, seeds = cell.patients, cell.seeds

    def noise(*shape: int) -> np.ndarray:
        if cell.heavy:
            return rng.standard_t(3, size=shape) / np.sqrt(3)
        return rng.normal(size=shape)

    # patients and trainings have a part that all methods see, and one that each has for itself
    everywhere = rng.normal(size=(n, 1))
    partner = np.stack([rng.choice(np.delete(np.arange(n), at), PARTNERS, False) for at in range(n)])
    image = np.repeat(np.arange(n), PARTNERS)
    found = {}
    for arch, name in enumerate(ARCHITECTURES):
        training = noise(seeds, 1, DIMENSIONS)
        for number, method in enumerate(METHODS[: cell.methods]):
            own = noise(seeds, 1, DIMENSIONS)
            v = np.sqrt(cell.seed_variance(arch) / DIMENSIONS / 2) * (training + own)
            e = np.sqrt(cell.rest(arch) / DIMENSIONS) * noise(seeds, n, DIMENSIONS)
            if cell.interact:
                factor = rng.uniform(0.2, 1, size=(n, 1))
                e *= factor / np.sqrt(np.mean(np.square(np.linspace(0.2, 1, 1001))))
            # four fifths of the move are the same direction for all patients, of varying length
            length = 1 + 0.3 * (everywhere + rng.normal(size=(n, 1))) / np.sqrt(2)
            direction = np.zeros(DIMENSIONS)
            direction[0] = 1
            m = np.sqrt(0.8 / 1.09) * length * direction + np.sqrt(0.2 / DIMENSIONS) * rng.normal(
                size=(n, DIMENSIONS)
            )
            moved = np.sqrt(cell.shared(arch, number)) * m + v + e
            before = np.sqrt(0.25 / DIMENSIONS) * rng.normal(size=(n, DIMENSIONS)) + np.sqrt(
                0.02 / DIMENSIONS
            ) * noise(seeds, n, DIMENSIONS)
            usable = np.arange(n) < (cell.explained * n if number > 1 else n)
            found[name, method] = quantities(_cells(before, before + moved, usable, image, partner.ravel()))
    return found


def _cells(
    before: np.ndarray, after: np.ndarray, usable: np.ndarray, image: np.ndarray, partner: np.ndarray
) -> Cells:
    """Squared distances of vectors, (seeds, n, dimensions) each."""
    seeds, n = before.shape[:2]
    both = list(combinations(range(seeds), 2))

    def distance(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        return np.where(usable, np.square(one - other).sum(axis=-1), np.nan)

    def pairs(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        columns = [(distance(one[s], other[t]) + distance(one[t], other[s])) / 2 for s, t in both]
        return np.stack(columns, axis=1) if columns else np.empty((n, 0))

    scales = []
    for s in range(seeds):
        both_ways = [np.square(each[s][image] - each[s][partner]).sum(axis=-1) for each in (before, after)]
        values = np.where(usable[image] & usable[partner], np.mean(both_ways, axis=0), np.nan)
        scales.append(scale_cells(values, image, partner, n))
    return Cells(
        patients=np.arange(n),
        drift=np.stack([distance(before[s], after[s]) for s in range(seeds)], axis=1),
        cross=pairs(before, after),
        floor_tl=pairs(before, before),
        floor_ft=pairs(after, after),
        scale=np.stack(scales, axis=1),
    )


@dataclass(frozen=True)
class MapCell:
    """Studies of maps; see `Cell`. All architectures and methods are alike in truth.

    Attributes:
        move, erratic: strength of what every training adds to the blobs of a patient's map, and of what each
            training adds for itself.
        seed: what a training adds to all patients alike.
        first: the first architecture's `seed` over that of the others.
        null: before and after are drawn alike, as trainings of one recipe.
    """

    name: str
    patients: int = 60
    seeds: int = 3
    methods: int = 2
    move: float = 1.5
    erratic: float = 0.6
    seed: float = 0.1
    first: float = 1.0
    null: bool = False


def study_of_maps(cell: MapCell, rng: np.random.Generator) -> Measured:
    """One simulated study of maps, through drift tables and the common cohort."""
    tables = [_built(_maps(cell, rng, name, number)) for number, name in enumerate(ARCHITECTURES)]
    pairs = joined([pa.table(table) for table in tables])
    seeds = tuple(range(1, cell.seeds + 1))
    found = quantities_of(pairs, common_cohort(pairs), seeds)
    return {(key[0], key[2]): each for (key, measure), each in found.items() if measure == MOVED_SHARE}


def _built(maps: ArchitectureMaps) -> dict[str, Any]:
    """The drift table's columns. Measures that no claim rests on are left out: most of the time."""
    params = Drift(area=0.2, curve=[], draws=3, seed=0)
    with mock.patch.multiple(measuring, describe=_describe, measure=_measure):
        return build(maps, params)[0]


@dataclass(frozen=True)
class _Described:
    """What is left of the features of maps."""

    status: np.ndarray
    top: dict[float, areas.AreaSets]
    pattern: np.ndarray


def _describe(canvases: Any, shares: Sequence[float]) -> Any:
    values = canvases.values.reshape(len(canvases.values), -1)
    ascending, _ = areas.in_order(values)
    top = {share: areas.top_area(values, ascending, share) for share in shares}
    nothing = np.zeros((len(values), 1), np.float32)  # the agreement of methods is not asked for
    return _Described(canvases.status, top, nothing)


def _measure(
    features: Any, before: np.ndarray, after: np.ndarray, area: float, *_: object
) -> dict[str, np.ndarray]:
    usable = np.maximum(features.status[before], features.status[after]) == OK
    moved = areas.moved_share(features.top[area], before, after, area)
    nothing = np.full(len(before), np.nan, np.float32)
    rest = dict.fromkeys(("displacement", "correlation", "concentration", "overlap", "entropy"), nothing)
    return {MOVED_SHARE: np.where(usable, moved, np.nan).astype(np.float32), **rest}


@functools.cache
def _blobs(count: int = 12, grid: int = 8) -> np.ndarray:
    centres = stream("calibration", "blobs").uniform(0, grid, (count, 2))
    row, column = np.mgrid[:grid, :grid]
    squared = (row - centres[:, 0, None, None]) ** 2 + (column - centres[:, 1, None, None]) ** 2
    return np.exp(-squared / (2 * 1.5**2)).reshape(count, -1)


def _maps(cell: MapCell, rng: np.random.Generator, name: str, number: int) -> ArchitectureMaps:
    blobs, n, seeds = _blobs(), cell.patients, cell.seeds
    strength = cell.seed * (cell.first if number == 0 else 1.0)
    # one direction for all architectures and methods, so that they are alike in truth
    direction = stream("calibration", "move").normal(size=len(blobs))
    signed = {}
    training = rng.normal(size=(2, seeds, 1, len(blobs)))
    for method in METHODS[: cell.methods]:
        base = np.abs(rng.normal(size=(n, len(blobs)))) + 0.5
        of_training = strength * (training + rng.normal(size=training.shape)) / np.sqrt(2)
        own = cell.erratic * rng.normal(size=(2, seeds, n, len(blobs)))
        weights = base + of_training + own
        if not cell.null:
            weights[0] = base + (own[0] + of_training[0]) / 10  # transfer learning repeats itself closely
            weights += cell.move / 2 * np.reshape([-1, 1], (2, 1, 1, 1)) * direction
        signed["penultimate", method] = (weights @ blobs).reshape(2, seeds, n, 8, 8).astype(np.float32)
    ids = np.array([f"{at:03d}.png" for at in range(n)])
    return ArchitectureMaps(
        architecture=name,
        seeds=tuple(range(1, seeds + 1)),
        classes=("one", "other"),
        image_ids=ids,
        patient_ids=ids,
        labels=np.zeros(n, int),
        content=np.tile([0, 0, 64, 64], (n, 1)),
        size=64,
        predicted=np.zeros((2, seeds, n), int),
        signed=signed,
        explained={key: np.ones(n, bool) for key in signed},
        families=dict.fromkeys(METHODS[: cell.methods], "cam"),
        score=["centred"],
        target=["label"],
        constant_gradient={},
        rectified={},
        not_defined=(),
        versions={},
    )


def judged(measured: Measured) -> list[Claim]:
    """The recipe's claims, by the code that compare uses."""
    methods = list(dict.fromkeys(method for _, method in measured))
    return make_claims(measured, ARCHITECTURES, methods, RULES, lambda *_: False, "recipe")


def outcomes(cell: Cell, studies: int) -> dict[str, tuple[int, int]]:
    """How often each thing happened, and of how many: counts over simulated studies."""
    counts: dict[str, list[bool]] = {}
    for number in range(studies):
        measured = study(cell, stream("calibration", cell.name, *map(str, vars(cell).values()), number))
        for name, happened in (*_errors(cell, judged(measured)), *_coverage(cell, measured)):
            counts.setdefault(name, []).append(happened)
    return {name: (sum(values), len(values)) for name, values in counts.items()}


def outcomes_of_maps(cell: MapCell, studies: int) -> dict[str, tuple[int, int]]:
    """The same on maps: nothing is different in truth, and under the null nothing has moved."""
    truth = Cell(cell.name, null=cell.null)
    # the first architecture's drift differs in truth where it is noisier, by what is not known
    wanted = "false moved" if cell.first != 1 else ("false", "difference p")
    counts: dict[str, list[bool]] = {}
    drift: list[float] = []
    for number in range(studies):
        random = stream("calibration", "maps", *map(str, vars(cell).values()), number)
        claims = judged(study_of_maps(cell, random))
        for name, happened in _errors(truth, claims):
            if name.startswith(wanted) and name != "false refuted":
                counts.setdefault(name, []).append(happened)
        drift += [each.drift for each in claims if each.kind == "moved"]
    print(f"{cell.name}: mean drift {np.mean(drift):.2f}, its standard deviation {np.std(drift):.3f}")
    return {name: (sum(values), len(values)) for name, values in counts.items()}


def _errors(cell: Cell, claims: Sequence[Claim]) -> Iterator[tuple[str, bool]]:
    """What is right and what is wrong about a study's claims."""
    wrong = dict.fromkeys(("moved", "difference", "reversal", "primary reversal", "refuted"), False)
    for claim in claims:
        real = _real(cell, claim)
        supported = claim.verdict == "supported"
        if claim.kind == "difference":
            right = supported and claim.estimate * real > 0
            wrong["difference"] |= supported and not right
            if real == 0:
                yield f"difference p < {TAIL:g}", claim.p < TAIL
            else:
                yield "difference found", right
        elif claim.kind == "moved":
            wrong["moved"] |= supported and real == 0
            if real > 0:
                yield "moved found", supported
        elif claim.kind == "reversal":
            name = "primary reversal" if claim.family == "primary" else "reversal"
            wrong[name] |= supported and real == 0
            if real > 0:
                yield f"{name} found", supported
        if claim.kind in ("difference", "reversal") and abs(real) >= RULES.margin - 1e-9:
            wrong["refuted"] |= claim.verdict == "refuted"
    for name, happened in wrong.items():
        yield f"false {name}", happened


def _real(cell: Cell, claim: Claim) -> float:
    """The true size of what is claimed; below 0 where the first architecture is the more stable."""
    arch = ARCHITECTURES.index(claim.arch)
    method = METHODS.index(claim.method)
    if claim.kind in ("moved", "preserved"):
        return cell.shared(arch, method)
    other = ARCHITECTURES.index(claim.other)
    here = cell.drift(arch, method) - cell.drift(other, method)
    if claim.kind == "difference":
        return round(here, 12)
    against = METHODS.index(claim.against)
    there = cell.drift(arch, against) - cell.drift(other, against)
    return min(abs(here), abs(there)) if here * there < -1e-18 else 0.0


def _coverage(cell: Cell, measured: Measured) -> Iterator[tuple[str, bool]]:
    """Whether intervals at 95 % each, as in the drift table, contain the truth."""
    for kind in ("drift", "shared"):
        parts = moderated({key: getattr(each, kind) for key, each in measured.items() if getattr(each, kind)})
        truth = {"drift": cell.drift, "shared": cell.shared}[kind]
        real = {key: truth(ARCHITECTURES.index(key[0]), METHODS.index(key[1])) for key in parts}
        for key, part in parts.items():
            found = estimate([part], "recipe")
            if found.known:
                low, high = found.interval()
                yield f"{kind} covered", low <= real[key] <= high
        if kind == "drift":
            for method in METHODS[: cell.methods]:
                for one, other in combinations(ARCHITECTURES, 2):
                    low, high = estimate([parts[one, method], -parts[other, method]], "recipe").interval()
                    yield "difference covered", low <= real[one, method] - real[other, method] <= high


def share(counts: tuple[int, int] | None) -> str:
    """`3.1 % [2.1, 4.4]`: a share with its exact binomial 95 % interval."""
    if counts is None:
        return "-"
    low, high = binomtest(*counts).proportion_ci()
    return f"{100 * counts[0] / counts[1]:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"


SIZES = [(patients, methods) for patients in (60, 150) for methods in (2, 6)]
ERRORS = [
    *(Cell("equal noise", patients=p, methods=m) for p, m in SIZES),
    *(Cell("equal, much noise", patients=p, methods=m, seed_sd=0.04) for p, m in SIZES),
    *(Cell("one architecture noisier", patients=p, methods=m, first=4) for p, m in SIZES),
    Cell("one noisier, under one method more drift", first=4, extra=0.1, seed_sd=0.01),
    Cell("heavy tails", heavy=True, seed_sd=0.02),
    Cell("seeds interact with patients", interact=True, erratic=0.3),
    Cell("two seeds", seeds=2),
    Cell("five seeds, one noisier", seeds=5, first=4),
    Cell("methods explained in part", explained=0.4),
    Cell("next to no drift", move=0.01, erratic=0.005, seed_sd=0.002),
    Cell("at the margin", extra=RULES.margin, extra_other=RULES.margin),
    *(Cell("null of moved", patients=p, methods=m, null=True, seed_sd=0.02) for p, m in SIZES),
    Cell("null of moved, one noisier", null=True, seed_sd=0.02, first=4, erratic=0.3),
    Cell("null of moved, five seeds", null=True, seed_sd=0.02, seeds=5),
]
WRONG = (
    *("false difference", "false moved", "false primary reversal", "false reversal", "false refuted"),
    f"difference p < {TAIL:g}",
)
COVERED = ("drift covered", "shared covered", "difference covered")
OF_MAPS = [
    MapCell("equal"),
    MapCell("next to no drift", move=0.05, erratic=0.05, seed=0.02),
    MapCell("drift near 1", move=12, erratic=0.6, seed=0.5),
    MapCell("null of moved", null=True, move=0),
    MapCell("null of moved, one noisier", null=True, move=0, first=3),
    MapCell("null of moved, six methods", null=True, move=0, methods=6),
]


def table(cells: Sequence[Any], found: Sequence[dict[str, tuple[int, int]]], names: Sequence[str]) -> str:
    """A Markdown table, a row a cell."""
    lines = [
        f"| truth | patients, seeds, methods | {' | '.join(names)} |",
        "|---|---|" + "---|" * len(names),
    ]
    for cell, counts in zip(cells, found, strict=True):
        shares = " | ".join(share(counts.get(name)) for name in names)
        lines.append(f"| {cell.name} | {cell.patients}, {cell.seeds}, {cell.methods} | {shares} |")
    return "\n".join(lines)


def run(
    function: Any, cells: Sequence[Any], studies: int, processes: int
) -> list[dict[str, tuple[int, int]]]:
    """The outcomes of every cell, in order."""
    with ProcessPoolExecutor(processes) as pool:
        jobs = pool.map(function, cells, [studies] * len(cells))
        found = []
        for cell, counts in zip(cells, Progress(jobs, total=len(cells), unit="cell"), strict=True):
            found.append(counts)
            print(f"{cell.name}: done", flush=True)
        return found


def power_cells(seed_sd: float) -> list[Cell]:
    """Size of effect, patients and seeds, for six methods as in the default study."""
    return [
        Cell("power", patients, seeds, seed_sd=seed_sd, extra=effect, extra_other=-effect)
        for seeds in (3, 5, 10)
        for patients in (60, 150)
        for effect in (0.05, 0.1, 0.15)
    ]


def draw_power(frame: pd.DataFrame, path: Path) -> None:
    """Power against the size of the effect, a line a number of patients."""
    dashes = dict(zip((60, 150), ((0, (3, 2)), "-"), strict=True))
    colours = dict(zip(sorted(frame["seed_sd"].unique()), COLOURS, strict=False))
    with figure_style():
        figure = new_figure(9.6, 7.6)
        write(figure, 0.7, 0.18, "How many patients and seeds does it take?", size=13, weight="bold")
        about = "Share of simulated studies in which what is true is called supported"
        write(figure, 0.7, 0.5, f"{about}. Three architectures, six methods.", color=QUIET)
        panels = [("difference", "a difference"), ("primary reversal", "a reversal (primary)")]
        for row, (kind, what) in enumerate(panels):
            for column, seeds in enumerate((3, 5, 10)):
                axes = add_axes(figure, 0.7 + 3.0 * column, 1.45 + 3.1 * row, 2.6, 2.3)
                chosen = frame[(frame["what"] == kind) & (frame["seeds"] == seeds)]
                for (sd, patients), part in chosen.groupby(["seed_sd", "patients"]):
                    axes.plot(
                        part["size"],
                        part["found"] / part["of"],
                        color=colours[sd],
                        ls=dashes[patients],
                        lw=1.5,
                    )
                axes.set_ylim(0, 1)
                axes.axhline(0.8, color=QUIET, lw=0.8)
                axes.grid(color=GRID, lw=0.8)
                axes.set_title(f"{what}, {seeds} seeds", size=10, loc="left")
                axes.set_xlabel("size, moved share", size=8.5)
        handles = [
            *(Line2D([], [], color=c, label=f"seeds differ by {sd:g}") for sd, c in colours.items()),
            *(Line2D([], [], color=QUIET, ls=dash, label=f"{n} patients") for n, dash in dashes.items()),
        ]
        add_legend(figure, 0.7, 0.8, 8.6, handles)
        save_png(figure, path)


def power(studies: int, processes: int, out: Path) -> None:
    """Simulate, write power.csv and power.png."""
    rows = []
    for seed_sd in (0.01, 0.04):
        cells = power_cells(seed_sd)
        for cell, counts in zip(cells, run(outcomes, cells, studies, processes), strict=True):
            for what in ("difference", "primary reversal"):
                hits = counts.get(f"{what} found", (0, 0))
                rows.append((what, seed_sd, cell.patients, cell.seeds, cell.extra, *hits))
    columns = ["what", "seed_sd", "patients", "seeds", "size", "found", "of"]
    frame = pd.DataFrame(rows, columns=columns)
    frame.to_csv(out / "power.csv", index=False, float_format="%.4g", lineterminator="\n")
    draw_power(frame, out / "power.png")


def main() -> None:
    """Run the simulations and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--studies", type=int, default=1000, help="simulated studies a cell or point")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--maps", action="store_true", help="simulate maps")
    parser.add_argument("--power", action="store_true", help="simulate the power")
    parser.add_argument("--only", default="", help="cells whose name begins so")
    parser.add_argument("--out", type=Path, help="a folder for power.png and power.csv")
    args = parser.parse_args()
    if args.power:
        power(args.studies, args.processes, args.out)
        return
    cells: list[Any] = [
        cell for cell in (OF_MAPS if args.maps else ERRORS) if cell.name.startswith(args.only)
    ]
    found = run(outcomes_of_maps if args.maps else outcomes, cells, args.studies, args.processes)
    print("\nFalse findings in a family (at most 5 % wanted); a single test at 0.1 % for contrast\n")
    print(table(cells, found, WRONG))
    if not args.maps:
        print("\nHow often 95 % intervals of the recipe contain the truth (93 to 98 % wanted)\n")
        print(table(cells, found, COVERED))


if __name__ == "__main__":
    main()
