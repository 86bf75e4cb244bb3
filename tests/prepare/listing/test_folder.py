import os
from pathlib import Path

import pytest

from evidrift.base.errors import UserError
from evidrift.base.keys import PIPELINE
from evidrift.base.sentence import PLAIN
from evidrift.cli.spelling import FLAGS
from evidrift.prepare.films.contents import film_format
from evidrift.prepare.listing.folder import list_folder
from evidrift.prepare.listing.links import leaves
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
    touch(tmp_path, "loose.png", "normal/1.png", "covid/one/1.png", "covid/two/1.png")
    assert listed(tmp_path) == {"normal/1.png": ("normal", None)}
    assert left_out(tmp_path) == dict.fromkeys(
        ["loose.png", "covid/one/1.png", "covid/two/1.png"], "unknown_label"
    )


@pytest.mark.parametrize(
    ("films", "masks"),
    [
        ("{}/images/", "{}/masks/"),  # the COVID-19 Radiography Database
        ("images/{}/", "masks/{}/"),
        ("set/{}/images/", "set/{}/lung masks/"),
        ("{}/", "{}/Annotations/"),
        ("{}/CXR/", "{}/leftMask/"),
    ],
)
def test_masks_are_left_out_and_folders_of_images_beside_them_passed_over(tmp_path, films, masks):
    names = ("COVID", "Viral Pneumonia", "Normal")
    paths = {f"{films.format(name)}{n}.png": name for name in names for n in range(2)}
    touch(tmp_path, *paths, *(f"{masks.format(name)}0.png" for name in names))
    assert listed(tmp_path) == {path: (label, None) for path, label in paths.items()}
    assert left_out(tmp_path) == {f"{masks.format(name)}0.png": "mask" for name in names}


def test_masks_below_given_splits_are_left_out_likewise(tmp_path):
    touch(tmp_path, "train/a/images/1.png", "train/a/masks/1.png", "test/a/images/1.png")
    assert listed(tmp_path) == {
        "train/a/images/1.png": ("a", "train"),
        "test/a/images/1.png": ("a", "test"),
    }


def test_a_folder_of_images_beside_other_films_is_not_passed_over(tmp_path):
    touch(tmp_path, "a/1.png", "a/images/2.png", "b/images/3.png", "b/lateral/4.png", "c/images/5.png")
    assert listed(tmp_path) == {"a/1.png": ("a", None), "c/images/5.png": ("c", None)}
    assert set(left_out(tmp_path).values()) == {"unknown_label"}
    (note,) = list_folder(tmp_path).notes
    assert note.endswith("(c/images/5.png).")


def test_only_a_flat_folder_gives_no_labels(tmp_path):
    touch(tmp_path, "flat/1.png", "flat/images/README", "below/images/1.png", "split/test/1.png")
    touch(tmp_path, "deep/x/y/1.png", "deep/z/1/1.png", "mixed/1.png", "mixed/a/2.png")
    froms = {name: list_folder(tmp_path / name).labels_from for name in ("flat", "below", "split")}
    assert froms == {"flat": None, "below": None, "split": None}
    assert list_folder(tmp_path / "deep").labels_from == list_folder(tmp_path / "mixed").labels_from
    assert list_folder(tmp_path / "mixed").labels_from == "folders"


def test_an_image_in_a_split_but_in_no_class_has_no_known_label(tmp_path):
    touch(tmp_path, "train/1.png", "train/normal/1.png", "test/normal/1.png")
    assert left_out(tmp_path) == {"train/1.png": "unknown_label"}


def test_split_folders_beside_others_are_ambiguous(tmp_path):
    touch(tmp_path, "train/normal/1.png", "test/normal/1.png", "extra/normal/1.png")
    with pytest.raises(UserError, match=r"split folders test, train and beside them extra\."):
        list_folder(tmp_path)


def test_other_files_are_counted_and_hidden_ones_apart(tmp_path):
    touch(tmp_path, "normal/1.png", "README.md", "normal/notes.TXT", "a.md", "LICENSE")
    touch(tmp_path, ".DS_Store", "normal/._1.png", "Thumbs.db", "normal.dvc")
    assert list_folder(tmp_path).ignored == {
        **{".db": 1, ".dvc": 1, ".md": 2, ".txt": 1},
        **{"hidden": 2, "other": 1},
    }
    assert list(listed(tmp_path)) == ["normal/1.png"]


def test_each_file_of_another_kind_is_left_out_with_what_it_is(tmp_path):
    png = save(tmp_path / "a/1.png", film(1)).read_bytes()
    dicom = bytes(128) + b"DICM" + bytes(10)
    contents = {
        **{"a/IM0001": dicom, "a/1.2.840.7": png, "b/2.png": png},
        **{"a/2.png_": png, "a/3.dcm30": dicom, "b/3.heic": b"\0\0\0\x18ftypheic", "c/4.npy": b"\x93NUMPY"},
        **{"a/noise": b"no film", "a/empty": b"", "model.keras": b"PK\x03\x04", "a.zip": b"PK\x03\x04"},
        "d.dvc": b"outs:\n- md5: 00000000000000000000000000000abc\n  path: d\n",
    }
    for path, content in contents.items():
        touch(tmp_path, path)
        (tmp_path / path).write_bytes(content)
    assert listed(tmp_path) == {
        **dict.fromkeys(["a/1.png", "a/IM0001", "a/1.2.840.7", "a/3.dcm30"], ("a", None)),
        "b/2.png": ("b", None),
    }
    others = ["a/2.png_", "a/noise", "a/empty", "b/3.heic", "c/4.npy"]
    stand_ins = ["a.zip", "d.dvc", "model.keras"]
    assert left_out(tmp_path) == dict.fromkeys(others, "other_kind") | dict.fromkeys(stand_ins, "stand_in")
    told = {entry.path: str(entry.excluded) for entry in list_folder(tmp_path).entries if entry.excluded}
    assert "its content is: rename it" in told["a/2.png_"]
    assert ".heic files are not read" in told["b/3.heic"]
    assert f"dvc pull {tmp_path}/d.dvc" in told["d.dvc"]
    # A class does not vanish with the format of its films.
    assert "c" in {entry.label for entry in list_folder(tmp_path).entries}
    assert list_folder(tmp_path).ignored == {}


def test_a_text_that_begins_like_an_image_is_none():
    assert film_format(b"BM" + (130).to_bytes(4, "little") + bytes(4))
    assert film_format(b"II*\0" + bytes(8))
    assert film_format(b"RIFF\x10\0\0\0WEBPVP8 ")
    assert not film_format(b"BMI of all patients, in kg per square metre")
    assert not film_format(b"RIFF\x10\0\0\0WAVEfmt ")


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


@pytest.fixture
def cached(tmp_path):
    """A film in the cache of a DVC repository, and the folder of films in the repository."""
    save(tmp_path / "repo/.dvc/cache/files/md5/12" / f"{3:030x}", film(1), format="PNG")
    save(tmp_path / "repo/films/a/1.png", film(2))
    (tmp_path / "repo/.dvc/config").write_text("[core]\n    remote = there\n")
    return tmp_path / "repo/films"


def test_a_link_into_the_dvc_cache_of_its_own_repository_is_let_in(cached):
    (cached / "a/2.png").symlink_to(cached.parent / ".dvc/cache/files/md5/12" / f"{3:030x}")
    assert sorted(listed(cached)) == ["a/1.png", "a/2.png"]


@pytest.mark.parametrize("config", ["config", "config.local"])
def test_the_cache_may_lie_elsewhere(cached, tmp_path, config):
    (cached.parent / ".dvc" / config).write_text(
        "['remote \"x\"']\nurl = y\n[cache]\n    dir = ../../shared\n"
    )
    file = save(tmp_path / "shared/files/md5/ab" / f"{4:030x}", film(3), format="PNG")
    (cached / "a/3.png").symlink_to(file)
    assert sorted(listed(cached)) == ["a/1.png", "a/3.png"]


@pytest.mark.parametrize(
    "target",
    [
        ".dvc/config",
        ".dvc/cache/secret",
        ".dvc/cache/files/md5/12/../../../../config",
        f"../other/.dvc/cache/files/md5/12/{5:030x}",
        f"elsewhere/files/md5/12/{5:030x}",
    ],
)
def test_a_link_to_anything_else_than_a_file_in_this_cache_is_not_let_in(cached, target):
    file = cached.parent / target
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    (cached / "a/2.png").symlink_to(file)
    assert left_out(cached) == {"a/2.png": "outside"}


def test_a_link_of_git_annex_without_its_file_says_how_to_get_it(cached):
    (cached / "a/2.png").symlink_to("../../.git/annex/objects/xx/yy/MD5E-s1--2.png/MD5E-s1--2.png")
    assert left_out(cached) == {"a/2.png": "stand_in"}
    (entry,) = (entry for entry in list_folder(cached).entries if entry.excluded)
    assert "git annex get" in str(entry.excluded)


def test_a_cached_film_that_is_named_without_a_link_lies_outside(cached):
    assert leaves(cached, f"../.dvc/cache/files/md5/12/{3:030x}")


def test_a_source_that_is_itself_a_link_is_followed(tmp_path):
    save(tmp_path / "films/normal/1.png", film(2))
    (tmp_path / "link").symlink_to(tmp_path / "films")
    assert sorted(listed(tmp_path / "link")) == ["normal/1.png"]


@pytest.mark.parametrize("now", ["nothing", "a file"])
def test_a_folder_that_goes_while_others_are_listed_takes_no_film_with_it(tmp_path, monkeypatch, now):
    save(tmp_path / "a/1.png", film(1))
    (tmp_path / "b").mkdir()
    scan = os.scandir

    def going(path):
        if Path(path).name == "b":
            (tmp_path / "b").rmdir()
            if now == "a file":
                (tmp_path / "b").touch()
        return scan(path)

    monkeypatch.setattr(os, "scandir", going)
    assert [entry.path for entry in list_folder(tmp_path).entries] == ["a/1.png"]


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


def test_a_mask_beside_its_film_is_left_out_by_its_name_and_a_film_that_is_only_called_so_is_not(tmp_path):
    for name in ("benign/7.png", "benign/7_mask.png", "benign/7_mask_2.png", "benign/death_mask.png"):
        save(tmp_path / name, film(len(name)))
    reasons = {
        entry.path: entry.excluded and entry.excluded.reason for entry in list_folder(tmp_path).entries
    }
    assert reasons == {
        "benign/7.png": None,
        "benign/7_mask.png": "mask",
        "benign/7_mask_2.png": "mask",
        "benign/death_mask.png": None,
    }
