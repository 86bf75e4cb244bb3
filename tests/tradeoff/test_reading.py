"""From files to the curve: a small sweep of made-up maps and predictions on disk."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from evidrift.base.errors import UserError
from evidrift.base.grid import Grid
from evidrift.base.table import write_frame
from evidrift.check.tables import FAITHFULNESS, RANDOMISATION, SCHEMAS
from evidrift.drift.params import Drift
from evidrift.images.store import STORE, write_store
from evidrift.maps.mapfile import CheckpointMaps, LayerMaps, Origin, write_maps
from evidrift.networks.files import PREDICTIONS
from evidrift.tradeoff.evidence import PRIMARY
from evidrift.tradeoff.params import Tradeoff
from evidrift.tradeoff.points import PLAIN, TL, Point
from evidrift.tradeoff.reading import Files, gather
from evidrift.training.predictions import write_predictions
from tests.images.stores import list_manifest
from tests.tradeoff.made import checks_of

ARCH, SIZE, CLASSES = "densenet_mini", 32, ("covid19", "normal")
GRID = Grid(architectures=[ARCH], seeds=[3, 5], families=["cam", "perturbation"])
SWEEP = Tradeoff(architectures=[ARCH], strategies=["wise"], strengths=["low"])
PARAMS = Drift(area=0.25, curve=[], draws=2, seed=0)
WISE = Point("wise", "low")
IDS = np.array([f"{at}.png" for at in range(6)])
LABELS = np.arange(6) % 2
FEW = np.array([0, 3])  # images of which the second family has maps


def quarter(at: int) -> np.ndarray:
    """A map whose evidence fills one quarter of the image, and so moves wholly to another one."""
    signed = np.zeros((4, 4), np.float32)
    row, column = divmod(at % 4, 2)
    signed[2 * row : 2 * row + 2, 2 * column : 2 * column + 2] = 1
    return signed


def logits_of(wrong: int) -> np.ndarray:
    """Logits that are wrong for the last `wrong` images."""
    return np.eye(2, dtype=np.float32)[np.where(np.arange(6) >= 6 - wrong, 1 - LABELS, LABELS)]


def write_point(folder: Path, moved: int, wrong: int) -> None:
    """Map files of a checkpoint whose evidence moved in the first `moved` images, beside those of tl."""
    for seed, (family, method, chosen) in product(
        GRID.seeds, (("cam", "layer_cam", np.arange(6)), ("perturbation", "occlusion", FEW))
    ):
        before = np.stack([quarter(0) for _ in chosen])
        after = np.stack([quarter(1 if at < moved else 0) for at in chosen])
        both = {
            name: CheckpointMaps(
                LABELS[chosen],
                logits_of(mistakes)[chosen],
                {"penultimate": LayerMaps("relu", True, False, {method: maps}, ())},
            )
            for name, maps, mistakes in (("tl", before, 2), ("ft", after, wrong))
        }
        origin = Origin(ARCH, seed, family, "centred", "label", SIZE, CLASSES, {}, {"tl": "0", "ft": "1"})
        content = np.tile([0, 0, SIZE, SIZE], (len(chosen), 1))
        write_maps(folder / f"{seed}-{family}.h5", origin, IDS[chosen], content, both)


def write_right(folder: Path, wrong: int) -> None:
    """Predictions that are wrong for the last `wrong` images."""
    write_predictions(folder / PREDICTIONS, IDS, LABELS, logits_of(wrong), CLASSES)


def write_checks(folder: Path, gain: float) -> None:
    for name, rows in zip((FAITHFULNESS, RANDOMISATION), checks_of(gain), strict=True):
        write_frame(folder / name, rows, SCHEMAS[name])


@pytest.fixture
def files(tmp_path) -> Files:
    images = tmp_path / "images"
    images.mkdir()
    rows = [f"{name},{name},{CLASSES[at % 2]},p{at},test,32,32,0," for at, name in enumerate(IDS)]
    head = "image_id,path,label,patient_id,split,width,height,sha256,identical_to"
    (images / "manifest.csv").write_text("\n".join([head, *rows]) + "\n")
    left = np.zeros((SIZE, SIZE), bool)
    left[:, : SIZE // 2] = True
    write_store(
        images / STORE,
        classes=CLASSES,
        image_ids=IDS,
        patient_ids=[f"p{at}" for at in range(6)],
        labels=LABELS,
        splits=["test"] * 6,
        content=np.tile([0, 0, SIZE, SIZE], (6, 1)),
        pixels=np.zeros((6, SIZE, SIZE), np.uint8),
        lungs=[left] * 6,
        size=SIZE,
    )
    list_manifest(images)
    found = Files(images, *(tmp_path / name for name in ("models", "maps", "checks", "treated", "judged")))
    for seed in GRID.seeds:
        write_right(found.models / str(seed) / "tl", 2)
        write_right(found.models / str(seed) / "ft", 0)
        write_right(found.treated / WISE.folder / str(seed), 1)
    write_point(found.maps, moved=4, wrong=0)
    write_point(found.judged / WISE.folder / "maps", moved=1, wrong=1)
    write_checks(found.checks, 0.1)
    write_checks(found.judged / WISE.folder / "checks", 0.3)
    return found


def test_predictions_moved_shares_places_and_checks_of_every_point_are_read(files):
    evidence, checks = gather(ARCH, GRID, SWEEP, PARAMS, files)
    assert evidence.points == (PLAIN, WISE)
    wrong = {point: (~right).sum(axis=0).tolist() for point, right in evidence.right.items()}
    assert wrong == {TL: [2, 2], PLAIN: [0, 0], WISE: [1, 1]}
    for point, moved in ((PLAIN, 4), (WISE, 1)):
        cells = evidence.moved[PRIMARY][point]
        expected = np.repeat([[1.0], [0.0]], [moved, 6 - moved], axis=0)
        # at the quarter's edge, where the canvas is interpolated, a few cells are shared
        np.testing.assert_allclose(cells.drift, np.tile(expected, (1, 2)), atol=0.1)
        np.testing.assert_allclose(cells.cross, expected, atol=0.1)
        assert np.all(cells.floor_ft == 0)
        occlusion = evidence.moved["penultimate", "occlusion"][point]
        assert np.isfinite(occlusion.drift).all(axis=1).tolist() == [at in FEW for at in range(6)]
        shift = evidence.places["lungs"][point] - evidence.places["lungs"][TL]
        assert (shift[:moved] < -0.5).all()  # from the left half to the right one
        assert np.abs(shift[moved:]).max(initial=0) < 1e-6
    assert "finding" not in evidence.places
    assert checks[WISE].faithfulness["insertion"].mean() == pytest.approx(0.9)


def test_a_point_outside_the_sweep_is_refused(files):
    with pytest.raises(UserError, match="wise-low is outside the grid"):
        gather(ARCH, GRID, Tradeoff(architectures=[ARCH], strategies=[], strengths=[]), PARAMS, files)


def test_without_layer_cam_at_penultimate_there_is_no_curve(files):
    only = GRID.model_copy(update={"families": ["perturbation"]})
    for folder in (files.maps, files.judged / WISE.folder / "maps"):
        for path in folder.glob("*-cam.h5"):
            path.unlink()
    with pytest.raises(UserError, match=r"no maps of layer_cam at penultimate.*explain\.cam"):
        gather(ARCH, only, SWEEP, PARAMS, files)


def test_predictions_of_other_images_are_refused(files):
    folder = files.treated / WISE.folder / "3"
    write_predictions(folder / PREDICTIONS, IDS[::-1], LABELS, np.eye(2)[LABELS], CLASSES)
    with pytest.raises(UserError, match="other images"):
        gather(ARCH, GRID, SWEEP, PARAMS, files)


@pytest.mark.parametrize("place", ["treated/wise-low/5", "models/5/tl", "models/5/ft"])
def test_maps_of_other_weights_than_the_predictions_are_of_are_refused(files, place):
    write_right(files.models.parent / place, 4)
    with pytest.raises(UserError, match="holds maps of other weights than the predictions of "):
        gather(ARCH, GRID, SWEEP, PARAMS, files)
