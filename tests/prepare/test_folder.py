import os
from pathlib import Path

import pytest

from evidrift.base.errors import UserError
from evidrift.base.keys import PIPELINE
from evidrift.base.sentence import PLAIN
from evidrift.cli.spelling import FLAGS
from evidrift.prepare.folder import list_folder
from tests.prepare.films import film, save

KAGGLE = ("Bacterial Pneumonia", "Corona Virus Disease", "Normal", "Tuberculosis", "Viral Pneumonia")


def touch(root: Path, *paths: str) -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    return root


def listed(root: Path) -> dict[str, tuple[str, str | None]]:
    """path -> (label, split) of the images that can be used as far as the listing shows."""
    return {e.path: (e.label, e.split) for e in list_folder(root).entries if e.excluded is None}


def left_out(root: Path) -> dict[str, str]:
    return {e.path: e.excluded.reason for e in list_folder(root).entries if e.excluded}


def test_class_folders_name_the_labels(tmp_path):
    touch(tmp_path, "normal/1.png", "tuberculosis/1.jpg", "tuberculosis/2.JPEG")
    assert listed(tmp_path) == {
        "normal/1.png": ("normal", None),
        "tuberculosis/1.jpg": ("tuberculosis", None),
        "tuberculosis/2.JPEG": ("tuberculosis", None),
    }


@pytest.mark.parametrize("validation", ["val", "valid", "validation", "Validation"])
def test_folders_of_splits_above_the_classes_are_kept(tmp_path, validation):
    touch(tmp_path, "train/normal/1.png", f"{validation}/normal/1.png", "test/normal/1.png")
    assert listed(tmp_path) == {
        "train/normal/1.png": ("normal", "train"),
        f"{validation}/normal/1.png": ("normal", "validation"),
        "test/normal/1.png": ("normal", "test"),
    }


def test_the_layout_of_kaggles_lungs_disease_dataset_is_read_as_it_is(tmp_path):
    archive = [f"Lung Disease Dataset/{s}/{c}/1 (2).jpeg" for s in ("train", "val", "test") for c in KAGGLE]
    touch(tmp_path, *archive, "__MACOSX/Lung Disease Dataset/train/Normal/._1 (2).jpeg")
    found = listed(tmp_path)
    assert sorted(found) == sorted(archive)
    assert {label for label, _ in found.values()} == set(KAGGLE)
    assert {split for _, split in found.values()} == {"train", "validation", "test"}
    assert listed(tmp_path / "Lung Disease Dataset")["val/Normal/1 (2).jpeg"] == ("Normal", "validation")


def test_class_names_may_hold_spaces_accents_commas_and_quotes(tmp_path):
    names = ["viral, mild", 'so-called "normal"', "tuberculose évolutive", "結核"]
    touch(tmp_path, *(f"{name}/1.png" for name in names))
    assert sorted(label for label, _ in listed(tmp_path).values()) == sorted(names)


def test_the_same_accent_written_two_ways_is_one_class(tmp_path):
    composed, decomposed = "lésion", "le\u0301sion"
    touch(tmp_path, f"train/{composed}/1.png", f"test/{decomposed}/1.png")
    assert {label for label, _ in listed(tmp_path).values()} == {composed}


def test_images_outside_a_class_folder_have_no_known_label(tmp_path):
    touch(tmp_path, "loose.png", "normal/1.png", "covid/images/1.png", "covid/masks/1.png")
    assert listed(tmp_path) == {"normal/1.png": ("normal", None)}
    assert left_out(tmp_path) == dict.fromkeys(
        ["loose.png", "covid/images/1.png", "covid/masks/1.png"], "unknown_label"
    )


def test_an_image_in_a_split_but_in_no_class_has_no_known_label(tmp_path):
    touch(tmp_path, "train/1.png", "train/normal/1.png", "test/normal/1.png")
    assert left_out(tmp_path) == {"train/1.png": "unknown_label"}


def test_split_folders_beside_others_are_ambiguous(tmp_path):
    touch(tmp_path, "train/normal/1.png", "test/normal/1.png", "extra/normal/1.png")
    with pytest.raises(UserError, match=r"split folders test, train and beside them extra\."):
        list_folder(tmp_path)


def test_other_files_are_counted_and_hidden_ones_apart(tmp_path):
    touch(tmp_path, "normal/1.png", "README.md", "normal/notes.TXT", "a.md", "LICENSE")
    touch(tmp_path, ".DS_Store", "normal/._1.png", "1.2.840.1")
    assert list_folder(tmp_path).ignored == {".md": 2, ".txt": 1, "hidden": 2, "other": 2}


def test_images_in_other_formats_are_listed_not_overlooked(tmp_path):
    touch(tmp_path, "normal/1.dcm", "normal/2.tif")
    assert sorted(listed(tmp_path)) == ["normal/1.dcm", "normal/2.tif"]


def test_file_names_with_control_characters_or_no_utf8_are_excluded(tmp_path):
    touch(tmp_path, "normal/1.png", "normal/a\nb.png")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/normal/\xff.png")).touch()
    assert list(listed(tmp_path)) == ["normal/1.png"]
    assert left_out(tmp_path) == {"normal/a\\nb.png": "bad_name", "normal/\\udcff.png": "bad_name"}


def test_a_link_that_leaves_the_source_is_excluded_and_one_within_is_not(tmp_path):
    secret = save(tmp_path / "secret.png", film(1))
    inside = save(tmp_path / "films/normal/1.png", film(2))
    (tmp_path / "films/normal/2.png").symlink_to(secret)
    (tmp_path / "films/normal/3.png").symlink_to(inside)
    assert sorted(listed(tmp_path / "films")) == ["normal/1.png", "normal/3.png"]
    assert left_out(tmp_path / "films") == {"normal/2.png": "outside"}


def test_a_source_that_is_itself_a_link_is_followed(tmp_path):
    save(tmp_path / "films/normal/1.png", film(2))
    (tmp_path / "link").symlink_to(tmp_path / "films")
    assert sorted(listed(tmp_path / "link")) == ["normal/1.png"]


def test_a_link_to_a_folder_is_refused(tmp_path):
    touch(tmp_path, "films/normal/1.png", "elsewhere/1.png")
    (tmp_path / "films/tuberculosis").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="tuberculosis is a link to a folder"):
        list_folder(tmp_path / "films")


def test_the_way_out_is_named_as_it_is_called_where_the_user_stands(tmp_path):
    save(tmp_path / "films/train/normal/1.png", film(1))
    save(tmp_path / "films/extra/2.png", film(2))
    with pytest.raises(UserError) as error:
        listed(tmp_path / "films")
    for spelling, name in ((PIPELINE, "(prepare.manifest)"), (FLAGS, "(--images)"), (PLAIN, "(`images`)")):
        assert error.value.spelled(spelling).endswith(f"list the images in a manifest {name}.")
