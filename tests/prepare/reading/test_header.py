"""What is taken out of a DICOM header, and under which names patients stand."""

import hashlib
import hmac

import numpy as np
import pytest
from pydicom.dataset import Dataset

from evidrift.base.errors import UserError
from evidrift.prepare.entry import Entry, Loaded
from evidrift.prepare.films.film import Film, flag_notes
from evidrift.prepare.films.header import KEY, columns_of, flag_lateral, name_patients, with_header
from evidrift.prepare.read import read_film
from tests.prepare.films import film
from tools.formats.dicom_file import dicom

SECRET = "a key of more than sixteen characters"  # noqa: S105 - of this test


def header(**elements) -> Dataset:
    made = Dataset()
    for name, value in elements.items():
        setattr(made, name, value)
    return made


def code(value: str) -> Dataset:
    return header(CodeValue=value)


@pytest.mark.parametrize(
    ("elements", "column", "expected"),
    [
        ({"ViewPosition": "PA"}, "view", "PA"),
        ({"ViewPosition": "ll"}, "view", "LL"),
        ({"ViewPosition": "DOE JANE"}, "view", ""),
        ({"ViewCodeSequence": [code("399348003")]}, "view", "AP"),
        ({"ViewCodeSequence": [code("R-10236")]}, "view", "LL"),
        ({"ViewPosition": "", "ViewCodeSequence": [code("272479007")]}, "view", "PA"),
        ({"ImageLaterality": "R"}, "laterality", "R"),
        ({"Laterality": "L"}, "laterality", "L"),
        ({"PatientSex": "F"}, "sex", "F"),
        ({"PatientSex": "DOE"}, "sex", ""),
        ({"PatientAge": "045Y"}, "age", "45"),
        ({"PatientAge": "018M"}, "age", "1"),
        ({"PatientAge": "024M"}, "age", "2"),
        ({"PatientAge": "030W"}, "age", "0"),
        ({"PatientAge": "101Y"}, "age", "90"),
        ({"PatientAge": "19700101"}, "age", ""),
        ({"Manufacturer": "ACME", "ManufacturerModelName": "Ray 3"}, "device", "ACME Ray 3"),
        ({"Manufacturer": "ACME <b>", "ManufacturerModelName": "SN 20240131"}, "device", "ACME b SN"),
        ({"Manufacturer": "ACME", "ManufacturerModelName": "R5 1987-06-05"}, "device", "ACME R5"),
        ({}, "device", ""),
    ],
)
def test_columns_are_of_a_short_list_or_cleaned(elements, column, expected):
    assert columns_of(header(**elements))[column] == expected


def test_a_manifests_own_columns_have_precedence_and_its_gaps_are_filled():
    entry = Entry("a", "normal", extra={"view": "AP", "sex": "", "site": "Oslo"})
    read = Film(film(1), columns={"view": "PA", "sex": "F", "age": "7"}, patient="patient-1")
    merged = with_header(entry, read)
    assert merged.extra == {"view": "AP", "sex": "F", "site": "Oslo", "age": "7"}
    assert merged.patient_id == "patient-1"
    assert with_header(Entry("a", "normal", patient_id="p7"), read).patient_id == "p7"


def test_a_pseudonym_is_the_keyed_hash_of_the_id(monkeypatch):
    monkeypatch.setenv(KEY, SECRET)
    found = read_film(dicom(film(1), PatientID=" 4711 ")).patient
    digest = hmac.new(SECRET.encode(), b"4711", hashlib.sha256).hexdigest()
    assert found == f"patient-{digest[:16]}"
    assert read_film(dicom(film(1), PatientID="")).patient is None
    digest = hmac.new(SECRET.encode(), rb"47\11", hashlib.sha256).hexdigest()  # two values to DICOM
    assert read_film(dicom(film(1), PatientID=r"47\11")).patient == f"patient-{digest[:16]}"


def test_a_short_key_is_refused_once_and_for_all(monkeypatch):
    monkeypatch.setenv(KEY, "short")
    with pytest.raises(UserError, match=f"{KEY} in the environment. has 5 characters"):
        read_film(dicom(film(1), PatientID="4711"))


def loaded(path: str, patient: str | None, flags=()) -> Loaded:
    return Loaded(Entry(path, "normal", patient_id=patient), 1, 1, "", "", (0, 0, 1, 1), flags)


def test_without_a_key_a_patient_is_called_after_the_first_film(monkeypatch):
    monkeypatch.delenv(KEY, raising=False)
    patients = {name: read_film(dicom(film(1), PatientID=name)).patient for name in ("4711", "4712")}
    films = [("a", "4711"), ("b", "4712"), ("c", "4711")]
    named = name_patients([*(loaded(path, patients[p]) for path, p in films), loaded("d", "p1")])
    assert [image.entry.patient_id for image in named] == ["a", "b", "a", "p1"]


@pytest.mark.parametrize(("view", "lateral"), [("ll", True), (" Lateral", True), ("PA", False), ("", False)])
def test_lateral_views_are_flagged(view, lateral):
    assert flag_lateral(Film(film(1)), view).flags == ("lateral",) * lateral


def test_notes_count_the_films_of_each_flag_and_name_the_first():
    images = [loaded(name, None, ("lateral",)) for name in "abcd"] + [loaded("e", None, ("colour",))]
    colour, lateral = flag_notes(images)
    assert "colour" in colour
    assert "1 (e)" in colour
    assert lateral == "Films lateral views: 4 (a, b, c, ...)."
    assert not flag_notes([loaded("a", None)])
    np.testing.assert_array_equal(images[0].flags, ("lateral",))
