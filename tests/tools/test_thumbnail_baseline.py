"""The gate of CI's run on real radiographs: a checkpoint must beat a linear model on thumbnails."""

import numpy as np
import pytest

from evidrift.images.store import ImageStore, write_store
from evidrift.training.predictions import write_predictions
from tools import thumbnail_baseline


@pytest.fixture
def store(tmp_path):
    """Two classes that brightness alone tells apart on all but one of the eight test images."""
    generator = np.random.default_rng(0)
    rows = [
        (split, f"{split}{n:02}", n % 2)
        for split, count in (("train", 40), ("test", 8))
        for n in range(count)
    ]
    rows.sort(key=lambda row: (("train", "validation", "test").index(row[0]), row[1]))
    films = [
        generator.normal(80 + 80 * label, 5, (32, 32)).clip(0, 255).astype(np.uint8) for _, _, label in rows
    ]
    films[-1] = np.full((32, 32), 80, np.uint8)  # label 1, as dark as label 0
    path = tmp_path / "store.h5"
    write_store(
        path,
        classes=["a", "b"],
        size=32,
        image_ids=[name for _, name, _ in rows],
        patient_ids=[name for _, name, _ in rows],
        labels=[label for _, _, label in rows],
        splits=[split for split, _, _ in rows],
        content=[(0, 0, 32, 32)] * len(rows),
        pixels=films,
    )
    return path


def predictions(tmp_path, wrong):
    """A checkpoint that is wrong on the first `wrong` of the eight test images."""
    labels = np.arange(8) % 2
    shown = np.where(np.arange(8) < wrong, 1 - labels, labels)
    path = tmp_path / f"{wrong}" / "tl" / "predictions.parquet"
    ids = np.array([f"test{n:02}" for n in range(8)])
    write_predictions(path, ids, labels, np.stack([1.0 - shown, 0.0 + shown], axis=1), ("a", "b"))
    return path


def exit_code(monkeypatch, *arguments):
    monkeypatch.setattr("sys.argv", ["thumbnail_baseline", *map(str, arguments)])
    with pytest.raises(SystemExit) as left:
        thumbnail_baseline.main()
    return left.value.code


def test_the_linear_model_is_right_on_seven_of_eight(store):
    assert thumbnail_baseline.baseline_accuracy(ImageStore(store)) == 7 / 8


def test_accuracy_of_a_checkpoint_is_counted_from_its_logits(tmp_path):
    assert thumbnail_baseline.checkpoint_accuracy(predictions(tmp_path, wrong=2)) == 6 / 8


def test_a_checkpoint_that_only_equals_the_baseline_fails(store, tmp_path, monkeypatch):
    better, equal = predictions(tmp_path, wrong=0), predictions(tmp_path, wrong=1)
    assert exit_code(monkeypatch, store, better) == 0
    assert exit_code(monkeypatch, store, better, equal) == 1
