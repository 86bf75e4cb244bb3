import numpy as np
import pytest

from evidrift.images.store import ImageStore, write_store


def content(n, **changes) -> dict:
    rng = np.random.default_rng(0)
    return {
        "classes": ["normal", "tuberculose évolutive"],
        "size": 4,
        "image_ids": [f"é{i}" for i in range(n)],
        "patient_ids": ["007"] * n,
        "labels": [i % 2 for i in range(n)],
        "splits": ["train"] * (n - 2) + ["validation", "test"],
        "content": [(0, 1, 4, 3)] * n,
        "pixels": rng.integers(0, 256, (n, 4, 4), np.uint8),
    } | changes


def test_a_split_comes_back_as_it_was_written(tmp_path):
    written = content(5)
    write_store(tmp_path / "store.h5", **written)
    store = ImageStore(tmp_path / "store.h5")
    images = store.split("train")
    assert (store.classes, store.size) == (("normal", "tuberculose évolutive"), 4)
    assert images.ids.tolist() == ["é0", "é1", "é2"]
    assert images.patient_ids.tolist() == ["007"] * 3
    assert images.labels.tolist() == [0, 1, 0]
    assert images.content.tolist() == [[0, 1, 4, 3]] * 3
    np.testing.assert_array_equal(images.pixels, written["pixels"][:3])
    assert images.lungs is None
    np.testing.assert_array_equal(store.split("test").pixels, written["pixels"][4:])


def test_masks_come_back_as_booleans(tmp_path):
    lungs = np.arange(5 * 16).reshape(5, 4, 4) % 3 == 0
    write_store(tmp_path / "store.h5", **content(5, lungs=lungs, findings=~lungs))
    images = ImageStore(tmp_path / "store.h5").split("validation")
    np.testing.assert_array_equal(images.lungs, lungs[3:4])
    np.testing.assert_array_equal(images.findings, ~lungs[3:4])
    assert images.lungs.dtype == bool


def test_a_split_without_images_is_empty(tmp_path):
    write_store(tmp_path / "store.h5", **content(3, splits=["train"] * 3))
    assert ImageStore(tmp_path / "store.h5").split("test").pixels.shape == (0, 4, 4)


@pytest.mark.parametrize("ids", [["b", "a", "c"], ["a", "a", "c"]])
def test_images_out_of_order_or_twice_are_refused(tmp_path, ids):
    with pytest.raises(ValueError, match="unique and in the order"):
        write_store(tmp_path / "store.h5", **content(3, image_ids=ids, splits=["train"] * 3))
