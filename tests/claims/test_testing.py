import numpy as np
import pytest
from scipy import stats

from evidrift.claims.claim import Rules
from evidrift.claims.estimate import estimate
from evidrift.claims.testing import difference, moved, reversal, signed_rank
from tests.claims.made import study_excess

RULES = Rules(min_patients=10, margin=0.05)
PAIR, METHODS = ("a", "b"), ("grad_cam", "layer_cam")


def planted(here=(0.5, 0.4), there=(0.4, 0.5), **changes):
    """Both architectures' drift under the two methods; floor 0.3 and chance 0.8."""
    drifts = dict(zip(METHODS, (here, there), strict=True))
    return {
        (arch, method): study_excess(drift=drift, stream=11 * at + 3 * number, **changes)
        for number, (method, values) in enumerate(drifts.items())
        for at, (arch, drift) in enumerate(zip(PAIR, values, strict=True))
    }


def test_movement_is_tested_by_the_estimate_of_the_normalised_excess():
    excesses = planted()
    tested = moved(excesses, "a", "grad_cam", RULES, "recipe")
    found = estimate([excesses["a", "grad_cam"].normalised], "recipe")
    claim = tested.claim
    assert claim.estimate == pytest.approx(0.2 / 0.5)
    assert (claim.low, claim.high) == found.interval()
    assert claim.p == found.p_two_sided()
    assert (claim.drift, claim.floor, claim.chance) == pytest.approx((0.5, 0.3, 0.8))
    assert (claim.n_patients, claim.n_images, claim.n_seeds) == (30, 30, 3)
    assert tested.obstacle == "" and not tested.refuted


def test_the_effect_size_is_cohens_of_the_patients_own_values():
    excesses = planted()
    claim = difference(excesses, PAIR, "grad_cam", RULES, "recipe").claim
    own = []
    for arch in PAIR:
        each = excesses[arch, "grad_cam"].normalised
        own.append(each.value + 30 * each.weights.mean(axis=1))
    values = own[0] - own[1]
    assert values.mean() == pytest.approx(claim.estimate)
    assert claim.effect_size == pytest.approx(values.mean() / values.std(ddof=1))
    assert claim.wilcoxon_p == pytest.approx(stats.wilcoxon(values).pvalue)
    assert claim.wilcoxon_effect == 1  # all patients say the same
    # drift 0.5 and 0.4 between floor 0.3 and chance 0.8
    assert claim.estimate == pytest.approx(0.4 - 0.2)
    assert (claim.other_drift, claim.other_floor, claim.other_chance) == pytest.approx((0.4, 0.3, 0.8))


def test_swapping_the_architectures_turns_the_sign_and_nothing_else():
    excesses = planted()
    for estimand in ("recipe", "these checkpoints"):
        one, two = (difference(excesses, pair, "grad_cam", RULES, estimand) for pair in (PAIR, PAIR[::-1]))
        assert two.claim.estimate == pytest.approx(-one.claim.estimate)
        assert (two.claim.low, two.claim.high) == pytest.approx((-one.claim.high, -one.claim.low))
        assert (two.claim.p, two.claim.wilcoxon_p) == pytest.approx((one.claim.p, one.claim.wilcoxon_p))
        assert (two.obstacle, two.refuted) == (one.obstacle, one.refuted)
    one, two = (reversal(excesses, pair, METHODS, RULES) for pair in (PAIR, PAIR[::-1]))
    for name in ("estimate", "low", "high", "p"):
        assert getattr(two.claim, name) == pytest.approx(getattr(one.claim, name))
    assert two.claim.interaction == pytest.approx(-one.claim.interaction)


def leads(excesses):
    return [
        estimate([excesses["a", method].normalised, -excesses["b", method].normalised], "recipe")
        for method in METHODS
    ]


def test_a_reversals_p_value_is_twice_the_larger_one_sided_one():
    excesses = planted(noise=0.1)
    here, there = leads(excesses)
    assert here.value > 0 > there.value
    above, below = here.p_above(), 1 - there.p_above()
    claim = reversal(excesses, PAIR, METHODS, RULES).claim
    assert claim.p == pytest.approx(2 * max(above, below))
    assert claim.estimate == pytest.approx(min(here.value, -there.value))
    assert claim.low == pytest.approx(min(here.interval()[0], -there.interval()[1]))
    assert claim.high == pytest.approx(min(here.interval()[1], -there.interval()[0]))
    assert "doubled for the two directions" in claim.test


def test_a_reversal_that_is_not_observed_has_a_lead_below_zero_and_no_small_p():
    excesses = planted(here=(0.5, 0.4), there=(0.55, 0.4), noise=0.1)
    claim = reversal(excesses, PAIR, METHODS, RULES).claim
    assert claim.estimate == pytest.approx(-0.2)
    assert claim.p > 0.9


def test_a_reversal_larger_than_the_margin_is_refuted_where_every_direction_is():
    same_order = planted(here=(0.5, 0.4), there=(0.5, 0.4), noise=0.01)
    assert reversal(same_order, PAIR, METHODS, RULES).refuted
    equal = planted(here=(0.5, 0.5), there=(0.5, 0.4), noise=0.01)
    here, there = leads(equal)
    # neither lead of the first method may reach the margin
    assert max(map(abs, here.interval())) < 0.05
    assert reversal(equal, PAIR, METHODS, RULES).refuted
    assert not reversal(equal, PAIR, METHODS, Rules(10, 0.0001)).refuted
    assert there.value == pytest.approx(0.2)
    assert not reversal(planted(), PAIR, METHODS, RULES).refuted


def test_the_interaction_pairs_the_seeds_of_each_architecture():
    excesses = planted(noise=0.1)
    claim = reversal(excesses, PAIR, METHODS, RULES).claim
    assert claim.interaction == pytest.approx(0.2 - -0.2)
    per_arch = [
        excesses[arch, METHODS[0]].normalised - excesses[arch, METHODS[1]].normalised for arch in PAIR
    ]
    expected = estimate([per_arch[0], -per_arch[1]], "recipe").interval()
    assert (claim.interaction_low, claim.interaction_high) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("changes", "estimand", "words"),
    [
        ({"seeds": 1}, "recipe", "with one seed there is no floor"),
        ({"seeds": 1}, "these checkpoints", "with one seed there is no floor"),
        ({"seeds": 2}, "recipe", "three are needed"),
        ({"chance": float("nan")}, "recipe", "chance is missing"),
        ({"chance": 0.3}, "recipe", "chance is not shown to lie above the floor for a under grad_cam"),
        ({"chance": 0.1}, "recipe", "chance is not shown to lie above the floor for a under grad_cam"),
        ({"floor": float("nan")}, "recipe", "a has no usable pair of seeds under grad_cam, so no floor"),
        ({"drift": float("nan")}, "recipe", "a has no usable map under grad_cam in the common cohort"),
    ],
)
def test_each_obstacle_is_named(changes, estimand, words):
    excesses = {("a", "grad_cam"): study_excess(**changes), ("b", "grad_cam"): study_excess(stream=1)}
    assert words in moved(excesses, "a", "grad_cam", RULES, estimand).obstacle
    assert words in difference(excesses, PAIR, "grad_cam", RULES, estimand).obstacle
    assert moved(excesses, "b", "grad_cam", RULES, estimand).obstacle == ""


def test_too_few_measured_patients_are_an_obstacle():
    for n, words in (
        (9, "9 patients of the common cohort were measured under grad_cam, fewer than"),
        (10, ""),
    ):
        tested = moved({("a", "grad_cam"): study_excess(n=n)}, "a", "grad_cam", RULES, "recipe")
        assert tested.obstacle.startswith(words) and bool(tested.obstacle) == bool(words)


def test_two_seeds_are_enough_for_these_checkpoints():
    excesses = {("a", "grad_cam"): study_excess(seeds=2)}
    assert moved(excesses, "a", "grad_cam", RULES, "these checkpoints").obstacle == ""


def test_the_signed_rank_test_by_hand():
    # ranks 1, 2, 3, 4 of the sizes; the second is negative, and 0 is left out
    p, effect = signed_rank(np.array([0.1, -0.2, 0.3, 0.0, 0.4]))
    assert effect == pytest.approx((1 - 2 + 3 + 4) / 10)
    # of 16 equally likely signings, 2 rank sums of positives are as small as 2 (nothing, or 1), 3 with {2}
    assert p == pytest.approx(2 * 3 / 16)
    assert signed_rank(-np.array([0.1, -0.2, 0.3, 0.4])) == pytest.approx((p, -effect))


def test_nothing_but_zeros_has_no_signed_rank_test():
    assert np.isnan(signed_rank(np.zeros(5))).all()
