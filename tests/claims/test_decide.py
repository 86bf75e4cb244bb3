from dataclasses import replace

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from evidrift.claims.claim import Claim, Rules
from evidrift.claims.decide import holm, least_decided, make_claims
from tests.claims.made import study_excess

RULES = Rules(min_patients=10, margin=0.05)
ARCHS, METHODS = ("a", "b", "c"), ("grad_cam", "layer_cam")
# by method, each architecture's drift; floor is 0.3 and chance 0.8, so 0.4 is 0.2 of the way
DRIFTS = {"grad_cam": (0.5, 0.4, 0.3), "layer_cam": (0.4, 0.5, 0.3)}


def never(one, other, pair):
    return False


def study(drifts=DRIFTS, **changes):
    return {
        (arch, method): study_excess(drift=drift, stream=10 * number + at, **changes)
        for number, (method, values) in enumerate(drifts.items())
        for at, (arch, drift) in enumerate(zip(ARCHS, values, strict=True))
    }


def claims_of(excesses=None, degenerate=never, estimand="recipe", rules=RULES):
    found = make_claims(excesses or study(), ARCHS, METHODS, rules, degenerate, estimand)
    return {each.key[2:]: each for each in found}


def moved(claims, arch, method="grad_cam"):
    return claims[arch, "", method, ""]


def difference(claims, arch, other, method="grad_cam"):
    return claims[arch, other, method, ""]


def test_every_architecture_pair_and_pair_of_methods_is_claimed_once():
    keys = claims_of()
    kinds = [each.kind for each in keys.values()]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {"moved": 6, "difference": 6, "reversal": 3}
    assert ("a", "b", "grad_cam", "layer_cam") in keys


def test_reversals_are_of_the_recipe_alone():
    assert {each.kind for each in claims_of(estimand="these checkpoints").values()} == {"moved", "difference"}


def test_a_planted_movement_is_supported_and_none_is_refuted():
    claims = claims_of()
    found = moved(claims, "a")
    assert (found.verdict, found.estimate) == ("supported", pytest.approx(0.4))
    assert found.reason.startswith(
        "The evidence moves further than between two trainings by 0.40 of the way from floor to chance, "
    )
    none = moved(claims_of(study(noise=0.01)), "c")
    assert (none.verdict, none.estimate) == ("refuted", pytest.approx(0, abs=1e-9))
    assert none.reason.startswith(
        "A movement beyond the floor of 0.05 of the way from floor to chance or more"
    )


@pytest.mark.parametrize(
    ("drifts", "estimate", "first"),
    [((0.5, 0.4, 0.3), 0.2, "b"), ((0.4, 0.5, 0.3), -0.2, "a")],
)
def test_a_planted_difference_names_the_more_stable_one(drifts, estimate, first):
    found = difference(claims_of(study({"grad_cam": drifts, "layer_cam": drifts})), "a", "b")
    assert (found.verdict, found.estimate) == ("supported", pytest.approx(estimate))
    assert found.reason.startswith(f"{first} is the more stable by 0.20 of the way")


def test_the_interval_in_a_sentence_has_the_sign_of_the_size_beside_it():
    for drifts in ((0.5, 0.4, 0.3), (0.4, 0.5, 0.3)):
        found = difference(claims_of(study({"grad_cam": drifts, "layer_cam": drifts})), "a", "b")
        low, high = sorted(map(abs, (found.low, found.high)))
        assert f"95 % interval {low:.2f} to {high:.2f}" in found.reason


def test_equal_architectures_are_shown_to_be_equal_to_within_the_margin():
    found = difference(claims_of(study(dict.fromkeys(METHODS, (0.4, 0.4, 0.4)))), "a", "b")
    assert found.verdict == "refuted"
    assert found.reason.startswith("A difference of 0.05 of the way from floor to chance or more is excluded")


def test_noise_leaves_it_open():
    found = difference(claims_of(study(noise=0.6, n=12, chance=2.0)), "a", "b")
    assert found.verdict == "not decidable"
    assert found.reason.startswith("A difference is neither shown (corrected p ")


def test_a_planted_reversal_is_supported_and_the_same_order_is_refuted():
    claims = claims_of()
    found = claims["a", "b", "grad_cam", "layer_cam"]
    assert (found.verdict, found.estimate) == ("supported", pytest.approx(0.2))
    assert found.reason.startswith("Each of the two is the more stable under one of the methods by 0.20")
    same = claims["a", "c", "grad_cam", "layer_cam"]
    assert (same.verdict, same.estimate) == ("refuted", pytest.approx(-0.2))


def test_evidence_that_moves_less_than_between_trainings_is_never_movement():
    claims = claims_of(study(dict.fromkeys(METHODS, (0.2, 0.2, 0.2))))
    found = moved(claims, "a")
    assert found.p_corrected < 0.05 and found.estimate == pytest.approx(-0.2)
    assert found.verdict == "refuted"
    assert "excluded (-0.20 of the way from floor to chance, 95 % interval -0." in found.reason


def test_a_small_effect_that_is_shown_says_that_it_is_below_the_margin():
    claims = claims_of(study(dict.fromkeys(METHODS, (0.315, 0.3, 0.3)), noise=0.003))
    found = moved(claims, "a")
    assert (found.verdict, found.estimate) == ("supported", pytest.approx(0.03))
    assert found.reason.endswith(", though less than `margin`.")


def by_statsmodels(values):
    return multipletests(values, 0.05, "holm")[1]


@pytest.mark.parametrize("kind", ["moved", "difference", "reversal"])
def test_each_kind_is_corrected_by_holm_on_its_own(kind):
    own = [each for each in claims_of(study(noise=0.15)).values() if each.kind == kind]
    expected = by_statsmodels([each.p for each in own])
    assert [each.p_corrected for each in own] == pytest.approx(list(expected))
    assert any(each.p_corrected > each.p for each in own)


def test_what_cannot_be_decided_is_not_tested_and_does_not_weigh_on_the_others():
    excesses = study(noise=0.15)
    excesses["c", "grad_cam"] = study_excess(drift=0.3, chance=float("nan"))
    excesses["c", "layer_cam"] = study_excess(drift=0.3, chance=float("nan"))
    claims = claims_of(excesses)
    assert np.isnan(moved(claims, "c").p_corrected)
    assert moved(claims, "c").reason.startswith("Chance is missing: ")
    four = [moved(claims, arch, method) for method in METHODS for arch in ("a", "b")]
    assert [each.p_corrected for each in four] == pytest.approx(
        list(by_statsmodels([each.p for each in four]))
    )


def test_what_could_be_seen_is_at_the_strictest_level_that_holm_asks_for():
    excesses = study(noise=0.15)
    found = moved(claims_of(excesses), "a")
    alone = make_claims(
        {("a", "grad_cam"): excesses["a", "grad_cam"]}, ["a"], ["grad_cam"], RULES, never, "recipe"
    )
    assert found.detectable > alone[0].detectable
    assert alone[0].estimate == found.estimate


@pytest.mark.parametrize("seeds", [1, 2])
def test_too_few_seeds_leave_everything_open_with_a_sentence(seeds):
    claims = claims_of(study(seeds=seeds))
    words = {
        1: "With one seed there is no floor, so",
        2: "Two seeds make one pair of trainings for the floor,",
    }
    assert {each.verdict for each in claims.values()} == {"not decidable"}
    assert all(each.reason.startswith(words[seeds]) and each.reason.endswith(".") for each in claims.values())
    assert all(np.isnan([each.p_corrected, each.detectable]).all() for each in claims.values())


def test_methods_that_cannot_disagree_make_no_claim_of_a_reversal():
    def alike(one, other, pair):
        return {one, other} == set(METHODS) and "a" in pair

    keys = [key for key, each in claims_of(degenerate=alike).items() if each.kind == "reversal"]
    assert keys == [("b", "c", "grad_cam", "layer_cam")]


def test_a_method_that_one_architecture_lacks_makes_no_claim_about_it():
    excesses = study()
    del excesses["c", "layer_cam"]
    keys = claims_of(excesses)
    assert ("c", "", "layer_cam", "") not in keys and ("a", "c", "layer_cam", "") not in keys
    assert ("a", "c", "grad_cam", "") in keys and ("a", "c", "grad_cam", "layer_cam") not in keys


def test_without_any_spread_there_is_nothing_to_judge_by():
    claims = claims_of(study(noise=0.0))
    assert moved(claims, "a").verdict == "not decidable"
    one, other = difference(claims, "a", "b"), difference(claims, "b", "c")
    assert one.verdict == other.verdict == "not decidable"


def test_a_verdict_that_a_second_look_does_not_share_is_not_decidable():
    first = list(claims_of().values())
    second = [
        replace(each, verdict="refuted") if each.key[2:] == ("a", "", "grad_cam", "") else each
        for each in first
    ]
    found = {each.key[2:]: each for each in least_decided(first, second, "Because.")}
    assert (moved(found, "a").verdict, moved(found, "a").reason) == ("not decidable", "Because.")
    assert moved(found, "a").p == first[0].p
    rest = [each for each in first if each.key[2:] != ("a", "", "grad_cam", "")]
    assert [found[each.key[2:]] for each in rest] == rest


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("difference", {"estimate": -0.2}),
        ("reversal", {"interaction": -0.4}),
    ],
)
def test_a_second_look_that_finds_the_opposite_is_another_verdict(kind, changes):
    base = Claim(
        kind, "recipe", "a", "b", "m", "", "t", 3, estimate=0.2, interaction=0.4, verdict="supported"
    )
    (found,) = least_decided([base], [replace(base, **changes)], "Because.")
    assert found.verdict == "not decidable"


def test_a_claim_that_the_second_look_lacks_stays():
    first = list(claims_of().values())
    assert least_decided(first, [], "Because.") == first


@pytest.mark.parametrize(
    "values", [[0.2], [0.0, 1.0], [0.03, 0.03, 0.01], [0.01, 0.04, 0.02, 0.5], [0.001 * k for k in range(30)]]
)
def test_holm_is_that_of_statsmodels(values):
    np.testing.assert_allclose(holm(np.array(values)), by_statsmodels(values), rtol=1e-12)


def test_holm_by_hand():
    # sorted 0.01, 0.02, 0.03: 3 x 0.01, 2 x 0.02, and 0.03, which must not be below the one before it
    np.testing.assert_allclose(holm(np.array([0.03, 0.01, 0.02])), [0.04, 0.03, 0.04])
