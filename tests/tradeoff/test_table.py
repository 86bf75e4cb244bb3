import numpy as np
import pandas as pd
import pytest

from evidrift import strategies
from evidrift.claims.estimate import estimate
from evidrift.tradeoff.checks import Checked, checked
from evidrift.tradeoff.evidence import PRIMARY
from evidrift.tradeoff.params import Tradeoff
from evidrift.tradeoff.points import PLAIN, TL, Point, points_of
from evidrift.tradeoff.table import JUDGE_COLUMNS, POINT_COLUMNS, summarise, weigh
from evidrift.tradeoff.verdicts import alpha_of, judges_of, placed, standing
from evidrift.training import strategy
from tests.tradeoff.made import HIGH, LAST, LOW, OCCLUSION, RULES, SWEEP, checks_of, evidence_of

MAPS = Point("maps", HIGH)
MANY = {"n": 1500, "noise": 0.003}  # films enough to tell a point from settings that were not tried


def weighed(truth=SWEEP, n=400, **how):
    evidence = evidence_of(truth, n=n, **how)
    return weigh(evidence, dict.fromkeys(evidence.points, checks_of()), RULES, {})


@pytest.fixture(scope="module")
def tables():
    return weighed()


def row(points: pd.DataFrame, point: Point) -> pd.Series:
    return points[(points["strategy"] == point.strategy) & (points["strength"] == point.strength)].iloc[0]


def test_the_points_are_tl_plain_and_the_sweeps_in_order():
    sweep = Tradeoff(architectures=["a"], strategies=["rate", "maps"], strengths=["low", "high"])
    assert [str(each) for each in points_of(sweep)] == [
        "plain",
        "rate low",
        "rate high",
        "maps low",
        "maps high",
    ]
    assert [each.role for each in (TL, *points_of(sweep))] == [
        "origin",
        "plain",
        *["dial"] * 2,
        *["method"] * 2,
    ]


def test_a_dial_of_the_users_own_is_a_dial(monkeypatch, tmp_path):
    rest = "TRAINS = True\nclass Params: ...\ndef treat(setting, params): ...\n"
    (tmp_path / "own_dial.py").write_text(f"DIAL = True\n{rest}")
    (tmp_path / "own_method.py").write_text(f"DIAL = False\n{rest}")
    monkeypatch.setattr(strategy, "STRATEGIES", tmp_path)
    monkeypatch.setattr(strategies, "__path__", [str(tmp_path)])
    assert [Point(name, LOW).role for name in ("own_dial", "own_method")] == ["dial", "method"]


def test_the_tables_have_their_columns(tables):
    assert list(tables.points.columns) == list(POINT_COLUMNS)
    assert list(tables.judges.columns) == list(JUDGE_COLUMNS)
    assert len(tables.points) == 1 + len(SWEEP)
    assert len(tables.judges) == 2 * len(SWEEP)


def test_intervals_are_those_of_the_recipe_and_of_these_checkpoints(tables):
    drift = tables.curve.figures[MAPS].drift
    own = row(tables.points, MAPS)
    assert (own["drift_low"], own["drift_high"]) == estimate([drift], "recipe").interval()
    assert (own["drift_fixed_low"], own["drift_fixed_high"]) == estimate(
        [drift], "these checkpoints"
    ).interval()
    assert own["of_plain"] == pytest.approx(
        drift.value / tables.curve.figures[MAPS].plain[PRIMARY].drift.value
    )


def test_plain_keeps_all_and_is_compared_with_nothing(tables):
    own = row(tables.points, PLAIN)
    assert own["of_plain"] == 1
    assert own[["kept", "to_plain", "below_dials", "below_mixing", "flips_to_plain"]].isna().all()
    assert (own["below"], own["standing"]) == ("", "")


def test_gain_kept_is_given_where_plain_is_shown_to_gain(tables):
    kept, plain = row(tables.points, MAPS)["kept"], tables.curve.figures[PLAIN].gain.value
    assert kept == pytest.approx(tables.curve.figures[MAPS].gain.value / plain)
    none = weighed({PLAIN: (0.81, 0.4), MAPS: (0.81, 0.2)}, n=60)
    assert none.points["kept"].isna().all()


def test_methods_below_the_dials_are_told_from_those_that_only_one_measure_sees():
    assert row(weighed(**MANY).points, MAPS)["standing"] == "below"
    fooled = weighed(other={("maps", OCCLUSION): 0.4}, **MANY).points
    assert row(fooled, MAPS)["standing"] == "cosmetic"
    assert row(fooled, Point("wise", HIGH))["standing"] != "cosmetic"


@pytest.mark.parametrize(
    ("first", "occlusion", "last", "expected"),
    [
        ("supported", "supported", "refuted", "below"),
        ("supported", "refuted", "refuted", "cosmetic"),
        ("supported", "refuted", "not decidable", "unconfirmed"),
        ("supported", "refuted", None, "cosmetic"),
        ("refuted", "supported", "supported", "not below"),
        ("not decidable", "supported", "supported", "not decidable"),
        ("supported", None, None, "unconfirmed"),  # nobody was asked
    ],
)
def test_the_rule_of_what_is_cosmetic(first, occlusion, last, expected):
    verdicts = {PRIMARY: first, OCCLUSION: occlusion, LAST: last}
    verdicts = {key: each for key, each in verdicts.items() if each}
    judges = judges_of(MAPS, "penultimate", tuple(verdicts))
    assert standing(MAPS, verdicts, judges, "supported", "supported") == expected
    assert standing(Point("rate", HIGH), verdicts, judges, "supported", "supported") == ""


def test_a_strategy_that_holds_no_map_cannot_be_cosmetic():
    verdicts = {PRIMARY: "supported", OCCLUSION: "refuted"}
    assert standing(Point("wise", HIGH), verdicts, (OCCLUSION,), "supported", "supported") == "below"


def test_the_layer_that_a_strategy_holds_is_no_judge_of_it():
    asked = (PRIMARY, OCCLUSION, LAST)
    assert judges_of(MAPS, "penultimate", asked) == (OCCLUSION, LAST)
    assert judges_of(MAPS, "last", asked) == (OCCLUSION,)


@pytest.mark.parametrize(("faithful", "sane"), [("refuted", "supported"), ("supported", "refuted")])
def test_maps_that_say_nothing_keep_nothing(faithful, sane):
    verdicts = {PRIMARY: "supported", OCCLUSION: "supported"}
    assert standing(MAPS, verdicts, (OCCLUSION,), faithful, sane) == "doubtful"


def test_the_chances_of_all_strengths_and_judges_are_counted():
    judges = (OCCLUSION, LAST)
    assert alpha_of(PRIMARY, 3, judges) == pytest.approx(0.05 / 3)
    assert alpha_of(OCCLUSION, 3, judges) == pytest.approx(0.05 / 6)


def test_where_the_curve_is_low_a_distance_of_the_margin_cannot_be_refuted():
    """At a drift of 0.03: to lie 0.05 below, a point would have to drift by less than nothing."""
    truth = {PLAIN: (0.9, 0.4), Point("rate", LOW): (0.87, 0.2), MAPS: (0.81, 0.03)}
    curve = weighed(truth, n=2000, noise=0.001).curve
    found = placed(curve.gains(), curve.figures[MAPS].drifts[PRIMARY], MAPS, 0.05, RULES)
    assert found.high < RULES.margin
    assert found.verdict == "not decidable"


def test_with_few_patients_nothing_is_decided():
    assert set(weighed(n=30, seeds=3).points["standing"]) == {"", "not decidable"}


def test_metrics_tell_every_point(tables):
    found = summarise(tables)
    assert found["images"] == 400
    assert found["right_in_dials"] == int(tables.curve.figures[PLAIN].cohort.sum())
    assert found["points"]["maps high"]["drift"] == round(float(row(tables.points, MAPS)["drift"]), 6)
    assert found["points"]["tl"]["drift"] is None
    assert found["judges"] == ["layer_cam at penultimate", "occlusion at penultimate"]


@pytest.mark.parametrize(
    ("gain", "excess", "faithful", "sane"),
    [
        (0.1, 0.0, "supported", "supported"),
        (0.05, 0.5, "refuted", "refuted"),
        (0.08, 0.08, "refuted", "refuted"),
    ],
)
def test_checks_are_compared_with_plains(gain, excess, faithful, sane):
    found = checked(checks_of(0.1), checks_of(gain, excess))
    assert found.change == pytest.approx(gain - 0.1, abs=1e-9)
    assert (found.faithful, found.sane) == (faithful, sane)


def test_too_few_checked_patients_decide_nothing():
    found = checked(checks_of(n=4), checks_of(n=4))
    assert np.isnan([found.low, found.high]).all()
    assert (found.faithful, found.sane) == (Checked().faithful, "not decidable")
