"""The recipe of a phantom cohort: its patients, and what it refuses."""

from collections import Counter
from pathlib import Path

import pytest
import yaml

from evidrift.base.errors import UserError
from evidrift.prepare.phantoms.recipe import load_recipe, patients
from tests.places import ROOT

RECIPES = ROOT / "phantoms"


@pytest.fixture
def write(tmp_path: Path):
    """Write a small recipe with some keys replaced, and return its path."""

    def write_with(**changes: object) -> Path:
        content = yaml.safe_load((RECIPES / "default.yaml").read_text())
        content["patients"] = {"train": 8, "validation": 5, "test": 6}
        path = tmp_path / "recipe.yaml"
        path.write_text(yaml.safe_dump({**content, **changes}))
        return path

    return write_with


@pytest.mark.parametrize("name", ["default", "tiny"])
def test_every_class_has_the_recipes_patients_in_every_split(name):
    recipe = load_recipe(RECIPES / f"{name}.yaml")
    counts = Counter((split, label) for _, label, split in patients(recipe))
    expected = {
        (split, label): number
        for split, number in recipe.patients.model_dump().items()
        for label in recipe.classes
    }
    assert counts == expected


def test_patient_ids_are_unique():
    ids = [patient for patient, _, _ in patients(load_recipe(RECIPES / "default.yaml"))]
    assert len(set(ids)) == len(ids)


def test_a_larger_cohort_keeps_the_patients_of_the_smaller(write):
    small = set(patients(load_recipe(write())))
    large = set(patients(load_recipe(write(patients={"train": 9, "validation": 7, "test": 6}))))
    assert small < large


def test_fewer_classes_keep_their_patients(write):
    everything = set(patients(load_recipe(write())))
    two = patients(load_recipe(write(classes=["normal", "covid19"])))
    assert {label for _, label, _ in two} == {"normal", "covid19"}
    assert set(two) < everything


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"patients": {"train": 8, "validation": 4, "test": 6}}, "patients.validation is 4"),
        ({"classes": ["normal", "influenza"]}, "influenza"),
        ({"classes": ["normal"]}, "classes"),
        ({"classes": ["normal", "normal"]}, "more than once"),
        ({"contrast": 0.0}, "contrast is 0.0"),
        ({"sead": 1}, "Did you mean seed"),
        ({"shortcut": {"class": "normal", "share": 1.5}}, "shortcut.share is 1.5"),
        (
            {"classes": ["covid19", "normal"], "shortcut": {"class": "tuberculosis", "share": 1.0}},
            "tuberculosis",
        ),
    ],
)
def test_a_wrong_recipe_is_refused_naming_file_and_key(write, changes, message):
    path = write(**changes)
    with pytest.raises(UserError, match=message) as refused:
        load_recipe(path)
    assert str(refused.value).startswith(f"{path}: ")
