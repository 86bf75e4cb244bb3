import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm
from statsmodels.stats.power import TTestPower

from evidrift.claims.estimate import (
    ESTIMANDS,
    SMALLEST_P,
    Estimate,
    Part,
    Quantity,
    estimate,
    moderated,
    seed_part,
)
from tests.claims.made import quantity

RANDOM = np.random.default_rng(7)
# six patients and three seeds, both with a spread of their own
TABLE = (
    0.4
    + RANDOM.normal(scale=0.1, size=(6, 1))
    + RANDOM.normal(scale=0.2, size=(1, 3))
    + RANDOM.normal(scale=0.05, size=(6, 3))
)
OTHER = TABLE + RANDOM.normal(scale=0.2, size=(1, 3)) + RANDOM.normal(scale=0.05, size=(6, 3))
PARTS = st.builds(Part, st.floats(1e-4, 4), st.integers(1, 200))


def mean_squares(table: np.ndarray) -> tuple[float, float]:
    """Of patients and of seeds, by statsmodels' analysis of variance without interaction."""
    rows = [(value, f"p{p}", f"s{s}") for (p, s), value in np.ndenumerate(table)]
    model = ols("value ~ patient + seed", pd.DataFrame(rows, columns=["value", "patient", "seed"])).fit()
    squares = anova_lm(model)["mean_sq"]
    return float(squares["patient"]), float(squares["seed"])


def test_the_parts_of_the_recipe_are_those_of_the_analysis_of_variance():
    n, seeds = TABLE.shape
    patient, seed = mean_squares(TABLE)
    found = estimate([quantity(TABLE)], "recipe")
    assert found.value == pytest.approx(TABLE.mean())
    assert [part.df for part in found.parts] == [n - 1, seeds - 1]
    assert [part.variance for part in found.parts] == pytest.approx(
        [patient / (n * seeds), seed / (n * seeds)]
    )
    assert found.error**2 == pytest.approx((patient + seed) / (n * seeds))
    assert seed_part(quantity(TABLE)) == pytest.approx(found.parts[1])


def test_with_fixed_seeds_it_is_the_t_test_of_the_patients_means():
    found = estimate([quantity(TABLE)], "these checkpoints")
    means = TABLE.mean(axis=1)
    by_scipy = stats.ttest_1samp(means, 0.1)
    assert found.error == pytest.approx(stats.sem(means))
    assert found.p_two_sided(0.1) == pytest.approx(by_scipy.pvalue)
    for confidence in (0.95, 0.999):
        expected = by_scipy.confidence_interval(confidence)
        assert found.interval(1 - confidence) == pytest.approx((expected.low, expected.high))


def test_between_architectures_patients_are_paired_and_seeds_are_not():
    n, seeds = TABLE.shape
    found = estimate([quantity(TABLE), -quantity(OTHER)], "recipe")
    paired = stats.sem((TABLE - OTHER).mean(axis=1)) ** 2
    unpaired = [mean_squares(table)[1] / (n * seeds) for table in (TABLE, OTHER)]
    assert found.value == pytest.approx(TABLE.mean() - OTHER.mean())
    assert [part.variance for part in found.parts] == pytest.approx([paired, *unpaired])
    fixed = estimate([quantity(TABLE), -quantity(OTHER)], "these checkpoints")
    assert fixed.error**2 == pytest.approx(paired)
    # the order of the second one's seeds is of no consequence: they are other trainings
    turned = estimate([quantity(TABLE), -quantity(OTHER[:, ::-1])], "recipe")
    assert turned.interval() == pytest.approx(found.interval())


def test_within_an_architecture_seeds_are_paired():
    own = estimate([quantity(TABLE) - quantity(OTHER)], "recipe")
    assert own.interval() == pytest.approx(estimate([quantity(TABLE - OTHER)], "recipe").interval())


@given(st.floats(-3, 3), st.lists(PARTS, min_size=1, max_size=4), st.floats(1e-4, 0.9))
def test_the_half_width_is_the_root_of_the_parts_own_ones_squared(value, parts, alpha):
    found = Estimate(value, tuple(parts))
    squares = [part.variance * stats.t.ppf(1 - alpha / 2, part.df) ** 2 for part in parts]
    assert found.half_width(alpha) == pytest.approx(np.sqrt(sum(squares)))
    low, high = found.interval(alpha)
    assert (low + high) / 2 == pytest.approx(value, abs=1e-9)
    # neither narrower than if all parts were known surely, nor wider than with the least sure one's freedom
    narrow, wide = (
        found.error * quantile
        for quantile in (
            stats.norm.ppf(1 - alpha / 2),
            stats.t.ppf(1 - alpha / 2, min(part.df for part in parts)),
        )
    )
    assert narrow * (1 - 1e-9) <= found.half_width(alpha) <= wide * (1 + 1e-9)


@given(st.floats(-1, 1), st.floats(0.05, 2), st.floats(0.05, 2), st.integers(2, 200), st.floats(-1, 1))
def test_parts_with_equal_freedom_are_one_students_t_of_their_summed_variance(value, one, two, df, limit):
    found = Estimate(value, (Part(one, df), Part(two, df)))
    expected = 2 * stats.t.sf(abs(value - limit) / np.sqrt(one + two), df)
    assert found.p_two_sided(limit) == pytest.approx(expected, rel=1e-6)


@given(st.floats(-3, 3), st.lists(PARTS, min_size=1, max_size=4), st.floats(1e-6, 0.5), st.floats(-1, 1))
def test_p_is_below_alpha_exactly_where_the_interval_excludes_the_limit(value, parts, alpha, limit):
    found = Estimate(value, tuple(parts))
    low, high = found.interval(alpha)
    if min(abs(low - limit), abs(high - limit)) > 1e-6:  # else rounding decides
        assert (found.p_two_sided(limit) < alpha) == (low > limit or high < limit)


def test_p_is_the_alpha_whose_interval_ends_at_the_limit():
    found = Estimate(0.5, (Part(0.01, 29), Part(0.02, 2)))
    low, high = found.interval(0.07)
    assert found.p_two_sided(low) == pytest.approx(0.07)
    assert found.p_two_sided(high) == pytest.approx(0.07)
    assert (found.p_two_sided(0.5), found.p_two_sided(1e9)) == (1, SMALLEST_P)


def test_one_sided_p_values_are_of_students_t():
    found = Estimate(0.3, (Part(0.01, 4),))
    assert found.p_above() == pytest.approx(stats.t.sf(3, 4))
    assert found.p_above(0.5) == pytest.approx(stats.t.sf(-2, 4))
    assert Estimate(-0.3, (Part(0.01, 4),)).p_above() == pytest.approx(1 - stats.t.sf(3, 4))


@given(st.integers(0, 10_000), st.integers(2, 12), st.integers(2, 5), st.floats(0, 3), st.floats(1e-5, 0.5))
def test_the_recipe_is_never_surer_than_the_checkpoints(stream, patients, seeds, strength, alpha):
    random = np.random.default_rng(stream)
    table = random.normal(size=(patients, seeds)) + strength * random.normal(size=(1, seeds))
    recipe, fixed = (estimate([quantity(table)], estimand) for estimand in ESTIMANDS)
    assert recipe.value == fixed.value
    assert recipe.half_width(alpha) >= fixed.half_width(alpha)


def test_less_noise_between_seeds_than_none_is_none():
    alike = TABLE - TABLE.mean(axis=0)  # all seeds have the same mean
    of_recipe, fixed = (estimate([quantity(alike)], estimand) for estimand in ESTIMANDS)
    assert of_recipe.half_width() == pytest.approx(fixed.half_width())


def test_what_could_be_seen_is_about_what_a_power_analysis_says():
    found = Estimate(0.0, (Part(0.05**2, 29),))
    # statsmodels knows the noncentral t: 30 patients, an sd of error * sqrt(30)
    effect = TTestPower().solve_power(nobs=30, alpha=0.05, power=0.8)
    assert found.detectable(0.05) == pytest.approx(effect * 0.05 * np.sqrt(30), rel=0.01)
    assert found.detectable(0.01) > found.detectable(0.05)


@pytest.mark.parametrize("estimand", ESTIMANDS)
def test_one_patient_gives_a_value_and_no_error(estimand):
    found = estimate([quantity(TABLE[:1])], estimand)
    assert found.value == pytest.approx(TABLE[0].mean())
    assert np.isnan([found.error, found.p_two_sided(), found.detectable(0.05), *found.interval()]).all()
    assert not found.known


def test_with_one_seed_only_these_checkpoints_can_be_judged():
    one = quantity(TABLE[:, :1], seeds_known=False)
    assert np.isnan(estimate([one], "recipe").error)
    assert estimate([one], "these checkpoints").error == pytest.approx(stats.sem(TABLE[:, 0]))
    assert np.isnan(estimate([quantity(TABLE), one], "recipe").error)


@pytest.mark.parametrize("estimand", ESTIMANDS)
@pytest.mark.parametrize("value", [0.25, -0.25])
def test_without_any_spread_there_is_nothing_to_test_by(estimand, value):
    found = estimate([quantity(np.full((4, 3), value))], estimand)
    assert found.interval() == (value, value)
    assert np.isnan(found.p_two_sided())


def test_something_and_itself_are_not_different():
    found = estimate([quantity(np.full((4, 3), 0.0))], "recipe")
    assert (found.p_two_sided(), found.interval()) == (1.0, (0.0, 0.0))


def test_patients_that_were_not_measured_do_not_count():
    weights = np.vstack([quantity(TABLE).weights, np.zeros((4, 3))])
    measured = np.arange(10) < 6
    found = Quantity(TABLE.mean(), weights, measured, 6, True)
    assert (found.n_patients, found.n_seeds) == (6, 3)
    for estimand in ESTIMANDS:
        one, other = (estimate([each], estimand) for each in (found, quantity(TABLE)))
        assert one.interval() == pytest.approx(other.interval())


def test_moderated_seed_variances_are_half_their_own_and_half_the_other_architectures():
    own = {
        ("a", "m"): quantity(TABLE),
        ("a", "n"): quantity(2 * TABLE),
        ("b", "m"): quantity(OTHER),
        ("c", "m"): quantity(3 * OTHER),
    }
    variance = {key: seed_part(each).variance for key, each in own.items()}
    of_a = (variance["a", "m"] + variance["a", "n"]) / 2
    of_others = {
        ("a", "m"): (variance["b", "m"] + variance["c", "m"]) / 2,
        ("a", "n"): (variance["b", "m"] + variance["c", "m"]) / 2,
        ("b", "m"): (of_a + variance["c", "m"]) / 2,
        ("c", "m"): (of_a + variance["b", "m"]) / 2,
    }
    found = moderated(own)
    assert list(found) == list(own)
    for key, each in found.items():
        assert each.seeds == pytest.approx(((variance[key] + of_others[key]) / 2, 4))  # twice the 2
        assert (each.value, each.n_patients) == (own[key].value, own[key].n_patients)
    between = estimate([found["a", "m"], -found["b", "m"]], "recipe")
    assert between.parts[1:] == (found["a", "m"].seeds, found["b", "m"].seeds)
    assert estimate([found["a", "m"]], "these checkpoints") == estimate([own["a", "m"]], "these checkpoints")


def test_an_architecture_alone_and_unknown_noise_are_not_moderated():
    alone = {("a", "m"): quantity(TABLE), ("a", "n"): quantity(OTHER)}
    assert [each.seeds for each in moderated(alone).values()] == [None, None]
    unknown = {("b", "m"): quantity(TABLE[:, :1], seeds_known=False)}
    found = moderated(alone | unknown)
    assert [each.seeds for each in found.values()] == [None] * 3
