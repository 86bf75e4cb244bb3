from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from evidrift.claims.claim import Rules
from evidrift.claims.estimate import estimate
from evidrift.claims.quantities import quantities
from evidrift.claims.testing import difference, moved, noise_of, preserved, reversal, signed_rank
from tests.claims.made import study_cells, study_quantities

RULES = Rules(min_patients=10, margin=0.05, preserved=0.5)
PAIR, METHODS = ("a", "b"), ("grad_cam", "layer_cam")
ESTIMANDS = ("recipe", "these checkpoints")


def planted(here=(0.5, 0.4), there=(0.4, 0.5), **changes):
    """Both architectures' drift under the two methods."""
    drifts = dict(zip(METHODS, (here, there), strict=True))
    return {
        (arch, method): study_quantities(drift=drift, stream=11 * at + 3 * number, **changes)
        for number, (method, values) in enumerate(drifts.items())
        for at, (arch, drift) in enumerate(zip(PAIR, values, strict=True))
    }


def asked(test, measured, *about, rules=RULES, estimand=None):
    """One of the tests, with the noise of all that was measured."""
    return test(measured, noise_of(measured), *about, rules, *([estimand] if estimand else []))


def test_movement_is_tested_by_the_estimate_of_the_shared_drift():
    measured = planted()
    tested = asked(moved, measured, "a", "grad_cam")
    noise = noise_of(measured)
    found = estimate([noise.shared["a", "grad_cam"]], "recipe")
    claim = tested.claim
    assert claim.estimate == pytest.approx(0.3)
    assert claim.p == found.p_two_sided()
    assert tested.interval(0.01) == found.interval(0.01)
    assert found.parts[1].df == 4  # moderated
    assert (claim.drift, claim.shared, claim.scale) == pytest.approx((0.5, 0.3, 0.8))
    assert (claim.n_patients, claim.n_images, claim.n_seeds) == (30, 30, 3)
    assert (claim.kind, claim.estimand, claim.family) == ("moved", "recipe", "exploratory")
    assert tested.obstacle == "" and not tested.refuted(0.05)


def test_a_shared_drift_below_the_margin_is_refuted():
    tested = asked(moved, planted(shared=0.01, noise=0.01), "a", "grad_cam")
    assert tested.refuted(0.05) and tested.interval(0.05)[1] < 0.05
    # nothing speaks more against it than a value below zero
    assert asked(moved, planted(shared=-0.2), "a", "grad_cam").refuted(0.05)


@pytest.mark.parametrize("estimand", ESTIMANDS)
def test_evidence_is_preserved_where_drift_over_scale_lies_below_the_stated_share(estimand):
    measured = planted(here=(0.2, 0.7), noise=0.05)
    for arch, drift in (("a", 0.2), ("b", 0.7)):
        tested = asked(preserved, measured, arch, "grad_cam", estimand=estimand)
        found = estimate([noise_of(measured).over_scale[arch, "grad_cam"]], estimand)
        low, high = found.interval(0.02)
        assert tested.claim.estimate == pytest.approx(drift / 0.8)
        assert tested.interval(0.02) == (low, high)
        assert tested.claim.p == pytest.approx(found.p_two_sided(0.5))
        assert tested.refuted(0.02) == (low > 0.5) == (arch == "b")


def test_the_effect_size_is_cohens_of_the_patients_own_values():
    cells = {
        (arch, "grad_cam"): study_cells(drift=drift, stream=at)
        for at, (arch, drift) in enumerate(zip(PAIR, (0.5, 0.4), strict=True))
    }
    measured = {key: quantities(each) for key, each in cells.items()}
    claim = asked(difference, measured, PAIR, "grad_cam", estimand="recipe").claim
    values = (cells["a", "grad_cam"].drift - cells["b", "grad_cam"].drift).mean(axis=1)
    assert claim.estimate == pytest.approx(0.1)
    assert claim.effect_size == pytest.approx(values.mean() / values.std(ddof=1))
    assert claim.wilcoxon_p == pytest.approx(stats.wilcoxon(values).pvalue)
    assert claim.wilcoxon_effect == 1  # all patients say the same
    assert (claim.drift, claim.other_drift) == pytest.approx((0.5, 0.4))


def test_swapping_the_architectures_turns_the_sign_and_nothing_else():
    measured = planted()
    for estimand in ESTIMANDS:
        one, two = (
            asked(difference, measured, pair, "grad_cam", estimand=estimand) for pair in (PAIR, PAIR[::-1])
        )
        assert two.claim.estimate == pytest.approx(-one.claim.estimate)
        low, high = one.interval(0.01)
        assert two.interval(0.01) == pytest.approx((-high, -low))
        assert (two.claim.p, two.claim.wilcoxon_p) == pytest.approx((one.claim.p, one.claim.wilcoxon_p))
        assert (two.obstacle, two.refuted(0.05)) == (one.obstacle, one.refuted(0.05))
    one, two = (asked(reversal, measured, pair, METHODS) for pair in (PAIR, PAIR[::-1]))
    assert two.interval(0.01) == pytest.approx(one.interval(0.01))
    assert (two.claim.estimate, two.claim.p) == pytest.approx((one.claim.estimate, one.claim.p))
    assert two.claim.interaction == pytest.approx(-one.claim.interaction)


def leads(measured):
    drift = noise_of(measured).drift
    return [estimate([drift["a", method], -drift["b", method]], "recipe") for method in METHODS]


def test_a_reversals_p_value_is_twice_the_larger_one_sided_one():
    measured = planted(noise=0.1)
    here, there = leads(measured)
    assert here.value > 0 > there.value
    above, below = here.p_above(), 1 - there.p_above()
    tested = asked(reversal, measured, PAIR, METHODS)
    claim = tested.claim
    assert claim.p == pytest.approx(2 * max(above, below))
    assert claim.estimate == pytest.approx(min(here.value, -there.value))
    for alpha in (0.05, 0.01):
        (low, high), (other_low, other_high) = here.interval(alpha), there.interval(alpha)
        assert tested.interval(alpha) == pytest.approx((min(low, -other_high), min(high, -other_low)))
    assert "doubled for the two directions" in claim.test


def test_a_reversal_that_is_not_observed_has_a_lead_below_zero_and_no_small_p():
    measured = planted(here=(0.5, 0.4), there=(0.55, 0.4), noise=0.1)
    claim = asked(reversal, measured, PAIR, METHODS).claim
    assert claim.estimate == pytest.approx(-0.1)
    assert claim.p > 0.9


def test_a_reversal_larger_than_the_margin_is_refuted_where_every_direction_is():
    same_order = planted(here=(0.5, 0.4), there=(0.5, 0.4), noise=0.01)
    assert asked(reversal, same_order, PAIR, METHODS).refuted(0.05)
    equal = planted(here=(0.5, 0.5), there=(0.5, 0.4), noise=0.01)
    here, there = leads(equal)
    # neither lead of the first method may reach the margin
    assert max(map(abs, here.interval())) < 0.05
    assert asked(reversal, equal, PAIR, METHODS).refuted(0.05)
    assert not asked(reversal, equal, PAIR, METHODS, rules=replace(RULES, margin=0.0001)).refuted(0.05)
    assert there.value == pytest.approx(0.1)
    assert not asked(reversal, planted(), PAIR, METHODS).refuted(0.05)


def test_a_reversal_is_excluded_in_both_directions_or_not_at_all():
    """Under the second method nothing is known, so that the one that is not observed may be the true one."""
    measured = planted(here=(0.5, 0.4), there=(0.51, 0.4), noise=0.01)
    for at, arch in enumerate(PAIR):
        measured[arch, METHODS[1]] = study_quantities(drift=0.51 - 0.11 * at, noise=2.0, stream=40 + at)
    here, there = leads(measured)
    tested = asked(reversal, measured, PAIR, METHODS)
    assert tested.claim.estimate == pytest.approx(-0.1)
    # `b` may be less stable than `a` under the second, and is more stable by 0.1 under the first
    assert tested.interval(0.05)[1] == pytest.approx(min(here.interval()[1], -there.interval()[0]))
    assert tested.interval(0.05)[1] > 0.05 and not tested.refuted(0.05)


def test_the_papers_question_is_a_family_of_its_own():
    for methods, family in (
        (("grad_cam_pp", "layer_cam"), "primary"),
        (("grad_cam", "layer_cam"), "exploratory"),
    ):
        measured = {
            (arch, method): study_quantities(stream=at) for method in methods for at, arch in enumerate(PAIR)
        }
        assert asked(reversal, measured, PAIR, methods).claim.family == family


def test_the_interaction_pairs_the_seeds_of_each_architecture():
    measured = planted(noise=0.1)
    claim = asked(reversal, measured, PAIR, METHODS).claim
    assert claim.interaction == pytest.approx(0.1 - -0.1)
    within = [measured[arch, METHODS[0]].drift - measured[arch, METHODS[1]].drift for arch in PAIR]
    # the other architecture's noise is half of what each one's is taken to be: both are the same
    variance = np.mean([np.var(each.weights.sum(axis=0), ddof=1) / 3 for each in within])
    patients = estimate([within[0], -within[1]], "these checkpoints").parts
    half = np.sqrt(
        stats.t.ppf(0.975, 29) ** 2 * patients[0].variance + 2 * stats.t.ppf(0.975, 4) ** 2 * variance
    )
    assert claim.interaction_high - claim.interaction == pytest.approx(half)
    assert claim.interaction - claim.interaction_low == pytest.approx(half)


NAN = float("nan")
ONE_TRAINING = "with one training nothing is known of how far another would differ"


@pytest.mark.parametrize(
    ("changes", "estimand", "words"),
    [
        ({"seeds": 1}, "recipe", ONE_TRAINING),
        ({"floor_tl": NAN}, "recipe", ONE_TRAINING),  # a single model before
        ({"floor_tl": NAN}, "these checkpoints", ""),
        ({"seeds": 1}, "these checkpoints", ""),
        ({"seeds": 2}, "recipe", ""),
        ({"drift": NAN}, "recipe", "a has no image in the common cohort whose map by grad_cam can be used"),
        ({"n": 9}, "recipe", "9 patients of the common cohort were measured under grad_cam, fewer than"),
        ({"n": 10}, "recipe", ""),
    ],
)
def test_each_obstacle_to_a_difference_and_to_preservation_is_named(changes, estimand, words):
    sizes = {name: size for name, size in changes.items() if name in ("n", "seeds")}
    measured = {
        ("a", "grad_cam"): study_quantities(**changes),
        ("b", "grad_cam"): study_quantities(stream=1, **sizes),
    }
    for tested in (
        asked(difference, measured, PAIR, "grad_cam", estimand=estimand),
        asked(preserved, measured, "a", "grad_cam", estimand=estimand),
    ):
        assert tested.obstacle.startswith(words) and bool(tested.obstacle) == bool(words)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seeds": 1}, ONE_TRAINING),
        ({"floor_ft": NAN}, ONE_TRAINING),
        ({"seeds": 2}, "two seeds make one pair of trainings"),
        ({"n": 9}, "9 patients of the common cohort"),
        ({}, ""),
    ],
)
def test_each_obstacle_to_a_shared_drift_is_named(changes, words):
    measured = {("a", "grad_cam"): study_quantities(**changes)}
    tested = asked(moved, measured, "a", "grad_cam")
    assert tested.obstacle.startswith(words) and bool(tested.obstacle) == bool(words)


def test_without_a_scale_or_with_one_of_too_few_patients_nothing_is_called_preserved():
    cells = study_cells(n=12)
    cells.scale[3:] = NAN
    few = {("a", "grad_cam"): quantities(cells)}
    tested = asked(preserved, few, "a", "grad_cam", estimand="recipe")
    assert tested.obstacle.startswith("3 patients of the common cohort were measured under grad_cam")
    none = {("a", "grad_cam"): study_quantities(scale=NAN)}
    tested = asked(preserved, none, "a", "grad_cam", estimand="recipe")
    assert tested.obstacle == "scale is missing: it needs two patients of one class"
    assert tested.interval is None


def test_the_signed_rank_test_by_hand():
    # ranks 1, 2, 3, 4 of the sizes; the second is negative, and 0 is left out
    p, effect = signed_rank(np.array([0.1, -0.2, 0.3, 0.0, 0.4]))
    assert effect == pytest.approx((1 - 2 + 3 + 4) / 10)
    # of 16 equally likely signings, 2 rank sums of positives are as small as 2 (nothing, or 1), 3 with {2}
    assert p == pytest.approx(2 * 3 / 16)
    assert signed_rank(-np.array([0.1, -0.2, 0.3, 0.4])) == pytest.approx((p, -effect))


def test_nothing_but_zeros_has_no_signed_rank_test():
    assert np.isnan(signed_rank(np.zeros(5))).all()
