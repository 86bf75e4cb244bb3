"""What the decisions hang on, in sentences."""

import pytest

from evidrift.compare.findings.reliance import Asked, answers
from evidrift.report.words.reliance import region_name, sentences
from tests.compare.studies import reliance_of
from tests.drift.study import architecture


@pytest.fixture(scope="module")
def asked() -> Asked:
    return reliance_of(architecture("densenet_mini"), corner=1.0)


def test_the_region_that_carries_most_is_named_with_what_both_fills_say(asked):
    first, before, after = sentences(answers(asked), ["densenet_mini"])[-3:]
    assert first.startswith(
        "densenet_mini, ft: covering the upper left corner lowers the score of the class by 1.0 logits more "
        "than covering equally large random places (1.02 ["
    )
    assert "1.02" in first.split("where its surroundings take its place")[1]
    assert "6 patients" in first
    for name, told in (("tl", before), ("ft", after)):
        assert told == (
            f"densenet_mini, {name}: a letter of lead painted into the upper left corner turns the "
            "prediction of 100 % [54, 100] of 6 films without a marker, above all to covid19; in no other "
            "corner of more."
        )


def test_where_nothing_is_shown_it_says_what_was_asked(asked):
    regions = asked.regions.assign(reliance=[-1.0, 1.0] * (len(asked.regions) // 2))
    spikes = asked.spikes.assign(flipped=False, class_spiked="normal")
    told = sentences(answers(Asked(regions, spikes)), ["densenet_mini"])
    assert told[0] == (
        "densenet_mini: no single corner, nor the border, is shown to carry more of the score of any class "
        "than equally large random places (6 patients)."
    )
    assert told[1].endswith(
        "turns the prediction of none of 6 films without a marker (of at most 46 % of such films)."
    )


def test_nothing_is_said_where_nothing_was_asked():
    assert sentences(answers(None), ["densenet_mini"]) == []


def test_a_region_of_the_user_goes_by_its_name():
    assert region_name("a_pacemaker") == "a pacemaker"
