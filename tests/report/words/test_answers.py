"""The answer in words follows from the claims and claims no more than they do."""

from types import SimpleNamespace

import pandas as pd
import pytest

from evidrift.base.sentence import Spelling, say
from evidrift.claims.claim import Claim
from evidrift.claims.stability import Extreme
from evidrift.compare.summary import Answer
from evidrift.report.words.answers import Audited, answer_of
from evidrift.report.words.names import method_name

OPEN = "not decidable"


def moved(arch: str, method: str, verdict: str) -> Claim:
    return Claim(
        *("moved", "exploratory", "recipe", arch, "", method, "", "t", 3),
        verdict=verdict,
        reason=say("Too few patients."),
    )


def reversal(verdict: str, interaction: float = 0.3, family: str = "primary") -> Claim:
    return Claim(
        *("reversal", family, "recipe", "a", "b", "grad_cam_pp", "layer_cam", "t", 3),
        interaction=interaction,
        verdict=verdict,
    )


def drift(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["arch", "method", "mean", "scale"]).assign(
        layer="penultimate", measure="moved_share"
    )


def answered(*claims: Claim, undecidable: str = "", extremes=(), archs=("a", "b"), rows=(), **how) -> Answer:
    result = SimpleNamespace(
        claims=claims,
        observed=SimpleNamespace(undecidable=say(undecidable)),
        question=SimpleNamespace(why_not=say("")),
        extremes=extremes,
        architectures=archs,
        layer="penultimate",
        margin=0.05,
        preserved=0.5,
        drift=drift(*rows),
    )
    return answer_of(result, Spelling(method=method_name), **how)


@pytest.mark.parametrize(
    ("interaction", "expected"),
    [
        # the difference a - b is larger under Grad-CAM++: there a drifts further, and b is the stable one
        (0.3, "Yes: b keeps its evidence better than a under Grad-CAM++, and worse under LayerCAM."),
        (-0.3, "Yes: a keeps its evidence better than b under Grad-CAM++, and worse under LayerCAM."),
    ],
)
def test_a_supported_reversal_is_told_in_its_direction(interaction, expected):
    found = answered(reversal("supported", interaction), reversal(OPEN))
    assert (found.verdict, found.sentence) == ("supported", expected)


def test_the_verdict_rests_on_the_primary_family_alone():
    found = answered(reversal(OPEN), reversal("supported", family="exploratory"))
    assert found.verdict == OPEN
    assert "in the one pair of architectures one cannot be ruled out" in found.sentence


def test_where_every_reversal_is_excluded_the_answer_is_no():
    found = answered(reversal("refuted"), reversal("refuted"))
    assert found.verdict == "refuted"
    assert found.sentence.startswith("No: in all 2 pairs of architectures")
    assert "0.05 of the strongest evidence or more" in found.sentence


def test_one_open_comparison_leaves_it_open_and_says_how_many():
    found = answered(reversal("refuted"), reversal(OPEN))
    assert found.verdict == OPEN
    assert "in 1 of 2 pairs" in found.sentence


def test_without_an_order_the_reason_is_the_answer():
    found = answered(reversal(OPEN), undecidable="with one training nothing is known")
    assert (found.verdict, found.sentence) == (OPEN, "Not decidable: with one training nothing is known.")


def test_it_is_told_how_far_the_evidence_moved_beside_the_way_from_one_patient_to_another():
    rows = [("a", "grad_cam", 0.9, 0.9), ("a", "layer_cam", 0.43, 0.7), ("b", "layer_cam", 0.29, 0.664)]
    (told,) = answered(rows=rows).details
    assert told.replace("\N{NO-BREAK SPACE}", " ") == (
        "How far: after fine-tuning, 43 % of the strongest evidence lies elsewhere in a and 29 % in b "
        "(LayerCAM). From one patient to another it is 66 to 70 %."
    )
    alone = answered(moved("a", "grad_cam", OPEN), archs=("a",), rows=[("a", "grad_cam", 0.5, float("nan"))])
    assert alone.details[0].endswith("of the strongest evidence lies elsewhere (Grad-CAM).")


@pytest.mark.parametrize(
    ("verdicts", "verdict", "words"),
    [
        (("supported", "supported"), "supported", "moves part of the evidence alike, in all 2 methods"),
        (("supported", OPEN), OPEN, "in 1 of 2 methods"),
        (("refuted", "refuted"), "refuted", "No training moves what another moves, in all 2 methods"),
        (("refuted", OPEN), OPEN, "not shown that every training moves"),
        ((OPEN, OPEN), OPEN, "is not decidable: too few patients."),
    ],
)
def test_of_one_architecture_it_is_asked_whether_every_training_moves_the_evidence_alike(
    verdicts, verdict, words
):
    claims = [moved("a", method, each) for method, each in zip(("m", "n"), verdicts, strict=True)]
    found = answered(*claims, archs=("a",))
    assert found.verdict == verdict
    assert words in found.sentence


def test_where_the_evidence_is_shown_to_be_preserved_or_not_is_counted():
    claims = [
        Claim(*("preserved", "exploratory", "recipe", arch, "", "m", "", "t", 3), verdict=verdict)
        for arch, verdict in (("a", "supported"), ("b", "refuted"), ("c", "refuted"), ("d", OPEN))
    ]
    less, more = answered(*claims).exploratory[1:]
    assert less == (
        "The evidence is shown to move less than 0.5 of the way from one patient to another, in 1 of 4 "
        "combinations of architecture and method."
    )
    assert "more than 0.5 of the way from one patient to another, in 2 of 4" in more


def test_first_places_are_named_only_where_they_are_shown():
    extremes = [
        Extreme("grad_cam", "most stable", "a", "supported", ""),
        Extreme("layer_cam", "most stable", "b", OPEN, ""),
        Extreme("grad_cam", "least stable", "b", "supported", ""),
    ]
    assert "Shown to be the most stable: a under Grad-CAM." in answered(extremes=extremes).exploratory
    assert answered(extremes=extremes[1:2]).exploratory[-1].startswith("Under no method")


def test_an_audit_has_its_gates_outcome_or_the_verdict_on_these_checkpoints():
    assert answered(audited=Audited("It moved.", "supported", None)).verdict == "supported"
    gated = answered(audited=Audited("It moved.", "supported", "failed"))
    assert (gated.verdict, gated.sentence) == ("failed", "It moved.")
