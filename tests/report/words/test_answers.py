"""The answer in words follows from the claims and claims no more than they do."""

from types import SimpleNamespace

import pytest

from evidrift.base.sentence import Spelling, say
from evidrift.claims.claim import Claim
from evidrift.claims.stability import Extreme
from evidrift.compare.summary import Answer
from evidrift.report.words.answers import Audited, answer_of
from evidrift.report.words.names import method_name

OPEN = "not decidable"


def moved(arch: str, method: str, verdict: str, estimand: str = "recipe") -> Claim:
    return Claim(
        "moved", estimand, arch, "", method, "", "t", 3, verdict=verdict, reason=say("Too few patients.")
    )


def reversal(verdict: str, interaction: float = 0.3) -> Claim:
    return Claim(
        *("reversal", "recipe", "a", "b", "grad_cam", "layer_cam", "t", 3),
        interaction=interaction,
        verdict=verdict,
    )


def answered(*claims: Claim, undecidable: str = "", extremes=(), archs=("a", "b"), **how) -> Answer:
    result = SimpleNamespace(
        claims=claims,
        observed=SimpleNamespace(undecidable=say(undecidable)),
        extremes=extremes,
        architectures=archs,
        margin=0.05,
    )
    return answer_of(result, Spelling(method=method_name), **how)


@pytest.mark.parametrize(
    ("interaction", "expected"),
    [
        # the difference a - b is larger under Grad-CAM: there a drifts further, and b is the stable one
        (0.3, "Yes: b keeps its evidence better than a under Grad-CAM, and worse under LayerCAM."),
        (-0.3, "Yes: a keeps its evidence better than b under Grad-CAM, and worse under LayerCAM."),
    ],
)
def test_a_supported_reversal_is_told_in_its_direction(interaction, expected):
    found = answered(reversal("supported", interaction), reversal(OPEN))
    assert (found.verdict, found.sentence) == ("supported", expected)


def test_where_every_reversal_is_excluded_the_answer_is_no():
    found = answered(reversal("refuted"), reversal("refuted"))
    assert found.verdict == "refuted"
    assert found.sentence.startswith("No: in all 2 comparisons")
    assert "0.05 of the way" in found.sentence


def test_one_open_comparison_leaves_it_open_and_says_how_many():
    found = answered(reversal("refuted"), reversal(OPEN))
    assert found.verdict == OPEN
    assert "in 1 of 2 comparisons" in found.sentence


def test_without_an_order_the_reason_is_the_answer():
    found = answered(reversal(OPEN), undecidable="with one seed there is no floor")
    assert (found.verdict, found.sentence) == (OPEN, "With one seed there is no floor.")


@pytest.mark.parametrize(
    ("verdicts", "verdict", "words"),
    [
        (("supported", "supported"), "supported", "in all 2 methods"),
        (("supported", OPEN), OPEN, "in 1 of 2 methods"),
        (
            ("refuted", "refuted"),
            "refuted",
            "no further than another training would, in all 2",
        ),
        (("refuted", OPEN), OPEN, "not shown to have moved the evidence further"),
        ((OPEN, OPEN), OPEN, "is not decidable: too few patients."),
    ],
)
def test_of_one_architecture_it_is_asked_whether_the_evidence_moved(verdicts, verdict, words):
    claims = [moved("a", method, each) for method, each in zip(("m", "n"), verdicts, strict=True)]
    found = answered(*claims, archs=("a",))
    assert found.verdict == verdict
    assert words in found.sentence


def test_first_places_are_named_only_where_they_are_shown():
    extremes = [
        Extreme("grad_cam", "most stable", "a", "supported", ""),
        Extreme("layer_cam", "most stable", "b", OPEN, ""),
        Extreme("grad_cam", "least stable", "b", "supported", ""),
    ]
    assert "Shown to be the most stable: a under Grad-CAM." in answered(extremes=extremes).details
    assert answered(extremes=extremes[1:2]).details[-1].startswith("Under no method")


def test_an_audit_has_its_gates_outcome_or_the_verdict_on_these_checkpoints():
    assert answered(audited=Audited("It moved.", "supported", None)).verdict == "supported"
    gated = answered(audited=Audited("It moved.", "supported", "failed"))
    assert (gated.verdict, gated.sentence) == ("failed", "It moved.")
