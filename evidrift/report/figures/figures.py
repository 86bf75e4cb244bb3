"""All figures of a study, from its result and the files that compare reads."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import softmax

from evidrift.base.progress import Progress
from evidrift.compare.findings.signs import signs, signs_of_methods
from evidrift.compare.result import Result
from evidrift.compare.study import Study
from evidrift.images.store import Images, ImageStore
from evidrift.maps.mapfile import CHECKPOINTS, MapFile
from evidrift.measures.canvas import draw
from evidrift.measures.of_pairs import MOVED_SHARE
from evidrift.report.figures.cases import LAYER, METHOD, Choice, choose_cases, shown_pairs
from evidrift.report.figures.curves import training_curves
from evidrift.report.figures.overlay import Film
from evidrift.report.figures.panels import Case, case_panel, heading_of
from evidrift.report.figures.ranking import ranking_figure
from evidrift.report.figures.shapes import film_shapes
from evidrift.report.figures.specification_curve import specification_curve
from evidrift.report.figures.trajectory import trajectory_figure
from evidrift.report.figures.verdict import Limits, verdict_figure


@dataclass(frozen=True)
class Sources:
    """Where the figures' material lies.

    Attributes:
        maps: folder of map files, one folder an architecture.
        store: the prepared store.
    """

    maps: Path
    store: Path


def draw_figures(folder: Path, study: Study, result: Result, sources: Sources, n_cases: int) -> None:
    """Write training_curves.png, verdicts.png, ranking.png and cases_<architecture>.png.

    And along_training.png where epochs were kept, specification_curve.png where there are architectures to
    compare.

    Args:
        folder: to write to.
        study: every drift table and training metrics.
        result: of `compare`.
        sources: maps and films.
        n_cases: rows of a panel.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _draw_curves(folder / "training_curves.png", study)
    _draw_verdicts(folder / "verdicts.png", result)
    if len(result.multiverse):
        specification_curve(result.multiverse, folder / "specification_curve.png")
    _draw_ranking(folder / "ranking.png", result)
    if result.courses:
        trajectory_figure(result.courses, folder / "along_training.png")
    images = ImageStore(sources.store).split("test")
    seed = study.seeds[0]
    marked = signs(result.marks)
    for architecture in Progress(study.architectures, desc="panels", unit="architecture"):
        table = study.pairs[study.pairs["arch"] == architecture]
        choices = choose_cases(table, seed, n_cases)
        files = [sources.maps / architecture / f"{seed}-{family}.h5" for family in study.families]
        shapes = film_shapes(sources.store, images.ids)
        cases = list(_cases(choices, table, files, images, shapes, seed))
        reservation = marked.get((architecture, LAYER, METHOD), "")
        heading = heading_of(architecture, seed, reservation)
        case_panel(cases, heading, result.area, folder / f"cases_{architecture}.png")


def _draw_curves(path: Path, study: Study) -> None:
    runs = [(architecture, seed) for architecture in study.architectures for seed in study.seeds]
    histories = {
        run: {checkpoint: study.histories[*run, checkpoint] for checkpoint in CHECKPOINTS} for run in runs
    }
    chosen = {
        run: {checkpoint: study.training[*run, checkpoint]["epoch"] for checkpoint in CHECKPOINTS}
        for run in runs
    }
    training_curves(histories, chosen, path)


def _draw_ranking(path: Path, result: Result) -> None:
    """The study's figure 2."""
    cohort = result.cohort
    patients = cohort.n_patients if result.patients_known else None
    by_method = signs_of_methods(result.marks)
    n_images = len(cohort.image_ids)
    ranking_figure(result.drift, result.alike, n_images, patients, result.area, by_method, path)


def _draw_verdicts(path: Path, result: Result) -> None:
    everywhere = [caveat.key for caveat in result.caveats if caveat.about is None]
    own = {
        (arch, method): sign for (arch, layer, method), sign in signs(result.marks).items() if layer == LAYER
    }
    limits = Limits(result.margin, result.preserved)
    verdict_figure(result.claims, result.architectures, limits, own, everywhere, path)


def _cases(
    choices: list[Choice],
    table: pd.DataFrame,
    files: list[Path],
    images: Images,
    shapes: np.ndarray,
    seed: int,
) -> Iterator[Case]:
    """The chosen images with their film and maps, of one of the families' map files."""
    if not choices:  # of a method or layer that was not computed, there are no maps
        return
    maps = next(file for file in map(MapFile, files) if (LAYER, METHOD) in file.methods())
    rows = shown_pairs(table, seed).set_index("image_id")
    at = _places(choices, maps.image_ids())
    films = _places(choices, images.ids)
    before, after = (_canvases(maps, checkpoint, at) for checkpoint in CHECKPOINTS)
    probabilities = [
        softmax(maps.logits(checkpoint)[at].astype(np.float64), axis=1) for checkpoint in CHECKPOINTS
    ]
    for number, (choice, image) in enumerate(zip(choices, films, strict=True)):
        row = rows.loc[choice.image_id]
        own = [float(each[number, images.labels[image]]) for each in probabilities]
        top, left, bottom, right = (int(edge) for edge in images.content[image])
        width, height = (int(side) for side in shapes[image])
        yield Case(
            label=str(row["label"]),
            reason=choice.reason,
            film=Film(images.pixels[image], (top, left, bottom, right), (width, height)),
            before=before[number],
            after=after[number],
            probability=(own[0], own[1]),
            predicted=(str(row["pred_before"]), str(row["pred_after"])),
            moved_share=float(row[MOVED_SHARE]),
            displacement=float(row["displacement"]),
        )


def _places(choices: list[Choice], image_ids: np.ndarray) -> list[int]:
    place = {image_id: at for at, image_id in enumerate(image_ids)}
    return [place[choice.image_id] for choice in choices]


def _canvases(maps: MapFile, checkpoint: str, at: list[int]) -> np.ndarray:
    return draw(maps.maps(checkpoint, LAYER, METHOD)[at], maps.content()[at], maps.origin.size).values
