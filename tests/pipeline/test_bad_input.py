"""Bad input through the real stage prepare: one clear error, exit code 1, nothing half-written."""

import subprocess
import sys

import cv2
import numpy as np
import pandas as pd
import pytest
import yaml

from tests.places import ROOT

PER_CLASS = 100  # enough for five patients in every split


def film(number):
    return np.random.default_rng(number).integers(0, 255, (40, 40)).astype(np.uint8)


@pytest.fixture
def source(tmp_path):
    """A folder of two classes that prepare accepts."""
    for index, name in enumerate(("normal", "pneumonia")):
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(PER_CLASS):
            cv2.imwrite(str(tmp_path / "images" / name / f"{number}.png"), film(1000 * index + number))
    return tmp_path / "images"


def prepare(source, expect, manifest=None):
    """Run the stage on a source; what it said."""
    place = source.parent
    params = yaml.safe_load((ROOT / "profiles" / "tiny.yaml").read_text())
    params["prepare"] |= {"source": str(source), "manifest": manifest}
    (place / "params.yaml").write_text(yaml.safe_dump(params))
    out = place / "out"
    arguments = ["--images", str(out / "images"), "--metrics", str(out / "prepare.json")]
    done = subprocess.run(
        [sys.executable, "-m", "stages.prepare", "--params", str(place / "params.yaml"), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == expect, done.stderr
    assert "Traceback" not in done.stderr
    if expect:
        assert [path for path in out.rglob("*") if path.is_file()] == []
    return done.stderr, out / "images"


@pytest.mark.slow
def test_a_folder_with_no_images(tmp_path):
    (tmp_path / "images" / "normal").mkdir(parents=True)
    said, _ = prepare(tmp_path / "images", expect=1)
    assert "images" in said


def test_a_source_that_does_not_exist(tmp_path):
    said, _ = prepare(tmp_path / "nowhere", expect=1)
    assert "nowhere" in said


def test_one_class_only(source):
    for path in (source / "pneumonia").iterdir():
        path.unlink()
    (source / "pneumonia").rmdir()
    said, _ = prepare(source, expect=1)
    assert "class" in said


@pytest.mark.slow
def test_fewer_patients_than_a_split_needs(source):
    for number in range(8, PER_CLASS):
        (source / "pneumonia" / f"{number}.png").unlink()
    said, _ = prepare(source, expect=1)
    assert "pneumonia" in said
    assert "5" in said


def test_a_text_file_named_png_is_excluded_with_its_reason(source):
    (source / "normal" / "notes.png").write_text("not a picture")
    _, images = prepare(source, expect=0)
    rows = pd.read_csv(images / "exclusions.csv")
    assert rows["path"].tolist() == ["normal/notes.png"]
    assert rows["reason"].tolist() == ["unreadable"]
    assert len(pd.read_csv(images / "manifest.csv")) == 2 * PER_CLASS


def test_a_manifest_row_that_points_outside_the_source_folder(source):
    (source.parent / "secret.png").write_bytes((source / "normal" / "0.png").read_bytes())
    rows = ["path,label,patient_id"]
    rows += [f"{name}/{n}.png,{name},{name}{n}" for name in ("normal", "pneumonia") for n in range(PER_CLASS)]
    rows.insert(17, "../secret.png,normal,x")
    (source / "manifest.csv").write_text("\n".join(rows) + "\n")
    said, _ = prepare(source, expect=1, manifest="manifest.csv")
    assert "manifest.csv, row" in said
    assert "../secret.png" in said
