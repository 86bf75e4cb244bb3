from pathlib import Path

import numpy as np
import pytest

from evidrift.base.errors import UserError
from evidrift.drift.source import read_maps
from evidrift.maps.mapfile import CheckpointMaps, LayerMaps, Origin, write_maps
from tests.images.stores import list_manifest

IDS = ["covid19/1.png", "normal/2.png", "normal/3.png"]
LOGITS = np.array([[2.0, 0], [0, 1], [3, 1]])


def maps_of(seed: int, constant: bool, methods: tuple[str, str], n: int) -> CheckpointMaps:
    signed = np.full((n, 4, 4), seed, dtype=np.float32)
    both = dict(zip(methods, (signed, -signed), strict=True))
    layer = LayerMaps("relu_9", True, constant, both, ("grad_cam_pp",))
    return CheckpointMaps(np.array([0, 1, 1])[:n], LOGITS[:n], {"penultimate": layer})


def write(
    folder: Path,
    seed: int,
    *,
    constant: bool = False,
    ids: list[str] = IDS,
    numpy: str = "2.4.6",
    family: str = "cam",
    score: str = "centred",
    methods: tuple[str, str] = ("grad_cam", "layer_cam"),
) -> None:
    origin = Origin(
        architecture="densenet_mini",
        seed=seed,
        family=family,
        score=score,
        target="label",
        size=32,
        classes=("covid19", "normal"),
        versions={"numpy": numpy},
        weights={"tl": "0", "ft": "1"},
    )
    both = {checkpoint: maps_of(seed, constant, methods, len(ids)) for checkpoint in ("tl", "ft")}
    content = np.tile([0, 0, 32, 32], (len(ids), 1))
    write_maps(folder / f"{seed}-{family}.h5", origin, np.array(ids), content, both)


@pytest.fixture
def manifest(tmp_path) -> Path:
    rows = ["image_id,path,label,patient_id,split,width,height,sha256,identical_to"]
    labels = ["normal", "covid19", "normal", "normal"]
    for image, label, patient in zip(["other.png", *IDS], labels, ["0", "NA", "012", "7"], strict=True):
        rows.append(f"{image},{image},{label},{patient},test,32,32,0,")
    (tmp_path / "manifest.csv").write_text("\n".join(rows) + "\n")
    return list_manifest(tmp_path)


def test_maps_of_all_seeds_are_stacked_with_labels_and_patients(tmp_path, manifest):
    for seed in (5, 3):
        write(tmp_path / "maps", seed, constant=seed == 5)
    found = read_maps(tmp_path / "maps", "densenet_mini", [5, 3], ["cam"], manifest)
    assert found.seeds == (5, 3)
    assert found.labels.tolist() == [0, 1, 1]
    assert found.patient_ids.tolist() == ["NA", "012", "7"]
    assert sorted(found.signed) == [("penultimate", "grad_cam"), ("penultimate", "layer_cam")]
    assert found.signed["penultimate", "layer_cam"].shape == (2, 2, 3, 4, 4)
    assert (found.signed["penultimate", "layer_cam"][:, 1] == -3).all()
    assert found.predicted.tolist() == [[[0, 1, 0]] * 2] * 2
    # One seed with a constant gradient is enough to call no reversal there.
    assert found.constant_gradient == {"penultimate": True}
    assert (found.score, found.target) == (["centred"], ["label"])
    assert found.not_defined == (("penultimate", "grad_cam_pp"),)


def test_a_dropped_seed_s_file_stops_the_stage(tmp_path, manifest):
    for seed in (1, 2):
        write(tmp_path / "maps", seed)
    with pytest.raises(UserError, match=r"2-cam\.h5 is outside the grid.*make prune"):
        read_maps(tmp_path / "maps", "densenet_mini", [1], ["cam"], manifest)


def test_files_with_different_images_are_refused(tmp_path, manifest):
    write(tmp_path / "maps", 1)
    write(tmp_path / "maps", 2, ids=["normal/9.png", *IDS[1:]])
    with pytest.raises(UserError, match=r"2-cam\.h5 and .*1-cam\.h5 hold maps of different images"):
        read_maps(tmp_path / "maps", "densenet_mini", [1, 2], ["cam"], manifest)


def test_an_image_without_a_row_in_the_manifest_is_named(tmp_path, manifest):
    manifest.write_text(manifest.read_text().replace("normal/3.png", "normal/4.png"))
    list_manifest(tmp_path)
    write(tmp_path / "maps", 1)
    with pytest.raises(UserError, match=r"has no row for normal/3\.png \(1 missing\)"):
        read_maps(tmp_path / "maps", "densenet_mini", [1], ["cam"], manifest)


def test_a_manifest_without_patients_is_refused(tmp_path, manifest):
    manifest.write_text(manifest.read_text().replace("patient_id", "patient"))
    list_manifest(tmp_path)
    write(tmp_path / "maps", 1)
    with pytest.raises(UserError, match=r"manifest\.csv has no column patient_id\. The stage prepare"):
        read_maps(tmp_path / "maps", "densenet_mini", [1], ["cam"], manifest)


def test_mixed_versions_are_all_kept(tmp_path, manifest):
    write(tmp_path / "maps", 1, numpy="2.4.6")
    write(tmp_path / "maps", 2, numpy="2.3.0")
    found = read_maps(tmp_path / "maps", "densenet_mini", [1, 2], ["cam"], manifest)
    assert found.versions == {"numpy": ["2.3.0", "2.4.6"]}


def test_one_method_in_two_families_is_refused(tmp_path, manifest):
    for family in ("cam", "copied"):
        write(tmp_path / "maps", 1, family=family)
    words = r"1-cam\.h5 and .*1-copied\.h5 both hold grad_cam at penultimate.*section explain"
    with pytest.raises(UserError, match=words):
        read_maps(tmp_path / "maps", "densenet_mini", [1], ["cam", "copied"], manifest)


def test_scores_of_all_files_are_kept(tmp_path, manifest):
    write(tmp_path / "maps", 1)
    write(tmp_path / "maps", 2, score="raw")
    assert read_maps(tmp_path / "maps", "densenet_mini", [1, 2], ["cam"], manifest).score == [
        "centred",
        "raw",
    ]


@pytest.mark.parametrize("families", [["costly", "cam"], ["cam", "costly"]])
def test_a_family_may_have_explained_some_of_the_images(tmp_path, manifest, families):
    write(tmp_path / "maps", 1)
    write(tmp_path / "maps", 1, family="costly", ids=IDS[:2], methods=("occlusion", "rise"))
    found = read_maps(tmp_path / "maps", "densenet_mini", [1], families, manifest)
    assert found.image_ids.tolist() == IDS
    assert found.predicted.shape == (2, 1, 3)
    occlusion = found.signed["penultimate", "occlusion"]
    assert (occlusion[:, :, :2] == 1).all() and np.isnan(occlusion[:, :, 2]).all()
    assert found.explained["penultimate", "occlusion"].tolist() == [True, True, False]
    assert found.explained["penultimate", "grad_cam"].all()
    assert found.families == {"grad_cam": "cam", "layer_cam": "cam", "occlusion": "costly", "rise": "costly"}


def test_a_family_of_other_images_than_the_widest_is_refused(tmp_path, manifest):
    write(tmp_path / "maps", 1)
    write(tmp_path / "maps", 1, family="costly", ids=[IDS[0], "other.png"], methods=("occlusion", "rise"))
    with pytest.raises(UserError, match=r"1-costly\.h5 and .*1-cam\.h5 hold maps of different images"):
        read_maps(tmp_path / "maps", "densenet_mini", [1], ["cam", "costly"], manifest)
