import numpy as np
import pytest

from evidrift.images.planes import Planes
from evidrift.images.store import ImageStore, write_store


@pytest.fixture
def written() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (7, 4, 4), np.uint8)


@pytest.fixture
def planes(tmp_path, written) -> Planes:
    """The test split: the last five images."""
    write_store(
        tmp_path / "store.h5",
        classes=["normal"],
        size=4,
        image_ids=[f"{i}" for i in range(7)],
        patient_ids=["p"] * 7,
        labels=[0] * 7,
        splits=["train"] * 2 + ["test"] * 5,
        content=[(0, 0, 4, 4)] * 7,
        pixels=written,
        lungs=written > 99,
    )
    return ImageStore(tmp_path / "store.h5").split("test").pixels


@pytest.mark.parametrize(
    "at", [3, -1, slice(1, 4), np.array([4, 0, 0]), np.arange(5) % 2 == 0, np.array([], int)]
)
def test_indexing_gives_what_an_array_gives(planes, written, at):
    expected = written[2:][at]
    np.testing.assert_array_equal(planes[at], expected)
    assert planes[at].shape == expected.shape


def test_taken_planes_are_read_in_the_order_asked_for(planes, written):
    taken = planes.take(np.array([3, 1]), axis=0)
    np.testing.assert_array_equal(taken, written[2:][[3, 1]])
    np.testing.assert_array_equal(np.stack(list(taken)), written[2:][[3, 1]])


def test_nothing_is_read_before_it_is_asked_for(planes, tmp_path):
    taken = planes.take(np.array([0]))
    (tmp_path / "store.h5").unlink()
    with pytest.raises(FileNotFoundError):
        taken[0]
