"""The early warning's alarms and verdict, on trainings made up by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from benchmarks.alarms import (
    METHODS,
    collapses,
    curve,
    leads,
    limit,
    matched,
    report,
    rising,
    trainings,
    verdicts,
)
from evidrift.base.interval import Bounds


def rows(seed, kind, first, score, loss, auc, start=4):
    """Of one training, from an epoch on; all methods' C-Scores are alike."""
    epochs = np.arange(first, first + len(score))
    table = pd.DataFrame({"seed": seed, "kind": kind, "epoch": epochs, "start": start})
    table["auc"], table["loss"], table["accuracy"] = auc, loss, auc
    for method in METHODS:
        table[method] = score
        table[f"{method}_beyond"] = np.array(score) - 0.3
    return table


def one(seed, wobble=0.0, score=(0.8, 0.6, 0.5, 0.5), loss=(0.2, 0.2, 0.2, 0.9)):
    """A control of eight epochs whose C-Score wobbles at the sixth; both collapses end at the seventh."""
    steady = np.full(8, 0.8)
    steady[5] -= wobble
    control = rows(seed, "control", 1, steady, np.full(8, 0.2), np.full(8, 0.9))
    lost = [rows(seed, kind, 4, score, loss, [0.9, 0.9, 0.85, 0.7]) for kind in ("rate", "labels")]
    return pd.concat([control, *lost])


def split(table):
    every = trainings(table)
    return [t for t in every if t.kind == "control"], [t for t in every if t.kind != "control"]


def test_a_collapse_is_a_tenth_below_the_mean_of_the_three_epochs_before():
    assert collapses(0.8, [0.1, 0.9, 0.9, 0.9])
    assert not collapses(0.81, [0.1, 0.9, 0.9, 0.9])


def test_falls_are_relative_to_the_three_epochs_before_and_end_before_the_collapse():
    _, lost = split(one(1))
    assert (lost[0].start, lost[0].end) == (4, 7)
    # levels 0.8, 0.8 and (0.8 + 0.8 + 0.6) / 3
    np.testing.assert_allclose(lost[0].falls["score_cam"], [0, 0.25, 1 - 0.5 / (2.2 / 3)], atol=1e-12)
    np.testing.assert_allclose(lost[0].falls["score_cam_beyond"], [0, 0.2, 2.2 / 3 - 0.5], atol=1e-12)
    np.testing.assert_allclose(lost[0].falls["loss"], 0, atol=1e-12)


def test_the_lead_is_counted_from_the_first_alarm_to_the_collapse():
    _, lost = split(one(1))
    assert leads(lost, "score_cam", 0.2).tolist() == [2, 2]  # epochs 5 and 7
    assert leads(lost, "score_cam", 0.3).tolist() == [1, 1]
    assert np.isnan(leads(lost, "score_cam", 0.4)).all()


def test_alarms_at_rises_take_what_gets_better():
    _, lost = split(one(1, score=(0.8, 1.0, 0.8, 0.5)))
    assert leads(rising(lost), "score_cam", 0.2).tolist() == [2, 2]
    assert np.isnan(leads(rising(lost), "score_cam", 0.3)).all()


def test_a_score_that_cannot_be_given_is_an_alarm():
    _, lost = split(one(1, score=(0.8, 0.8, np.nan, 0.5)))
    assert leads(lost, "score_cam", 10.0).tolist() == [1, 1]


def test_what_has_no_value_for_another_reason_is_no_alarm():
    table = one(1)
    later = table["epoch"] == 5
    table.loc[later, "score_cam_beyond"] = np.nan  # all maps are uniform
    table.loc[table["epoch"] < 5, "eigen_cam"] = np.nan  # no level
    controls, lost = split(table)
    for signal in ("score_cam_beyond", "eigen_cam"):
        assert np.isnan(lost[0].falls[signal][1])
        assert np.isfinite(limit(controls, signal))
        assert np.isnan(leads(lost, signal, 10.0)).all()
        assert np.isnan(leads(rising(lost), signal, 10.0)).all()


def test_equal_windows_are_the_collapses_epochs_in_the_control_of_the_seed():
    table = pd.concat([one(1, wobble=0.08), one(2)])
    _, lost = split(table)
    found = matched(table, lost)
    assert [(each.seed, each.kind, each.start, each.end) for each in found] == [
        (seed, "control", 4, 7) for seed in (1, 1, 2, 2)
    ]
    # the sixth epoch is watched, the seventh and eighth are not
    np.testing.assert_allclose(found[0].falls["score_cam"], [0, 0, 0.1], atol=1e-12)
    # a collapse that is watched for longer than the control goes on: as far as there are epochs
    longer = [replace(each, end=12) for each in lost]
    assert [each.end for each in matched(table, longer)] == [9] * 4
    assert len(matched(table, longer)[0].falls["score_cam"]) == 5


def test_the_limit_lets_one_control_of_ten_be_false():
    table = pd.concat([one(seed, wobble=0.02 * seed) for seed in range(1, 11)])
    controls, lost = split(table)
    x = limit(controls, "score_cam")
    assert x == pytest.approx(0.02 * 9 / 0.8)  # the second largest
    assert (~np.isnan(leads(controls, "score_cam", x))).sum() == 1
    found = curve(controls, lost, "score_cam")
    assert found["false"].is_monotonic_increasing
    assert found["announced"].iloc[0] == 0
    assert found["announced"].iloc[-1] == 1


def test_what_is_announced_is_counted_by_seed_and_set_against_the_loss(capsys):
    share, advantage = report(pd.concat([one(seed) for seed in range(1, 11)]), None)
    assert (share.value, advantage.value) == (1, 1)
    # ten of ten: the best of four bets has won 1 / m in each, 80 in all for an error of 0.05
    assert share.low == pytest.approx((1 / 80) ** 0.1, abs=0.02)
    assert "20 of 20 planted trainings collapsed" in capsys.readouterr().out
    assert verdicts(share, advantage) == ("supported", "supported", "supported")


def test_a_training_that_does_not_collapse_announces_nothing():
    table = one(1)
    table.loc[table["kind"] == "rate", "auc"] = 0.9
    assert [each.kind for each in trainings(table)] == ["control", "labels"]


@pytest.mark.parametrize(
    ("share", "advantage", "expected"),
    [
        ((0.6, 0.9), (0.1, 0.9), ("supported", "supported", "supported")),
        ((0.6, 0.9), (-0.1, 0.05), ("supported", "refuted", "refuted")),
        ((0.1, 0.4), (-0.4, 0.4), ("refuted", "not decidable", "refuted")),
        ((0.4, 0.9), (0.1, 0.9), ("not decidable", "supported", "not decidable")),
    ],
)
def test_the_rule(share, advantage, expected):
    assert verdicts(Bounds(0.5, *share), Bounds(0.5, *advantage)) == expected
