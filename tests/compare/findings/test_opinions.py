import pandas as pd
import pytest

from evidrift.claims.claim import Claim
from evidrift.claims.cohort import CommonCohort
from evidrift.compare.findings.opinions import answer, ask, rank_agreement
from evidrift.compare.findings.ranking import Observed, observe
from evidrift.drift.tables import Notes

ARCHITECTURES = ("a", "b", "c")
COHORT = CommonCohort(tuple(f"image {k}" for k in range(30)), 25)
NOTHING = pd.Series(dtype=float, index=pd.MultiIndex.from_arrays([[], [], [], []]))
FAMILIES = {
    **dict.fromkeys(("grad_cam_pp", "grad_cam_pp_unit", "layer_cam"), "cam"),
    "integrated_gradients": "gradients",
    "occlusion": "perturbation",
}
# a is more stable than b under LayerCAM, less under Grad-CAM++; c is the least stable under both
REVERSED = {"layer_cam": (0.2, 0.4, 0.9), "grad_cam_pp": (0.5, 0.3, 0.8)}


def notes(constant=False):
    gradient = {"penultimate": constant}
    return {
        arch: Notes(0.2, ["centred"], ["label"], gradient, {}, (), FAMILIES, {}) for arch in ARCHITECTURES
    }


def observed(scores, seeds=(1, 2, 3), constant=False):
    rows = [
        {"arch": arch, "layer": "penultimate", "method": method, "measure": measure, "mean": value}
        for measure in ("moved_share", "moved_share_all")
        for method, values in scores.items()
        for arch, value in zip(ARCHITECTURES, values, strict=True)
    ]
    return observe(pd.DataFrame(rows), ARCHITECTURES, seeds, COHORT, 20, notes(constant), NOTHING)


def claims_of(found: Observed) -> list[Claim]:
    """A claim for each reversal, that of a and b supported; `method` and architectures in any order."""
    return [
        Claim(
            kind="reversal",
            family="primary",
            estimand="recipe",
            arch=each.stable,
            other=each.other,
            method=each.against,
            against=each.method,
            test="",
            n_seeds=3,
            verdict="supported" if {each.stable, each.other} == {"a", "b"} else "not decidable",
            reason=f"Of {each.stable} and {each.other}.",
        )
        for each in found.reversals
    ]


def asked(scores, **changes):
    found = observed(scores, **changes)
    return ask(found, notes(changes.get("constant", False)), claims_of(found), "penultimate")


def test_one_reversal_is_asked_about_and_the_pairs_in_the_same_order_are_not():
    (opinion,) = asked(REVERSED).opinions
    assert (opinion.reversal.stable, opinion.reversal.other) == ("b", "a")
    assert (opinion.verdict, opinion.reason) == ("supported", "Of b and a.")


def test_the_verdict_is_that_of_the_pair_not_of_another_reversal():
    both = {"layer_cam": (0.2, 0.4, 0.3), "grad_cam_pp": (0.5, 0.3, 0.4)}  # the opposite order of all three
    found = {frozenset((each.reversal.stable, each.reversal.other)): each for each in asked(both).opinions}
    assert {pair: each.verdict for pair, each in found.items()} == {
        frozenset("ab"): "supported",
        frozenset("ac"): "not decidable",
        frozenset("bc"): "not decidable",
    }


@pytest.mark.parametrize(
    ("unit", "third", "outcome", "words"),
    [
        ((0.5, 0.3), {}, "unanswered", "(a) It survives the unit form. (b) Unknown: the grid has no method"),
        ((0.2, 0.3), {}, "effect of confidence", "(a) It is gone in the unit form"),
        (
            (0.5, 0.3),
            {"integrated_gradients": (0.1, 0.6), "occlusion": (0.2, 0.3)},
            "one method alone",
            "integrated_gradients, occlusion with LayerCAM; Grad-CAM++ stands alone.",
        ),
        (
            (0.5, 0.3),
            {"integrated_gradients": (0.6, 0.1), "occlusion": (0.3, 0.2)},
            "one method alone",
            "integrated_gradients, occlusion with Grad-CAM++; LayerCAM stands alone.",
        ),
        (
            (0.5, 0.3),
            {"integrated_gradients": (0.6, 0.1), "occlusion": (0.2, 0.3)},
            "survives",
            "divided too: occlusion with LayerCAM and integrated_gradients with Grad-CAM++.",
        ),
        (
            (0.5, 0.3),
            {"occlusion": (0.2, 0.2)},
            "unanswered",
            "(b) Unknown: no method of another family orders the two.",
        ),
    ],
)
def test_what_becomes_of_a_reversal(unit, third, outcome, words):
    extra = {name: (*values, 0.7) for name, values in {"grad_cam_pp_unit": unit, **third}.items()}
    question = asked(REVERSED | extra)
    (opinion,) = question.opinions
    assert opinion.outcome == outcome
    (sentence,) = answer(question)
    assert sentence.startswith(
        "a is more stable than b under LayerCAM, less stable under Grad-CAM++, as observed. "
        "That the methods reverse the two is supported: Of b and a. (a) "
    )
    assert words in sentence


def test_a_method_that_lacks_one_of_the_two_has_no_opinion_on_them():
    question = asked(REVERSED | {"occlusion": (float("nan"), 0.2, 0.3)})
    assert question.others == ("occlusion",)
    assert question.opinions[0].with_layer_cam == question.opinions[0].with_grad_cam_pp == ()


def test_without_a_reversal_there_is_nothing_to_survive():
    alike = {"layer_cam": (0.2, 0.4, 0.9), "grad_cam_pp": (0.3, 0.5, 0.8)}
    assert answer(asked(alike)) == ["There is none: both methods order every pair of architectures alike."]


def test_in_a_degenerate_group_the_question_is_not_asked():
    question = asked(REVERSED, constant=True)
    assert question.opinions == ()
    assert "the gradient does not vary over space" in answer(question)[0]


def test_with_one_seed_or_without_one_of_the_two_methods_it_is_not_decidable():
    assert answer(asked(REVERSED, seeds=(1,)))[0].startswith("Not decidable: with one seed")
    missing = {"layer_cam": REVERSED["layer_cam"]}
    assert answer(asked(missing)) == ["Not decidable: no ranking by grad_cam_pp at layer penultimate."]


def test_kendalls_tau_counts_pairs_in_the_same_and_in_the_opposite_order():
    rankings = observed(REVERSED | {"occlusion": (0.9, 0.8, 0.1)}).rankings
    table = rank_agreement(rankings, {"penultimate": [["grad_cam_pp", "layer_cam"]]})
    taus = {(row.method, row.other_method): row.tau for row in table.itertuples()}
    # of three pairs of architectures: two alike and one opposite; one and two; none and three
    assert taus == {
        ("grad_cam_pp", "layer_cam"): pytest.approx(1 / 3),
        ("grad_cam_pp", "occlusion"): pytest.approx(-1 / 3),
        ("layer_cam", "occlusion"): pytest.approx(-1),
    }
    assert table["alike"].tolist() == [True, False, False]
    assert table["n_architectures"].tolist() == [3, 3, 3]
