"""One preprocessing for all models, or one for each side by its name."""

import pytest

from evidrift.auditing.sides import by_side
from evidrift.base.errors import UserError

SIDES = ("original", "before", "after")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("unit", ("unit", "unit", "unit")),
        (["tf"], ("tf", "tf", "tf")),
        ("after:unit", ("none", "none", "unit")),
        (["before: tf", "after:none"], ("none", "tf", "none")),
        (["unit", "original:mean=12,std=7"], ("mean=12,std=7", "unit", "unit")),
    ],
)
def test_what_has_no_side_is_for_those_that_are_not_named(given, expected):
    assert by_side(given, SIDES) == dict(zip(SIDES, expected, strict=True))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (["befor:tf"], "befor:tf is for befor, but the sides are original, before, after"),
        (
            ["unit", "tf"],
            "gives unit and tf for all models. Give one, without spaces in it, or name the sides",
        ),
        (["after:tf", "after:unit"], "names the side after twice: tf and unit"),
    ],
)
def test_what_cannot_be_told_apart_is_refused(given, sentence):
    with pytest.raises(UserError, match=sentence):
        by_side(given, SIDES)
