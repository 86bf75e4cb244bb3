"""Are the verdicts right as often as they say? Studies whose truth is known, judged by evidrift's own code.

    python -m benchmarks.calibration --out docs/results

A simulated study has three architectures, two methods that can disagree, three seeds and 60 patients with one
image each. Drift of a patient's image under a seed is the sum of the architecture's and method's mean, the
patient's own part, the seed's own part, and the rest; floor and chance likewise (`Noise`). The figures of the
noise are those of the default study. Three nulls:

    none            no difference between architectures at all
    one method      one architecture drifts more, under the first method only: the hard case for reversals
    both methods    it drifts more under both methods by the same

No reversal is there in any of them; differences are there between the first architecture and the others
where one was planted.
"""

import argparse
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D
from scipy.stats import binomtest
from tqdm import tqdm

from evidrift.base.seeds import stream
from evidrift.claims.claim import ALPHA, Claim, Rules
from evidrift.claims.decide import make_claims
from evidrift.claims.excess import Cells, chance_cells, excess
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
METHODS = ("first", "second")
NULLS = ("none", "one method", "both methods")
SEED_SDS = (0.0, 0.02, 0.05)
EFFECT = 0.1  # of the planted difference, in overlap: 0.3 of the way from floor to chance
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
    if null == "reversal":
        shift[0] = effect, -effect
    else:
        shift[0, : NULLS.index(null)] = effect
    return shift


class Cell(NamedTuple):
    """Which studies are simulated."""

    null: str
    effect: float
    seed_sd: float
    size: Size
    studies: int


def outcomes(cell: Cell) -> dict[str, tuple[int, int]]:
    """How often each thing happened, and of how many: counts over simulated studies."""
    noise, shift = Noise(), planted(cell.null, cell.effect)
    truth = truths(shift, noise)
    counts: dict[str, list[bool]] = {}
    for number in range(cell.studies):
        names = (cell.null, *cell.size, str(cell.effect), str(cell.seed_sd))
        rng = stream("calibration", *names, number)
        claims = judged(study(rng, shift, cell.seed_sd, cell.size, noise))
        for name, happened in _judge(claims, truth):
            counts.setdefault(name, []).append(happened)
    return {name: (sum(values), len(values)) for name, values in counts.items()}


def _judge(claims: list[Claim], truth: dict[tuple[str, str], float]) -> Iterator[tuple[str, bool]]:
    """What is right and what is wrong about a study's claims."""
    false_difference = false_reversal = False
    for claim in claims:
        real = _real(claim, truth)
        supported, refuted = claim.verdict == "supported", claim.verdict == "refuted"
        # floats: a truth that lies at the margin is not below it
        matters = abs(real) > RULES.margin - 1e-9
        if claim.kind == "reversal":
            here, there = _lead(claim, claim.method, truth), _lead(claim, claim.against, truth)
            crossed = here - there
            yield "interaction covered", claim.interaction_low <= crossed <= claim.interaction_high
            if here * there < -1e-18:
                right = claim.interaction * crossed > 0
                yield "reversal found", supported and right
                false_reversal |= supported and not right
            else:
                false_reversal |= supported
        else:
            yield f"{claim.kind} covered", claim.low <= real <= claim.high
        if claim.kind == "difference":
            if abs(real) < 1e-9:
                false_difference |= supported
                yield "one t test at 5 %", claim.p < ALPHA
                yield "one Wilcoxon test at 5 %", claim.wilcoxon_p < ALPHA
            else:
                right = claim.estimate * real > 0
                yield "difference found", supported and right
                yield "wrong way round", supported and not right
                false_difference |= supported and not right
        if matters:
            yield f"{claim.kind} refuted though true", refuted
    yield "false difference in the family", false_difference
    yield "false reversal in the family", false_reversal


def _real(claim: Claim, truth: dict[tuple[str, str], float]) -> float:
    if claim.kind == "moved":
        return truth[claim.arch, claim.method]
    here = _lead(claim, claim.method, truth)
    if claim.kind == "difference":
        return here
    there = _lead(claim, claim.against, truth)
    return min(abs(here), abs(there)) if here * there < 0 else 0.0


def _lead(claim: Claim, method: str, truth: dict[tuple[str, str], float]) -> float:
    return truth[claim.arch, method] - truth[claim.other, method]


def truths(shift: np.ndarray, noise: Noise) -> dict[tuple[str, str], float]:
    """The normalised excess that each architecture and method has in truth."""
    values = (noise.drift + shift - noise.floor) / (noise.chance - noise.floor)
    return {
        (arch, method): float(values[at, place])
        for at, arch in enumerate(ARCHITECTURES)
        for place, method in enumerate(METHODS)
    }


def simulate(cells: Sequence[Cell], processes: int) -> list[dict[str, tuple[int, int]]]:
    """The outcomes of every cell, in order."""
    with ProcessPoolExecutor(processes) as pool:
        return list(tqdm(pool.map(outcomes, cells), total=len(cells), unit="cell", disable=None))


def share(counts: tuple[int, int] | None) -> str:
    """`3.1 % [2.1, 4.4]`: a share with its exact binomial 95 % interval."""
    if counts is None:
        return "-"
    low, high = binomtest(*counts).proportion_ci()
    return f"{100 * counts[0] / counts[1]:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"


WRONG = ("false difference in the family", "false reversal in the family")
CONTRAST = ("one t test at 5 %", "one Wilcoxon test at 5 %")
COVERED = ("moved covered", "difference covered", "interaction covered")
REFUTED = ("difference refuted though true", "reversal refuted though true")


def table(cells: Sequence[Cell], found: Sequence[dict[str, tuple[int, int]]], names: Sequence[str]) -> str:
    """A Markdown table, a row a cell."""
    lines = [f"| truth | seed sd | {' | '.join(names)} |", "|---|---|" + "---|" * len(names)]
    for cell, counts in zip(cells, found, strict=True):
        shares = " | ".join(share(counts.get(name)) for name in names)
        lines.append(f"| {cell.null} | {cell.seed_sd:g} | {shares} |")
    return "\n".join(lines)


def power_cells(studies: int) -> list[Cell]:
    """Size of effect, patients and seeds, at two sizes of the noise between seeds."""
    return [
        Cell(null, effect, seed_sd, Size(patients, seeds), studies)
        for null in ("one method", "reversal")
        for seed_sd in (0.02, 0.05)
        for seeds in (3, 5, 10)
        for patients in (30, 60, 120, 240)
        for effect in (0.033, 0.066, 0.1, 0.165)
    ]


def draw_power(cells: Sequence[Cell], found: Sequence[dict[str, tuple[int, int]]], path: Path) -> None:
    """Power against the size of the effect, a line a number of patients."""
    room = Noise().chance - Noise().floor
    dots = ((0, (1, 1)), (0, (3, 2)), (0, (6, 1)), "-")
    with figure_style():
        figure = new_figure(9.6, 7.6)
        write(figure, 0.7, 0.18, "How many patients and seeds does it take?", size=13, weight="bold")
        write(
            figure,
            0.7,
            0.5,
            "Share of simulated studies in which what is true is called supported, after Holm. Three "
            "architectures, two methods.",
            color=QUIET,
        )
        panels = [("one method", "a difference"), ("reversal", "a reversal")]
        for row, (null, what) in enumerate(panels):
            for column, seeds in enumerate((3, 5, 10)):
                axes = add_axes(figure, 0.7 + 3.0 * column, 1.45 + 3.1 * row, 2.6, 2.3)
                for seed_sd, colour in ((0.02, COLOURS[0]), (0.05, COLOURS[1])):
                    for patients, dash in zip((30, 60, 120, 240), dots, strict=True):
                        at = [
                            (cell.effect / room, counts[f"{what[2:]} found"])
                            for cell, counts in zip(cells, found, strict=True)
                            if (cell.null, cell.seed_sd, cell.size) == (null, seed_sd, Size(patients, seeds))
                        ]
                        powers = [hits / n for _, (hits, n) in at]
                        axes.plot([size for size, _ in at], powers, color=colour, ls=dash, lw=1.5)
                axes.set_ylim(0, 1)
                axes.axhline(0.8, color=QUIET, lw=0.8)
                axes.grid(color=GRID, lw=0.8)
                axes.set_title(f"{what}, {seeds} seeds", size=10, loc="left")
                axes.set_xlabel("size, share of the way", size=8.5)
        handles = [
            Line2D([], [], color=COLOURS[0], label="seeds differ by 0.02"),
            Line2D([], [], color=COLOURS[1], label="seeds differ by 0.05"),
            *(
                Line2D([], [], color=QUIET, ls=dash, label=f"{patients} patients")
                for patients, dash in zip((30, 60, 120, 240), dots, strict=True)
            ),
        ]
        add_legend(figure, 0.7, 0.8, 8.6, handles)
        save_png(figure, path)


def main() -> None:
    """Run the simulations and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--studies", type=int, default=1000, help="simulated studies a cell")
    parser.add_argument("--power-studies", type=int, default=100, help="the same, a point of the figure")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True, help="a folder for power.png and power.csv")
    args = parser.parse_args()
    margin = RULES.margin * (Noise().chance - Noise().floor)
    cells = [Cell(null, EFFECT, sd, Size(), args.studies) for null in NULLS for sd in SEED_SDS]
    at_margin = [
        Cell(null, margin, sd, Size(), args.studies)
        for null in ("both methods", "reversal")
        for sd in SEED_SDS
    ]
    found = simulate([*cells, *at_margin], args.processes)
    null, edge = found[: len(cells)], found[len(cells) :]
    for title, names in (
        ("False findings (at most 5 % wanted)", WRONG),
        ("A single test of a difference that does not exist, for contrast", CONTRAST),
        ("How often 95 % intervals of the recipe contain the truth (93 to 98 % wanted)", COVERED),
    ):
        print(f"\n{title}\n\n{table(cells, null, names)}")
    print("\nRefuted although the truth lies at the margin (at most 5 % wanted)\n")
    print(table(at_margin, edge, REFUTED), flush=True)
    points = power_cells(args.power_studies)
    powers = simulate(points, args.processes)
    draw_power(points, powers, args.out / "power.png")
    rows = [
        (cell.null, cell.seed_sd, *cell.size, cell.effect / (Noise().chance - Noise().floor), *hits)
        for cell, counts in zip(points, powers, strict=True)
        for hits in [counts["reversal found" if cell.null == "reversal" else "difference found"]]
    ]
    columns = ["truth", "seed_sd", "patients", "seeds", "size", "found", "of"]
    frame = pd.DataFrame(rows, columns=columns)
    frame.to_csv(args.out / "power.csv", index=False, float_format="%.4g", lineterminator="\n")


if __name__ == "__main__":
    main()
