"""HDF5 whose file cannot be written is an error, and never the end of the process."""

import errno
import io

import h5py
import numpy as np
import pytest

from evidrift.base.files.hdf5 import Patient, writing_hdf5


def fill(file, n=40):
    numbers = np.random.default_rng(0)
    rows = file.create_dataset("rows", (0, 3000), maxshape=(None, 3000), chunks=(1, 3000), track_times=False)
    for at in range(n):
        file.create_dataset(f"{at}/x", data=numbers.random(500), track_times=False)
        rows.resize(at + 1, 0)
        rows[at] = numbers.random(3000)


class Failing(io.FileIO):
    """A file whose n-th write fails, and all later ones."""

    def __init__(self, path, n):
        super().__init__(path, "w+b")
        self.left = n

    def write(self, data):
        self.left -= 1
        if self.left < 0:
            raise OSError(errno.ENOSPC, "No space left on device", self.name)
        return super().write(data)


def test_what_is_written_is_read(tmp_path):
    with writing_hdf5(tmp_path / "x.h5") as file:
        fill(file)
    with h5py.File(tmp_path / "x.h5") as file:
        assert file["39/x"].shape == (500,)
        assert file["rows"][:].any(axis=1).all()


def test_the_same_twice_is_the_same_bytes(tmp_path):
    for name in "ab":
        with writing_hdf5(tmp_path / name) as file:
            fill(file)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("n", [0, 1, 2, 3, 10, 30, 60, 100])
def test_whichever_write_fails_hdf5_closes_in_peace_and_the_error_is_kept(tmp_path, n):
    with Failing(tmp_path / "x.h5", n) as raw:
        patient = Patient(raw)
        with h5py.File(patient, "w") as file:
            fill(file)
            assert file["0/x"].shape == (500,)
        assert patient.refused.errno == errno.ENOSPC


@pytest.mark.parametrize("n", [0, 1, 2])
def test_a_file_that_could_not_be_written_is_not_there(tmp_path, monkeypatch, n):
    def opened(path, mode, buffering):
        return io.BufferedRandom(Failing(path, n), 1 << 16)

    monkeypatch.setattr(type(tmp_path), "open", opened)
    with pytest.raises(OSError, match="No space left"), writing_hdf5(tmp_path / "x.h5") as file:
        fill(file)
    assert list(tmp_path.iterdir()) == []
