import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from evidrift.base.errors import UserError
from evidrift.prepare.classes import in_order
from evidrift.prepare.prepare import prepare
from tests.prepare.films import class_folders, film, outputs, params, prepared, save, save_class


def refused(source: Path, out: Path, **changes) -> str:
    """The error's sentence; nothing is left behind but the list of what was left out."""
    with pytest.raises(UserError) as error:
        prepare(params(source=str(source), **changes), outputs(out))
    told = str(error.value)
    files = [path for path in out.rglob("*") if path.is_file()]
    assert files == ([outputs(out).exclusions] if "Left out" in told or "each of its" in told else [])
    assert not files or told.endswith(f" All of it: {files[0]}.")
    return told


def write_manifest(source: Path, rows: list[str], header="path,label,patient_id") -> None:
    (source / "manifest.csv").write_text("\n".join([header, *rows]) + "\n")


@pytest.fixture
def source(tmp_path):
    return class_folders(tmp_path / "films")


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def test_every_image_is_stored_with_its_label_pixels_and_size(source, out):
    result = prepared(source, out, size=32)
    test = result.store.split("test")
    assert result.store.classes == ("normal", "tuberculosis")
    assert list(test.ids) == sorted(test.ids)
    for image_id, label, pixels in zip(test.ids, test.labels, test.pixels, strict=True):
        folder, name = str(image_id).split("/")
        expected = film(1000 * ["normal", "tuberculosis"].index(folder) + int(name[:3]), 24, 20)
        assert test.classes[label] == folder
        # 24 x 20 px grow to 32 x 32: the mean grey hardly moves, and another film's is far away.
        assert abs(pixels.mean() - expected.mean()) < 3
    row = result.manifest[0]
    assert (row["width"], row["height"]) == ("20", "24")
    assert row["sha256"] == hashlib.sha256((source / row["path"]).read_bytes()).hexdigest()
    assert result.metrics["patients_known"] is False


def test_each_unusable_image_is_listed_with_its_reason(source, out):
    normal = source / "normal"
    (normal / "text.png").write_text("no image\n")
    (normal / "zero.png").touch()
    (normal / "cut.jpg").write_bytes(save(normal / "whole.jpg", film(77, 90, 90)).read_bytes()[:900])
    save(normal / "pixel.png", film(78, 1, 1))
    save(normal / "black.png", np.zeros((30, 30), np.uint8))
    save(normal / "copy.png", film(0))
    save(source / "loose.png", film(79))
    (normal / "broken-link.png").symlink_to(normal / "nowhere.png")
    (normal / "loop.png").symlink_to(normal / "loop.png")
    (normal / "folder.png").mkdir()
    result = prepared(source, out)
    assert {path: reason for path, (reason, _) in result.exclusions.items()} == {
        "loose.png": "unknown_label",
        "normal/black.png": "empty",
        "normal/broken-link.png": "missing",
        "normal/copy.png": "duplicate",
        "normal/loop.png": "missing",
        "normal/cut.jpg": "unreadable",
        "normal/pixel.png": "too_small",
        "normal/text.png": "unreadable",
        "normal/zero.png": "empty",
    }
    assert result.exclusions["normal/copy.png"][1] == "identical to normal/000.png"
    assert result.metrics["images_in"] == 80 + 10
    assert result.metrics["excluded"] == {
        "duplicate": 1,
        "empty": 2,
        "missing": 2,
        "too_small": 1,
        "unknown_label": 1,
        "unreadable": 2,
    }


def test_an_image_with_a_short_side_is_too_small(source, out):
    save(source / "normal/strip.png", film(80, 7, 60))
    save(source / "normal/wide.png", film(81, 8, 60))
    assert prepared(source, out, min_side=8).exclusions == {
        "normal/strip.png": ("too_small", "60x7 px; the shorter side must have 8")
    }


def test_the_same_pixels_in_another_file_format_are_a_duplicate(source, out):
    save(source / "normal/zzz.png", film(3), compress_level=0)
    assert prepared(source, out).exclusions == {
        "normal/zzz.png": ("duplicate", "identical to normal/003.png")
    }


def test_identical_pixels_under_two_labels_exclude_both(source, out):
    save(source / "tuberculosis/copy.png", film(5))
    assert set(prepared(source, out).exclusions) == {"normal/005.png", "tuberculosis/copy.png"}


def test_class_names_with_spaces_accents_commas_and_quotes_survive(tmp_path, out):
    names = ["viral, mild", 'so-called "normal"', "tuberculose évolutive"]
    result = prepared(class_folders(tmp_path / "films", names), out)
    assert result.store.classes == tuple(sorted(names))
    assert {row["label"] for row in result.manifest} == set(names)
    assert set(result.metrics["splits"]["train"]) == set(names)


def test_one_more_image_moves_no_other_between_splits(source, tmp_path):
    before = prepared(source, tmp_path / "before").split_of()
    save_class(source / "normal", 45, 0)
    after = prepared(source, tmp_path / "after").split_of()
    assert len(after) == len(before) + 5
    assert {image: after[image] for image in before} == before


def test_given_splits_are_kept_and_identical_images_across_them_reported(tmp_path, out):
    source = tmp_path / "films"
    for i, split in enumerate(("train", "val", "test")):
        for j, label in enumerate(("Normal", "Viral Pneumonia")):
            save_class(source / "Lung Disease Dataset" / split / label, 5, 10 * i + j)
    save(source / "Lung Disease Dataset/test/Normal/same.png", film(0))
    result = prepared(source, out)
    assert result.metrics["split_origin"] == "given"
    assert result.metrics["splits"] == {
        "train": {"Normal": 5, "Viral Pneumonia": 5},
        "validation": {"Normal": 5, "Viral Pneumonia": 5},
        "test": {"Normal": 6, "Viral Pneumonia": 5},
    }
    assert result.metrics["identical_across_splits"] == 1
    identical = {row["path"]: row["identical_to"] for row in result.manifest if row["identical_to"]}
    assert identical == {
        "Lung Disease Dataset/train/Normal/000.png": "Lung Disease Dataset/test/Normal/same.png"
    }


def test_a_manifest_splits_by_patient_and_keeps_its_further_columns(tmp_path, out):
    source = class_folders(tmp_path / "films", n=80)
    rows = [
        f"{label}/{i:03d}.png,{label},p{i // 2},Oslo"
        for label in ("normal", "tuberculosis")
        for i in range(80)
    ]
    write_manifest(source, rows, "path,label,patient_id,hospital")
    result = prepared(source, out, manifest="manifest.csv")
    splits_of = {}
    for row in result.manifest:
        splits_of.setdefault(row["patient_id"], set()).add(row["split"])
    assert len(splits_of) == 40
    assert {len(splits) for splits in splits_of.values()} == {1}
    assert {row["hospital"] for row in result.manifest} == {"Oslo"}
    assert result.metrics["patients_known"] is True
    assert result.metrics["patients"]["test"]["normal"] * 2 == result.metrics["splits"]["test"]["normal"]


def test_patients_are_not_known_where_a_manifest_leaves_one_out(source, out):
    rows = [f"{label}/{i:03d}.png,{label},p{i}" for label in ("normal", "tuberculosis") for i in range(40)]
    write_manifest(source, [*rows[:-1], rows[-1].replace("p39", "")])
    result = prepared(source, out, manifest="manifest.csv")
    assert result.metrics["patients_known"] is False
    patients = {row["path"]: row["patient_id"] for row in result.manifest}
    assert patients["tuberculosis/038.png"] == "p38"
    assert patients["tuberculosis/039.png"] == "tuberculosis/039.png"


def test_a_manifests_missing_or_changed_file_is_excluded(source, out):
    digest = hashlib.sha256((source / "normal/000.png").read_bytes()).hexdigest()
    rows = [f"{label}/{i:03d}.png,{label},," for label in ("normal", "tuberculosis") for i in range(1, 40)]
    rows += [f"normal/000.png,normal,,{digest}", f"tuberculosis/000.png,tuberculosis,,{digest}"]
    write_manifest(source, [*rows, "normal/gone.png,normal,,"], "path,label,patient_id,sha256")
    result = prepared(source, out, manifest="manifest.csv")
    assert {path: reason for path, (reason, _) in result.exclusions.items()} == {
        "normal/gone.png": "missing",
        "tuberculosis/000.png": "changed",
    }


def test_padding_records_where_the_image_lies(source, out):
    # 24 high, 20 wide -> 32 high, 26.67 wide, hence 27; 5 px of padding: 2 left, 3 right.
    test = prepared(source, out, size=32, padding=True).store.split("test")
    assert {tuple(box) for box in test.content.tolist()} == {(0, 2, 32, 29)}
    pixels = np.asarray(test.pixels)
    assert pixels[:, :, :2].max() == 0
    assert pixels[:, :, 29:].max() == 0
    assert pixels[:, :, 2:29].max() > 0


def test_the_same_images_elsewhere_give_the_same_bytes(source, tmp_path):
    copy = tmp_path / "elsewhere" / "copy"
    shutil.copytree(source, copy)
    hashes = []
    for folder, out in ((source, tmp_path / "one"), (copy, tmp_path / "two")):
        prepared(folder, out)
        hashes.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in outputs(out)])
    assert hashes[0] == hashes[1]


def test_phantoms_come_with_their_masks_and_splits(tmp_path, out):
    recipe = {
        "seed": 1,
        "contrast": 1.2,
        "patients": {"train": 6, "validation": 5, "test": 5},
        "classes": ["normal", "tuberculosis"],
        "shortcut": None,
    }
    source = tmp_path / "recipe.yaml"
    source.write_text(yaml.safe_dump(recipe))
    result = prepared(source, out, size=48)
    train = result.store.split("train")
    assert train.pixels.shape == train.lungs.shape == train.findings.shape == (12, 48, 48)
    assert list(train.ids) == [
        f"{train.classes[y]}/{p}.png" for y, p in zip(train.labels, train.patient_ids, strict=True)
    ]
    is_normal = np.array([train.classes[label] == "normal" for label in train.labels])
    assert not train.findings[is_normal].any()
    assert train.findings[~is_normal].any(axis=(1, 2)).all()
    assert 0.1 < np.mean(train.lungs) < 0.6
    assert result.metrics["splits"]["validation"] == {"normal": 5, "tuberculosis": 5}
    assert (result.metrics["source"], result.metrics["patients_known"]) == ("phantoms", True)


def test_a_manifest_beside_a_phantom_recipe_is_refused(tmp_path, out):
    (tmp_path / "recipe.yaml").touch()
    assert "Set it to null" in refused(tmp_path / "recipe.yaml", out, manifest="manifest.csv")


def test_a_source_that_does_not_exist_is_named(tmp_path, out):
    assert f"{tmp_path}/nowhere does not exist" in refused(tmp_path / "nowhere", out)


def test_a_source_that_is_neither_folder_nor_recipe_is_named(tmp_path, out):
    (tmp_path / "films.zip").touch()
    assert "films.zip is neither a folder of images nor a phantom recipe" in refused(
        tmp_path / "films.zip", out
    )


def test_a_folder_without_images_says_what_it_holds(tmp_path, out):
    source = tmp_path / "films"
    (source / "normal").mkdir(parents=True)
    assert "found: no file at all" in refused(source, out)
    (source / "normal/notes.txt").touch()
    assert f"{source} holds no images." in refused(source, out)
    assert "found: 1 .txt" in refused(source, out)


def test_one_class_only_is_refused(tmp_path, out):
    source = class_folders(tmp_path / "films", ["normal"])
    assert f"{source} holds one class only, normal; two are needed" in refused(source, out)


def test_a_folder_of_loose_images_is_refused(tmp_path, out):
    save_class(tmp_path / "films", 3, 0)
    message = refused(tmp_path / "films", out)
    assert "no class folder" in message
    assert "3 unknown_label (first: 000.png: not directly in a class folder)" in message


def test_a_class_with_too_few_patients_is_refused_with_what_was_left_out(source, out):
    for path in sorted((source / "normal").iterdir())[10:]:
        path.write_bytes(b"")
    message = refused(source, out)
    assert "class normal has" in message
    assert "5 are needed. Add images of normal: 15 patients of a class are the least" in message
    assert "Left out: 30 empty (first: normal/010.png: 0 bytes)." in message
    assert len((out / "exclusions.csv").read_text().splitlines()) == 1 + 30


def test_a_study_of_small_films_is_told_which_parameter_lets_them_in(source, out):
    with pytest.raises(
        UserError, match=r"too_small .*If your films are that small, lower prepare\.min_side\."
    ):
        prepare(params(source=str(source), min_side=28), outputs(out))
    prepare(params(source=str(source), min_side=20), outputs(out))


def test_a_source_of_unreadable_images_is_refused(tmp_path, out):
    for label in ("normal", "tuberculosis"):
        (tmp_path / "films" / label).mkdir(parents=True)
        (tmp_path / "films" / label / "1.dcm").write_bytes(b"DICM")
    message = refused(tmp_path / "films", out)
    assert "holds no image that can be used. Left out: 2 unreadable" in message
    assert "no picture in a format that is known" in message


LFS = f"version https://git-lfs.github.com/spec/v1\noid sha256:{7:064d}\nsize 400000\n"


def test_pointers_in_place_of_films_are_named_with_the_command_that_fetches_them(source, out):
    (source / "normal/000.png").write_text(LFS)
    (source / "normal/001.png").write_bytes(b"PK\x03\x04" + bytes(40))
    (source / "normal/002.png").unlink()
    (source / "normal/002.png.dvc").write_text("outs:\n- md5: abc\n  path: 002.png\n")
    exclusions = prepared(source, out).exclusions
    assert {reason for reason, _ in exclusions.values()} == {"stand_in"}
    assert exclusions["normal/000.png"][1].endswith("git lfs pull.")
    assert "ZIP archive" in exclusions["normal/001.png"][1]
    assert "dvc pull" in exclusions["normal/002.png.dvc"][1]


def test_where_all_films_are_pointers_one_sentence_says_so(tmp_path, out):
    for path in ("a/1.png", "a/2.png", "b/3.png"):
        (tmp_path / "films" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "films" / path).write_text(LFS)
    message = refused(tmp_path / "films", out)
    assert message.startswith(f"{tmp_path}/films: each of its 3 files is a Git LFS pointer, not the file")
    assert "git lfs pull" in message


def test_a_film_that_a_manifest_lists_and_only_dvc_has_says_how_to_get_it(source, out):
    rows = [
        f"{label}/{i:03d}.png,{label},p{label}{i}" for label in ("normal", "tuberculosis") for i in range(40)
    ]
    write_manifest(source, rows)
    (source / "normal/007.png").rename(source / "normal/007.png.dvc")
    exclusions = prepared(source, out, manifest="manifest.csv").exclusions
    assert exclusions["normal/007.png"][0] == "stand_in"
    assert "dvc pull" in exclusions["normal/007.png"][1]


def test_a_film_of_several_classes_is_left_out_of_a_study(source, out):
    rows = [
        f"{label}/{i:03d}.png,{label},p{label}{i}" for label in ("normal", "tuberculosis") for i in range(40)
    ]
    rows[3] = rows[3].replace(",normal,", ",normal|effusion,")
    write_manifest(source, rows)
    result = prepared(source, out, manifest="manifest.csv")
    assert result.store.classes == ("normal", "tuberculosis")
    assert result.exclusions == {
        "normal/003.png": (
            "several_labels",
            "the label is normal|effusion, and one class a film is expected",
        )
    }


def test_numbered_classes_sort_as_numbers_in_a_table_and_as_text_in_folders(tmp_path, out):
    names = [str(n) for n in (0, 1, 2, 10)]
    source = class_folders(tmp_path / "films", names, n=20)
    assert in_order(["10.0", "2.0", ""], "table") == ["2.0", "10.0"]
    assert prepared(source, out).store.classes == ("0", "1", "10", "2")
    write_manifest(source, [f"{name}/{i:03d}.png,{name},{name}-{i}" for name in names for i in range(20)])
    assert prepared(source, out, manifest="manifest.csv").store.classes == ("0", "1", "2", "10")


def test_what_came_of_the_images_is_told(source, out):
    for path in ("normal/notes.txt", "normal/.DS_Store", "normal/scan.npy", "normal/images/1.png"):
        (source / path).parent.mkdir(exist_ok=True)
        (source / path).touch()
    (source / "manifest.csv").touch()
    balance, unread = prepare(params(source=str(source)), outputs(out))
    assert balance == (
        "82 images in = 80 kept + 2 left out (1 other_kind, 1 unknown_label). "
        "Other files, ignored: 1 .csv, 1 .txt, 1 hidden."
    )
    assert "manifest.csv was not read. If it lists the films, set `manifest` to manifest.csv." in unread


def test_a_failed_write_leaves_no_output(source, out, monkeypatch):
    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("evidrift.prepare.prepare.write_exclusions", fail)
    with pytest.raises(OSError, match="disk full"):
        prepare(params(source=str(source)), outputs(out))
    assert [path for path in out.rglob("*") if path.is_file()] == []


def test_the_stage_prints_one_error_without_traceback_and_leaves_nothing(tmp_path, out):
    source = class_folders(tmp_path / "films", ["normal"], n=3)
    section = params(source=str(source)).model_dump()
    (tmp_path / "params.yaml").write_text(
        yaml.safe_dump({"compute": {"threads": 1, "instructions": "portable"}, "prepare": section})
    )
    command = [sys.executable, "-m", "stages.prepare", "--params", tmp_path / "params.yaml"]
    command += ["--images", out / "images", "--metrics", out / "prepare.json"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {source} holds one class only")
    assert len(done.stderr.splitlines()) == 1
    assert not out.exists()
