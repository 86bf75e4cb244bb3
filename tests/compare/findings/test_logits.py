from pathlib import Path

import numpy as np
import pytest

from evidrift.base.errors import UserError
from evidrift.compare.findings.logits import read_logits
from evidrift.training.predictions import write_predictions

IDS, LABELS, CLASSES = np.array(["n/0.png", "s/1.png"]), np.array([0, 1]), ("normal", "sick")
VALUES = np.array([[2.0, 1.0], [0.0, 1.0]])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two seeds of one architecture; ft of seed 7 takes the second image for normal."""
    for seed in (3, 7):
        write_predictions(
            tmp_path / "x" / str(seed) / "tl/predictions.parquet", IDS, LABELS, seed * VALUES, CLASSES
        )
        ft = VALUES if seed == 3 else np.array([[2.0, 1.0], [1.0, 0.0]])
        write_predictions(tmp_path / "x" / str(seed) / "ft/predictions.parquet", IDS, LABELS, ft, CLASSES)
    (tmp_path / "x/backbone.weights.h5").touch()
    return tmp_path


def test_logits_are_read_by_checkpoint_and_seed(folder: Path):
    found = read_logits(folder, ["x"], [7, 3])["x"]
    assert (found.classes, found.image_ids.tolist(), found.labels.tolist()) == (CLASSES, list(IDS), [0, 1])
    assert found.values[0].tolist() == [(7 * VALUES).tolist(), (3 * VALUES).tolist()]
    assert found.called.tolist() == [[[0, 1], [0, 1]], [[0, 0], [0, 1]]]


def test_right_images_are_right_in_both_checkpoints_of_every_seed(folder: Path):
    assert read_logits(folder, ["x"], [3, 7])["x"].right.tolist() == [True, False]


def test_runs_on_other_images_are_an_error_that_names_both_files(folder: Path):
    write_predictions(folder / "x/7/ft/predictions.parquet", IDS[::-1], LABELS, VALUES, CLASSES)
    with pytest.raises(UserError, match=r"x/7/ft/\S+ holds predictions of other images .*x/3/tl/"):
        read_logits(folder, ["x"], [3, 7])


def test_a_dropped_seed_left_behind_is_an_error(folder: Path):
    with pytest.raises(UserError, match="make prune"):
        read_logits(folder, ["x"], [3])
