import numpy as np
import pandas as pd
import pytest

from evidrift import strategies
from evidrift.claims.estimate import estimate
from evidrift.tradeoff.checks import Checked, checked
from evidrift.tradeoff.evidence import PRIMARY
from evidrift.tradeoff.params import Tradeoff
from evidrift.tradeoff.points import PLAIN, TL, Point, points_of
from evidrift.tradeoff.table import JUDGE_COLUMNS, POINT_COLUMNS, UNOPTIMISED, standing, summarise, weigh
from evidrift.training import strategy
from tests.tradeoff.made import HIGH, LAST, LOW, OCCLUSION, RULES, SWEEP, checks_of, evidence_of

MAPS = Point("maps", HIGH)


def weighed(truth=SWEEP, n=400, **how):
    evidence = evidence_of(truth, n=n, **how)
    return weigh(evidence, dict.fromkeys(evidence.points, checks_of()), RULES)


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
    (tmp_path / "own_dial.py").write_text("DIAL = True\n")
    (tmp_path / "own_method.py").write_text("DIAL = False\n")
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
    assert own["of_plain"] == pytest.approx(drift.value / tables.curve.figures[PLAIN].drift.value)


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


def test_methods_below_the_dials_are_told_from_those_that_only_one_measure_sees(tables):
    assert row(tables.points, MAPS)["standing"] == "below"
    fooled = weighed(other={("maps", OCCLUSION): 0.4}).points
    assert row(fooled, MAPS)["standing"] == "cosmetic"
    assert row(fooled, Point("wise", HIGH))["standing"] != "cosmetic"


@pytest.mark.parametrize(
    ("first", "occlusion", "last", "expected"),
    [
        ("supported", "supported", "refuted", "below"),
        ("supported", "refuted", "not decidable", "cosmetic"),
        ("refuted", "supported", "supported", "not below"),
        ("not decidable", "supported", "supported", "not decidable"),
        ("supported", None, None, "not decidable"),  # nobody was asked
    ],
)
def test_the_rule_of_what_is_cosmetic(first, occlusion, last, expected):
    verdicts = {PRIMARY: first, OCCLUSION: occlusion, LAST: last}
    assert set(UNOPTIMISED) > {OCCLUSION, LAST}
    judges = pd.DataFrame(
        [(*MAPS, *key, verdict) for key, verdict in verdicts.items() if verdict],
        columns=["strategy", "strength", "layer", "method", "below"],
    )
    assert standing(MAPS, judges) == expected
    assert standing(Point("rate", HIGH), judges) == ""


def test_with_few_patients_nothing_is_decided():
    assert set(weighed(n=30, seeds=3).points["standing"]) == {"", "not decidable"}


def test_metrics_tell_every_point(tables):
    found = summarise(tables)
    assert found["images"] == 400
    assert found["right_in_all"] == int(tables.curve.cohort.sum())
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
