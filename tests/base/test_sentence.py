"""Sentences keep their terms until a medium spells them; names from outside are never touched."""

import copy

import pytest

from evidrift.base.errors import UserError
from evidrift.base.keys import PIPELINE
from evidrift.base.sentence import Spelling, checkpoint, listed, method, owner, parameter, say, spelled

PAGE = Spelling(
    method={"layer_cam": "LayerCAM", "rise": "RISE"}.__getitem__,
    checkpoint={"tl": "before", "ft": "after"}.__getitem__,
    owner="the {}'s".format,
    parameter="--{}".format,
)


def test_terms_are_spelled_by_the_medium_and_by_themselves_as_the_library_does():
    told = say(
        "{m} under {c}, {o} own: {p}",
        m=method("layer_cam"),
        c=checkpoint("ft"),
        o=owner("tl"),
        p=parameter("layer"),
    )
    assert told == "layer_cam under ft, tl's own: `layer`"
    assert spelled(told, PAGE) == "LayerCAM under after, the tl's own: --layer"


@pytest.mark.parametrize(
    "name", ["tl.keras", "rise", "ft", "layer_cam", "{m}", "a{0}b", "%s", "explain.cam.layers"]
)
def test_a_name_from_outside_stays_as_it_is(name):
    told = say("{file} holds no map by {m}", file=name, m=method("layer_cam"))
    assert spelled(told, PAGE) == f"{name} holds no map by LayerCAM"


def test_a_plain_text_has_no_terms_and_stays():
    assert spelled("No image of rise is right under tl {", PAGE) == "No image of rise is right under tl {"


def test_sentences_and_lists_in_a_sentence_are_spelled_too():
    inner = say("{m} at last", m=method("rise"))
    told = say("{parts}; {one}", parts=[inner, method("layer_cam"), "x"], one=listed([inner, "y"], " and "))
    assert spelled(told, PAGE) == "RISE at last, LayerCAM, x; RISE at last and y"


def test_numbers_take_the_formats_of_the_template():
    assert say("{p:.2f} of {n}", p=0.125, n=3) == "0.12 of 3"


def test_a_clause_becomes_a_sentence_but_a_name_keeps_its_letters():
    assert say("with one seed nothing is known").whole() == "With one seed nothing is known."
    assert say("{arch} has no map", arch="densenet_mini").whole() == "densenet_mini has no map."
    assert say("Too few patients.").inside() == "too few patients."
    assert say("CAM is not defined.").inside() == "CAM is not defined."
    assert spelled(say("{m} is blank", m=method("rise")).whole(), PAGE) == "RISE is blank."


def test_a_copy_keeps_its_terms():
    assert spelled(copy.deepcopy(say("{m}", m=method("rise"))), PAGE) == "RISE"


def test_an_error_names_a_parameter_as_the_library_does_and_each_edge_in_its_own_words():
    error = UserError(say("Name another ({layer}).", layer=parameter("layer"))).about("ft.keras")
    assert str(error) == "ft.keras: Name another (`layer`)."
    assert error.spelled(PIPELINE) == "ft.keras: Name another (explain.cam.layers)."
    assert error.spelled(PAGE) == "ft.keras: Name another (--layer)."
