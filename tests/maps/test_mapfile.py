import hashlib
import subprocess
import sys
import time

import h5py
import numpy as np
import pytest

from evidrift.base.errors import UserError
from evidrift.base.seeds import stream
from evidrift.maps.mapfile import CheckpointMaps, LayerMaps, MapFile, Origin, write_maps
from tests.places import ROOT

N = 5
IDS = np.array(["covid19/ü 1.png", "normal/1.png", "normal/10.png", "normal/2.png", "z.png"])
CONTENT = np.arange(N * 4, dtype=np.int32).reshape(N, 4)
ORIGIN = Origin(
    architecture="densenet_mini",
    seed=3,
    family="cam",
    score="centred",
    target="label",
    size=128,
    classes=("covid19", "normal"),
    versions={"tensorflow": "2.21.0", "numpy": "2.4.6", "keras": "3.15.1"},
    weights={"tl": "a" * 64, "ft": "b" * 64},
)


def layer(checkpoint, label, grid, methods, **facts):
    maps = {m: stream(checkpoint, label, m).normal(size=(N, grid, grid)).astype("f4") for m in methods}
    facts = {"rectified": True, "constant_gradient": False, "not_defined": ()} | facts
    return LayerMaps(name=f"{label}_relu", methods=maps, **facts)


def checkpoint_maps(checkpoint):
    draw = stream("logits", checkpoint)
    return CheckpointMaps(
        targets=draw.integers(0, 2, N),
        logits=draw.normal(size=(N, 2)).astype("f4"),
        layers={
            "penultimate": layer(checkpoint, "penultimate", 4, ["layer_cam", "grad_cam"]),
            "last": layer(checkpoint, "last", 2, ["grad_cam"], constant_gradient=True),
            "sum": layer(
                checkpoint,
                "sum",
                3,
                ["grad_cam"],
                rectified=False,
                not_defined=("grad_cam_pp_unit", "grad_cam_pp"),
            ),
        },
    )


def write(path):
    write_maps(path, ORIGIN, IDS, CONTENT, {name: checkpoint_maps(name) for name in ("tl", "ft")})
    return path


def test_what_was_written_is_read(tmp_path):
    file = MapFile(write(tmp_path / "densenet_mini" / "3-cam.h5"))
    assert file.origin == ORIGIN
    assert file.image_ids().tolist() == IDS.tolist()
    np.testing.assert_array_equal(file.content(), CONTENT)
    assert file.methods() == [
        ("last", "grad_cam"),
        ("penultimate", "grad_cam"),
        ("penultimate", "layer_cam"),
        ("sum", "grad_cam"),
    ]
    assert file.not_defined() == [("sum", "grad_cam_pp"), ("sum", "grad_cam_pp_unit")]
    assert [file.constant_gradient(label) for label in ("last", "penultimate")] == [True, False]
    assert [file.rectified(label) for label in ("last", "sum")] == [True, False]
    assert file.layer_name("penultimate") == "penultimate_relu"
    for checkpoint in ("tl", "ft"):
        expected = checkpoint_maps(checkpoint)
        np.testing.assert_array_equal(file.targets(checkpoint), expected.targets)
        np.testing.assert_array_equal(file.logits(checkpoint), expected.logits)
        for label, method in file.methods():
            maps = file.maps(checkpoint, label, method)
            assert maps.dtype == np.float32
            np.testing.assert_array_equal(maps, expected.layers[label].methods[method])


def test_what_is_not_finite_is_kept(tmp_path):
    checkpoints = {name: checkpoint_maps(name) for name in ("tl", "ft")}
    checkpoints["ft"].layers["last"].methods["grad_cam"][1] = np.nan
    write_maps(tmp_path / "maps.h5", ORIGIN, IDS, CONTENT, checkpoints)
    maps = MapFile(tmp_path / "maps.h5").maps("ft", "last", "grad_cam")
    assert np.isnan(maps).all(axis=(1, 2)).tolist() == [False, True, False, False, False]


@pytest.mark.slow
def test_the_same_maps_give_the_same_bytes_a_second_later_and_in_another_process(tmp_path):
    first = write(tmp_path / "first.h5").read_bytes()
    time.sleep(1.1)
    assert write(tmp_path / "second.h5").read_bytes() == first
    script = (
        f"from pathlib import Path\nfrom {__name__} import write\nwrite(Path({str(tmp_path / 'third.h5')!r}))"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT)
    assert (tmp_path / "third.h5").read_bytes() == first


def test_other_maps_give_other_bytes(tmp_path):
    checkpoints = {name: checkpoint_maps(name) for name in ("tl", "ft")}
    checkpoints["ft"].layers["last"].methods["grad_cam"][0, 0, 0] += 1
    write_maps(tmp_path / "other.h5", ORIGIN, IDS, CONTENT, checkpoints)
    digests = {
        hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (write(tmp_path / "a"), tmp_path / "other.h5")
    }
    assert len(digests) == 2


def test_constant_in_one_checkpoint_alone_is_not_constant(tmp_path):
    checkpoints = {name: checkpoint_maps(name) for name in ("tl", "ft")}
    checkpoints["ft"].layers["last"] = layer("ft", "last", 2, ["grad_cam"], constant_gradient=False)
    write_maps(tmp_path / "maps.h5", ORIGIN, IDS, CONTENT, checkpoints)
    assert not MapFile(tmp_path / "maps.h5").constant_gradient("last")


def test_a_missing_file_names_the_stage_that_writes_it(tmp_path):
    with pytest.raises(UserError, match=r"none.h5 does not exist. The stage explain writes it"):
        MapFile(tmp_path / "none.h5")


def test_a_damaged_file_is_named(tmp_path):
    path = write(tmp_path / "maps.h5")
    data = path.read_bytes()
    path.write_bytes(data[:-100] + bytes(100))
    with pytest.raises(UserError, match=r"maps.h5 has no checksum.*The stage explain writes it: delete it"):
        MapFile(path)


def test_an_hdf5_file_of_another_kind_is_named(tmp_path):
    with h5py.File(tmp_path / "maps.h5", "w") as file:
        file["features"] = [1]
    with pytest.raises(UserError, match=r"maps.h5 has no checksum.* no file of this program"):
        MapFile(tmp_path / "maps.h5")


def test_maps_of_another_item_of_the_grid_are_refused(tmp_path):
    file = MapFile(write(tmp_path / "1-cam.h5"))
    assert file.require("densenet_mini", 3, "cam") is file
    with pytest.raises(
        UserError, match=r"holds maps of densenet_mini, seed 3, family cam; expected .* seed 1"
    ):
        file.require("densenet_mini", 1, "cam")


def test_a_method_that_was_not_computed_is_an_error_that_lists_those_that_were(tmp_path):
    with pytest.raises(UserError, match=r"no maps/tl/last/layer_cam. It has maps of: last/grad_cam, penult"):
        MapFile(write(tmp_path / "maps.h5")).maps("tl", "last", "layer_cam")


@pytest.mark.parametrize("module", ["maps.mapfile", "families.cam", "maps.scores"])
def test_maps_are_read_and_parameters_checked_without_tensorflow(module):
    script = f"import sys, evidrift.{module}; sys.exit('tensorflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT)
