"""The features file."""

import time

import numpy as np
import pytest

from evidrift.training.features import SPLITS, Features, read_features, write_features


def features():
    values = np.arange(12, dtype=np.float32).reshape(2, 2, 3)
    return Features(np.array(["a.png", "b.png"]), np.array([1, 0]), values, ("normal", "sick"))


def test_what_was_written_is_read(tmp_path):
    write_features(tmp_path / "features.h5", dict.fromkeys(SPLITS, features()))
    found = read_features(tmp_path / "features.h5", "validation")
    assert found.ids.tolist() == ["a.png", "b.png"]
    assert found.labels.tolist() == [1, 0]
    assert found.classes == ("normal", "sick")
    np.testing.assert_array_equal(found.values, features().values)


@pytest.mark.slow
def test_two_files_written_in_different_seconds_have_the_same_bytes(tmp_path):
    """HDF5 keeps times in seconds, so two quick writes would hide them."""
    write_features(tmp_path / "first.h5", dict.fromkeys(SPLITS, features()))
    time.sleep(1.1)
    write_features(tmp_path / "second.h5", dict.fromkeys(SPLITS, features()))
    assert (tmp_path / "first.h5").read_bytes() == (tmp_path / "second.h5").read_bytes()
