import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm
from statsmodels.stats.power import TTestPower

from evidrift.claims.estimate import ESTIMANDS, Estimate, Quantity, estimate
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


def mean_squares(table: np.ndarray) -> tuple[float, float, float]:
    """Of patients, of seeds and of the rest, by statsmodels' analysis of variance without interaction."""
    rows = [(value, f"p{p}", f"s{s}") for (p, s), value in np.ndenumerate(table)]
    model = ols("value ~ patient + seed", pd.DataFrame(rows, columns=["value", "patient", "seed"])).fit()
    squares = anova_lm(model)["mean_sq"]
    return tuple(float(squares[name]) for name in ("patient", "seed", "Residual"))


def test_the_variance_over_patients_and_seeds_is_that_of_the_analysis_of_variance():
    n, seeds = TABLE.shape
    patient, seed, rest = mean_squares(TABLE)
    variance = (patient + seed - rest) / (n * seeds)
    assert variance > patient / (n * seeds)  # not clipped
    found = estimate([quantity(TABLE)], "recipe")
    assert found.value == pytest.approx(TABLE.mean())
    assert found.error**2 == pytest.approx(variance)
    # Satterthwaite: each mean square over its degrees of freedom
    parts = np.square([patient, seed, rest]) / [n - 1, seeds - 1, (n - 1) * (seeds - 1)]
    assert found.df == pytest.approx((patient + seed - rest) ** 2 / parts.sum())
    assert found.df > seeds - 1


def test_with_fixed_seeds_it_is_the_t_test_of_the_patients_means():
    found = estimate([quantity(TABLE)], "these checkpoints")
    means = TABLE.mean(axis=1)
    assert found.error == pytest.approx(stats.sem(means))
    assert found.df == len(TABLE) - 1
    assert found.p_two_sided() == pytest.approx(stats.ttest_1samp(means, 0).pvalue)
    expected = stats.ttest_1samp(means, 0).confidence_interval(0.95)
    assert found.interval() == pytest.approx((expected.low, expected.high))


def test_between_architectures_patients_are_paired_and_seeds_are_not():
    n, seeds = TABLE.shape
    found = estimate([quantity(TABLE), -quantity(OTHER)], "recipe")
    paired = stats.sem((TABLE - OTHER).mean(axis=1)) ** 2
    unpaired = sum((ms[1] - ms[2]) / (n * seeds) for ms in map(mean_squares, (TABLE, OTHER)))
    assert unpaired > 0
    assert found.value == pytest.approx(TABLE.mean() - OTHER.mean())
    assert found.error**2 == pytest.approx(paired + unpaired)
    fixed = estimate([quantity(TABLE), -quantity(OTHER)], "these checkpoints")
    assert fixed.error**2 == pytest.approx(paired)
    # the order of the second one's seeds is of no consequence: they are other trainings
    turned = estimate([quantity(TABLE), -quantity(OTHER[:, ::-1])], "recipe")
    assert (turned.error, turned.df) == pytest.approx((found.error, found.df))


def test_within_an_architecture_seeds_are_paired():
    own = quantity(TABLE) - quantity(OTHER)
    assert estimate([own], "recipe").error == pytest.approx(
        estimate([quantity(TABLE - OTHER)], "recipe").error
    )


def test_two_architectures_degrees_of_freedom_by_hand():
    n, seeds = TABLE.shape
    found = estimate([quantity(TABLE), -quantity(OTHER)], "recipe")
    patients = stats.sem((TABLE - OTHER).mean(axis=1)) ** 2
    spread = patients**2 / (n - 1)
    for _, seed, rest in map(mean_squares, (TABLE, OTHER)):
        spread += (seed / (n * seeds)) ** 2 / (seeds - 1)
        spread += (rest / (n * seeds)) ** 2 / ((n - 1) * (seeds - 1))
    assert found.df == pytest.approx(max(found.error**4 / spread, seeds - 1))


def test_less_noise_between_seeds_than_none_is_none():
    alike = TABLE - TABLE.mean(axis=0)  # all seeds have the same mean
    of_recipe, fixed = (estimate([quantity(alike)], estimand) for estimand in ESTIMANDS)
    assert of_recipe.error == pytest.approx(fixed.error)


@given(st.integers(0, 10_000), st.integers(2, 12), st.integers(2, 5), st.floats(0, 3))
def test_the_recipe_is_never_surer_than_the_checkpoints_and_has_at_least_seeds_less_one(
    stream, patients, seeds, strength
):
    random = np.random.default_rng(stream)
    table = random.normal(size=(patients, seeds)) + strength * random.normal(size=(1, seeds))
    recipe, fixed = (estimate([quantity(table)], estimand) for estimand in ESTIMANDS)
    assert recipe.error >= fixed.error
    assert recipe.df >= seeds - 1


@given(st.floats(-3, 3), st.floats(0.01, 2), st.floats(1, 200))
def test_p_is_below_five_percent_exactly_where_the_interval_excludes_zero(value, error, df):
    found = Estimate(value, error, df)
    low, high = found.interval()
    if min(abs(low), abs(high)) > 1e-9:  # else rounding decides
        assert (found.p_two_sided() < 0.05) == (low > 0 or high < 0)


def test_one_sided_p_values_are_of_students_t():
    found = Estimate(0.3, 0.1, 4.5)
    assert found.p_above() == pytest.approx(stats.t.sf(3, 4.5))
    assert found.p_above(0.5) == pytest.approx(stats.t.sf(-2, 4.5))
    assert Estimate(-0.3, 0.1, 4.5).p_above() == pytest.approx(1 - stats.t.sf(3, 4.5))


def test_what_could_be_seen_is_about_what_a_power_analysis_says():
    found = Estimate(0.0, 0.05, 29)
    # statsmodels knows the noncentral t: 30 patients, an sd of error * sqrt(30)
    effect = TTestPower().solve_power(nobs=30, alpha=0.05, power=0.8)
    assert found.detectable(0.05) == pytest.approx(effect * 0.05 * np.sqrt(30), rel=0.01)
    assert found.detectable(0.01) > found.detectable(0.05)


@pytest.mark.parametrize("estimand", ESTIMANDS)
def test_one_patient_gives_a_value_and_no_error(estimand):
    found = estimate([quantity(TABLE[:1])], estimand)
    assert found.value == pytest.approx(TABLE[0].mean())
    assert np.isnan([found.error, found.p_two_sided(), found.detectable(0.05), *found.interval()]).all()


def test_with_one_seed_only_these_checkpoints_can_be_judged():
    one = quantity(TABLE[:, :1], seeds_known=False)
    assert np.isnan(estimate([one], "recipe").error)
    assert estimate([one], "these checkpoints").error == pytest.approx(stats.sem(TABLE[:, 0]))
    assert np.isnan(estimate([quantity(TABLE), one], "recipe").error)


def test_two_patients_are_judged_with_one_degree_of_freedom():
    found = estimate([quantity(TABLE[:2])], "these checkpoints")
    assert found.df == 1
    assert found.error == pytest.approx(abs(np.diff(TABLE[:2].mean(axis=1))[0]) / 2)


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
        assert (one.value, one.error, one.df) == pytest.approx((other.value, other.error, other.df))
