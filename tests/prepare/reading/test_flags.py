"""Flags reach what a reader sees: a study's manifest and metrics, an audit's notes."""

import numpy as np
from PIL import Image

from evidrift.auditing.films.images import read_images
from evidrift.prepare.phantoms.draw import draw
from evidrift.prepare.phantoms.recipe import load_recipe
from tests.places import ROOT
from tests.prepare.films import prepared, save
from tools.formats.dicom_file import dicom


def chest(number: int) -> np.ndarray:
    return draw(load_recipe(ROOT / "phantoms" / "default.yaml"), "normal", str(number), 72).image


def source(root):
    """Fifteen ordinary films of each class in given splits, and one of each kind that is flagged."""
    rows = ["path,label,patient_id,view"]
    for number in range(30):
        name = f"{number:02d}.png"
        save(root / name, chest(number))
        split = ("train", "validation", "test")[number // 10]
        rows.append(f"{name},{'ab'[number % 2]},p{number},PA,{split}")
    rows[0] += ",split"
    Image.fromarray(255 - chest(40)).save(root / "inverted.png")
    (root / "lateral.dcm").write_bytes(dicom(255 - chest(41), ViewPosition="LL"))
    (root / "ct.dcm").write_bytes(dicom(chest(42), Modality="CT"))
    Image.fromarray(np.stack([chest(43), chest(43) // 2, chest(43) // 4], axis=-1)).save(root / "photo.png")
    for name in ("inverted.png", "lateral.dcm", "ct.dcm", "photo.png"):
        rows.append(f"{name},a,{name},,test")
    (root / "manifest.csv").write_text("\n".join(rows) + "\n")
    return root


def test_flags_stand_in_the_manifest_and_are_counted_in_the_metrics(tmp_path):
    (tmp_path / "films").mkdir()
    result = prepared(source(tmp_path / "films"), tmp_path / "out", manifest="manifest.csv")
    flagged = {row["path"]: row["flags"] for row in result.manifest if row["flags"]}
    assert flagged == {
        "inverted.png": "inverted",
        "lateral.dcm": "lateral",
        "ct.dcm": "other_modality",
        "photo.png": "colour",
    }
    assert result.metrics["flagged"] == {"colour": 1, "inverted": 1, "lateral": 1, "other_modality": 1}
    assert {row["path"]: row["view"] for row in result.manifest}["lateral.dcm"] == "LL"


def test_an_audit_says_them_in_notes_and_keeps_the_films(tmp_path):
    found = read_images(source(tmp_path), 64, 2, quiet=True)
    assert len(found.images.ids) == 34
    notes = " ".join(str(note) for note in found.notes)
    for word in ("inverted.png", "lateral.dcm", "ct.dcm", "photo.png"):
        assert f"1 ({word})" in notes


def test_where_no_film_has_a_flag_nothing_is_said_of_flags(tmp_path):
    for number in range(30):
        split = ("train", "val", "test")[number // 10]
        save(tmp_path / "films" / split / "ab"[number % 2] / f"{number:02d}.png", chest(number))
    result = prepared(tmp_path / "films", tmp_path / "out")
    assert "flagged" not in result.metrics
    assert "flags" not in result.manifest[0]
    assert "view" not in result.manifest[0]
