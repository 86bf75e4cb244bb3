"""Which columns tell groups of films apart: sex, site, view, and age in bands."""

import pytest

from evidrift.auditing.performance.subgroups import NOT_GIVEN, band, subgroups, years
from evidrift.base.errors import UserError

FILMS = [
    {
        "sex": "FM"[n % 2],
        "Patient age": str(3 * n),
        "study": f"s{n}",
        "kVp": f"{90 + n}",
        "grant": "yes",
        "site": "" if n < 2 else f"site {n % 3}",
    }
    for n in range(30)
]


def by_name(found):
    return {each.column: each for each in found}


def test_columns_tell_groups_apart_or_say_why_not():
    found = by_name(subgroups(FILMS, None))
    assert list(found) == ["Patient age", "grant", "kVp", "sex", "site", "study"]
    assert found["sex"].groups == ("F", "M")
    assert found["Patient age"].groups == ("0-17", "18-39", "40-64", "65+")
    assert found["Patient age"].values[[0, 6, 13, 14, 22]].tolist() == [
        "0-17",
        "18-39",
        "18-39",
        "40-64",
        "65+",
    ]
    assert found["site"].groups == ("site 0", "site 1", "site 2", NOT_GIVEN)
    reasons = {name: each.reason for name, each in found.items() if each.reason}
    assert reasons == {
        "grant": "one value for all films",
        "kVp": "numbers, and is no age",
        "study": "30 values, more than 12",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [("45", "40-64"), ("17.9", "0-17"), ("018Y", "18-39"), ("006M", "0-17"), ("64", "40-64"), ("65Y", "65+")],
)
def test_ages_as_numbers_and_as_dicom_writes_them(text, expected):
    assert band(years(text)) == expected


@pytest.mark.parametrize("text", ["old", "-3", "200", "45 years", "nan"])
def test_what_is_no_age(text):
    assert years(text) is None


def test_a_slip_among_ages_leaves_the_others_ages():
    """ChestX-ray14 has patients of 412 years among 112,120 films."""
    films = [{"age": "412" if n == 5 else str(20 + 2 * n)} for n in range(20)]
    (found,) = subgroups(films, None)
    assert found.groups == ("18-39", "40-64", NOT_GIVEN)
    assert found.values[5] == NOT_GIVEN
    (found,) = subgroups([{"age": str(100 * n)} for n in range(20)], None)
    assert found.reason == "numbers, and is no age"


def test_a_name_that_only_holds_the_letters_is_no_age():
    films = [{"stage": str(n), "dosage": str(n)} for n in range(5)]
    assert {each.reason for each in subgroups(films, None)} == {"numbers, and is no age"}
    assert by_name(subgroups(films, ["stage"]))["stage"].groups == ("0", "1", "2", "3", "4")  # asked for


def test_a_column_of_findings_says_what_is_true_and_makes_no_groups_unless_asked_for():
    films = [{"Mass": "01"[n % 2], "no finding": "10"[n % 2], "sex": "FM"[n % 2]} for n in range(4)]
    assert [each.column for each in subgroups(films, None, ("mass", "Effusion"))] == ["sex"]
    assert by_name(subgroups(films, ["Mass"], ("mass", "Effusion")))["Mass"].groups == ("0", "1")


def test_asked_for_alone_and_once():
    assert [each.column for each in subgroups(FILMS, ["site", "sex", "site"])] == ["site", "sex"]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (
            "sexx",
            "names sexx, which is no column of the films; there are Patient age, grant, kVp, sex, site",
        ),
        ("study", "names study, by which no groups can be made: it has 30 values, more than 12"),
    ],
)
def test_a_column_that_cannot_be_used_is_an_error_where_it_is_asked_for(asked, sentence):
    with pytest.raises(UserError) as error:
        subgroups(FILMS, [asked])
    assert sentence in str(error.value)


def test_films_without_further_columns_have_none():
    assert subgroups([{}, {}], None) == ()
    with pytest.raises(UserError, match="there are none"):
        subgroups([{}], ["sex"])
