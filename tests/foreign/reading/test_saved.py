"""How a model was saved, as its file says, whatever stands in it."""

import zipfile

import h5py
import pytest

from evidrift.foreign.reading.saved import saved


def archive(path, metadata):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("config.json", "{}")
        if metadata is not None:
            file.writestr("metadata.json", metadata)
    return path


@pytest.mark.parametrize(
    ("metadata", "version"),
    [
        ('{"keras_version": "3.8.0", "date_saved": "2026-01-01"}', "3.8.0"),
        ("{}", None),
        (None, None),
        ("[1, 2]", None),
        ("{", None),
        ('{"keras_version": 3}', None),
        ('{"keras_version": "3.8.0", "x": "' + 200_000 * "y" + '"}', None),
    ],
)
def test_an_archive_says_which_keras_saved_it_or_nothing(tmp_path, metadata, version):
    assert saved(archive(tmp_path / "m.keras", metadata)) == ("Keras archive (.keras)", version)


@pytest.mark.parametrize(("name", "what"), [("m.h5", "whole model"), ("m.weights.h5", "weights alone")])
@pytest.mark.parametrize("version", ["2.15.0", b"2.15.0"])
def test_so_does_an_hdf5_file(tmp_path, name, what, version):
    with h5py.File(tmp_path / name, "w") as file:
        file.attrs["keras_version"] = version
    assert saved(tmp_path / name) == (f"{what} (HDF5)", "2.15.0")


def test_a_model_that_is_no_file():
    assert saved(None).keras is None
