"""How a model was saved, as its file says, whatever stands in it."""

import json
import zipfile

import h5py
import pytest

from evidrift.foreign.reading.description import IN_MEMORY, read_description

MODEL = json.dumps({"class_name": "Functional", "config": {}})


def archive(path, metadata):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("config.json", MODEL)
        file.writestr("model.weights.h5", b"")
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
    found = read_description(archive(tmp_path / "m.keras", metadata)).saved
    assert found == ("Keras archive (.keras)", version)


@pytest.mark.parametrize("version", ["2.15.0", b"2.15.0"])
def test_so_does_an_hdf5_file(tmp_path, version):
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["keras_version"] = version
        file.attrs["model_config"] = MODEL
    assert read_description(tmp_path / "m.h5").saved == ("whole model (HDF5)", "2.15.0")


def test_a_model_that_is_no_file():
    assert IN_MEMORY.keras is None
