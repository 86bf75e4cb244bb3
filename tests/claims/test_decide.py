from dataclasses import replace

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from evidrift.claims.claim import Claim, Rules
from evidrift.claims.decide import least_decided, make_claims
from evidrift.claims.estimate import ESTIMANDS, estimate
from evidrift.claims.testing import noise_of
from tests.claims.made import study_quantities

RULES = Rules(min_patients=10, margin=0.05, preserved=0.5)
ARCHS, METHODS = ("a", "b", "c"), ("grad_cam", "layer_cam")
# by method, each architecture's drift
DRIFTS = {"grad_cam": (0.5, 0.4, 0.3), "layer_cam": (0.4, 0.5, 0.3)}


def never(one, other, pair):
    return False


def study(drifts=DRIFTS, **changes):
    return {
        (arch, method): study_quantities(drift=drift, stream=10 * number + at, **changes)
        for number, (method, values) in enumerate(drifts.items())
        for at, (arch, drift) in enumerate(zip(ARCHS, values, strict=True))
    }


def claims_of(measured=None, degenerate=never, estimand="recipe", rules=RULES):
    measured = measured or study()
    methods = sorted({method for _, method in measured})
    found = make_claims(measured, ARCHS, methods, rules, degenerate, estimand)
    return {(each.kind, *each.key[2:]): each for each in found}


def moved(claims, arch, method="grad_cam"):
    return claims["moved", arch, "", method, ""]


def preserved(claims, arch, method="grad_cam"):
    return claims["preserved", arch, "", method, ""]


def difference(claims, arch, other, method="grad_cam"):
    return claims["difference", arch, other, method, ""]


def reversal(claims, arch, other):
    return claims["reversal", arch, other, *METHODS]


def test_every_architecture_pair_and_pair_of_methods_is_claimed_once():
    kinds = [each.kind for each in claims_of().values()]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "moved": 6,
        "difference": 6,
        "preserved": 6,
        "reversal": 3,
    }


def test_shared_drift_and_reversals_are_of_the_recipe_alone():
    claims = claims_of(estimand="these checkpoints").values()
    assert {each.kind for each in claims} == {"difference", "preserved"}
    assert {each.estimand for each in claims} == {"these checkpoints"}


def test_a_planted_shared_drift_is_supported_and_none_is_refuted():
    found = moved(claims_of(), "a")
    assert (found.verdict, found.estimate) == ("supported", pytest.approx(0.3))
    assert found.reason == (
        "Every training moves the evidence alike: 0.30 of the strongest evidence, 95 % interval "
        f"{found.low:.2f} to {found.high:.2f} (all 6 of its kind together)."
    )
    none = moved(claims_of(study(shared=0.0)), "a")
    assert (none.verdict, none.estimate) == ("refuted", pytest.approx(0, abs=1e-9))
    words = "A shared drift of 0.05 of the strongest evidence or more is excluded: 0.00 of the strongest"
    assert none.reason.startswith(words)


def test_a_shared_drift_surely_below_zero_is_never_movement():
    found = moved(claims_of(study(shared=-0.2)), "a")
    assert found.p_corrected < 0.05 and found.estimate == pytest.approx(-0.2)
    assert found.verdict == "refuted"


def test_a_small_effect_that_is_shown_says_that_it_is_below_the_margin():
    found = moved(claims_of(study(shared=0.03, noise=0.003)), "a")
    assert (found.verdict, found.estimate) == ("supported", pytest.approx(0.03))
    assert found.reason.endswith(", though less than `margin`.")


@pytest.mark.parametrize(
    ("drifts", "estimate", "first"),
    [((0.5, 0.4, 0.3), 0.1, "b"), ((0.4, 0.5, 0.3), -0.1, "a")],
)
def test_a_planted_difference_names_the_more_stable_one(drifts, estimate, first):
    found = difference(claims_of(study({"grad_cam": drifts, "layer_cam": drifts})), "a", "b")
    assert (found.verdict, found.estimate) == ("supported", pytest.approx(estimate))
    assert found.reason.startswith(f"{first} is the more stable: 0.10 of the strongest evidence, ")
    # the interval has the sign of the size beside it
    low, high = sorted(map(abs, (found.low, found.high)))
    assert f"95 % interval {low:.2f} to {high:.2f}" in found.reason


def test_equal_architectures_are_shown_to_be_equal_to_within_the_margin():
    found = difference(claims_of(study(dict.fromkeys(METHODS, (0.4, 0.4, 0.4)))), "a", "b")
    assert found.verdict == "refuted"
    assert found.reason.startswith("A difference of 0.05 of the strongest evidence or more is excluded: ")


def test_noise_leaves_it_open():
    claims = claims_of(study(noise=0.6, n=12))
    assert {each.verdict for each in claims.values()} == {"not decidable"}
    assert difference(claims, "a", "b").reason.startswith("A difference is neither shown nor excluded: ")


@pytest.mark.parametrize("estimand", ESTIMANDS)
def test_evidence_is_preserved_below_a_stated_share_of_the_scale(estimand):
    drifts = dict.fromkeys(METHODS, (0.2, 0.6, 0.4))  # of a scale of 0.8
    claims = claims_of(study(drifts, noise=0.05), estimand=estimand)
    expected = {
        "a": ("supported", 0.25, "The drift is below 0.5 of the scale: 0.25 of the scale, 95 % interval 0."),
        "b": ("refuted", 0.75, "The drift is above 0.5 of the scale: 0.75 of the scale, "),
        "c": ("not decidable", 0.5, "The drift is neither shown to be below 0.5 of the scale nor above: 0.5"),
    }
    for arch, (verdict, value, words) in expected.items():
        found = preserved(claims, arch)
        assert (found.verdict, found.estimate) == (verdict, pytest.approx(value))
        assert found.reason.startswith(words)


def test_a_planted_reversal_is_supported_and_the_same_order_is_refuted():
    claims = claims_of()
    found = reversal(claims, "a", "b")
    assert (found.verdict, found.estimate) == ("supported", pytest.approx(0.1))
    assert found.reason.startswith("Each of the two is the more stable under one of the methods: 0.10 of ")
    same = reversal(claims, "a", "c")
    assert (same.verdict, same.estimate) == ("refuted", pytest.approx(-0.1))


def test_families_are_declared_in_advance_and_each_is_corrected_for_its_own_number():
    """Three methods: the paper's two give three reversals, all other pairs of methods six."""
    three = dict.fromkeys(("grad_cam_pp", "layer_cam", "occlusion"), (0.5, 0.4, 0.3))
    claims = claims_of(study(three, noise=0.15)).values()
    assert {each.family for each in claims if each.kind != "reversal"} == {"exploratory"}
    paper = [each for each in claims if {each.method, each.against} == {"grad_cam_pp", "layer_cam"}]
    assert paper == [each for each in claims if each.family == "primary"]
    families = {}
    for each in claims:
        families.setdefault((each.kind, each.family), []).append(each)
    assert {key: len(own) for key, own in families.items()} == {
        ("moved", "exploratory"): 9,
        ("difference", "exploratory"): 9,
        ("preserved", "exploratory"): 9,
        ("reversal", "primary"): 3,
        ("reversal", "exploratory"): 6,
    }
    for own in families.values():
        assert {each.n_claims for each in own} == {len(own)}
        by_statsmodels = multipletests([each.p for each in own], 0.05, "bonferroni")[1]
        assert [each.p_corrected for each in own] == pytest.approx(list(by_statsmodels))


def test_the_interval_beside_a_verdict_holds_together_with_all_others_of_its_kind():
    measured = study(noise=0.15)
    noise = noise_of(measured)
    claims = claims_of(measured)
    found = difference(claims, "a", "b")
    alone = estimate([noise.drift["a", "grad_cam"], -noise.drift["b", "grad_cam"]], "recipe")
    assert (found.low, found.high) == pytest.approx(alone.interval(0.05 / 6))
    assert found.detectable == pytest.approx(alone.detectable(0.05 / 6))
    assert found.reason.endswith(" (all 6 of its kind together).")


def expected_verdict(claim: Claim) -> str:
    """Read off the interval alone."""
    if claim.kind == "preserved":
        shown, excluded = claim.high < RULES.preserved, claim.low > RULES.preserved
    else:
        shown = claim.low > 0 or (claim.kind == "difference" and claim.high < 0)
        below = -claim.low < RULES.margin or claim.kind != "difference"
        excluded = below and claim.high < RULES.margin
    return "supported" if shown else "refuted" if excluded else "not decidable"


def test_the_verdict_is_what_the_interval_says_and_so_is_the_corrected_p():
    random = np.random.default_rng(3)
    seen = set()
    for stream in range(12):
        measured = {
            (arch, method): study_quantities(
                drift=random.uniform(0.3, 0.5),
                shared=random.choice([0.0, 0.03, 0.3]),
                noise=10 ** random.uniform(-2, -0.7),
                stream=100 * stream + at,
            )
            for at, (arch, method) in enumerate((arch, method) for method in METHODS for arch in ARCHS)
        }
        for estimand in ESTIMANDS:
            for each in claims_of(measured, estimand=estimand).values():
                assert each.verdict == expected_verdict(each)
                assert each.low <= each.estimate <= each.high
                limit = RULES.preserved if each.kind == "preserved" else 0
                outside = each.low > limit or (each.high < limit and each.kind != "reversal")
                assert (each.p_corrected < 0.05) == outside
                seen.add((each.kind, each.verdict))
    assert len(seen) == 4 * 3


def test_what_cannot_be_decided_is_not_tested_and_does_not_weigh_on_the_others():
    measured = study(noise=0.15)
    for method in METHODS:
        measured["c", method] = study_quantities(drift=0.3, scale=float("nan"))
    claims = claims_of(measured)
    assert np.isnan(preserved(claims, "c").p_corrected)
    assert preserved(claims, "c").reason == "Scale is missing: it needs two patients of one class."
    for arch in "ab":
        found = preserved(claims, arch)
        assert (found.n_claims, found.p_corrected) == (4, pytest.approx(min(1, 4 * found.p)))
    assert moved(claims, "c").n_claims == 6


def test_with_one_seed_nothing_is_decided_of_the_recipe():
    claims = claims_of(study(seeds=1))
    assert {each.verdict for each in claims.values()} == {"not decidable"}
    assert {each.reason[:40] for each in claims.values()} == {"With one training nothing is known of ho"}
    for each in claims.values():
        assert np.isnan([each.low, each.high, each.p_corrected, each.detectable]).all()
    fixed = claims_of(study(seeds=1), estimand="these checkpoints")
    assert difference(fixed, "a", "b").verdict == "supported"


def test_with_two_seeds_all_but_the_shared_drift_can_be_decided():
    claims = claims_of(study(seeds=2, noise=0.01))
    assert moved(claims, "a").reason.startswith("Two seeds make one pair of trainings,")
    assert {each.verdict for each in claims.values() if each.kind == "moved"} == {"not decidable"}
    assert difference(claims, "a", "b").verdict == reversal(claims, "a", "b").verdict == "supported"


def test_methods_that_cannot_disagree_make_no_claim_of_a_reversal():
    def alike(one, other, pair):
        return {one, other} == set(METHODS) and "a" in pair

    keys = [key for key, each in claims_of(degenerate=alike).items() if each.kind == "reversal"]
    assert keys == [("reversal", "b", "c", *METHODS)]


def test_a_method_that_one_architecture_lacks_makes_no_claim_about_it():
    measured = study()
    del measured["c", "layer_cam"]
    keys = claims_of(measured)
    assert ("moved", "c", "", "layer_cam", "") not in keys
    assert ("difference", "a", "c", "layer_cam", "") not in keys
    assert ("difference", "a", "c", "grad_cam", "") in keys
    assert ("reversal", "a", "c", *METHODS) not in keys


def test_without_any_spread_there_is_nothing_to_judge_by():
    claims = claims_of(study(noise=0.0))
    assert moved(claims, "a").verdict == "not decidable"
    one, other = difference(claims, "a", "b"), difference(claims, "b", "c")
    assert one.verdict == other.verdict == "not decidable"


def test_a_verdict_that_a_second_look_does_not_share_is_not_decidable():
    first = list(claims_of().values())
    second = [replace(each, verdict="refuted") if each == first[0] else each for each in first]
    found = least_decided(first, second, "Because.")
    assert first[0].verdict == "supported"
    assert (found[0].verdict, found[0].reason, found[0].p) == ("not decidable", "Because.", first[0].p)
    assert found[1:] == first[1:]


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("difference", {"estimate": -0.2}),
        ("reversal", {"interaction": -0.4}),
    ],
)
def test_a_second_look_that_finds_the_opposite_is_another_verdict(kind, changes):
    about = ("recipe", "a", "b", "m", "", "t", 3)
    base = Claim(kind, "exploratory", *about, estimate=0.2, interaction=0.4, verdict="supported")
    (found,) = least_decided([base], [replace(base, **changes)], "Because.")
    assert found.verdict == "not decidable"


def test_a_claim_that_the_second_look_lacks_stays():
    first = list(claims_of().values())
    assert least_decided(first, [], "Because.") == first
