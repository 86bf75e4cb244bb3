from dataclasses import replace

import numpy as np
import pytest

from evidrift.tradeoff.curve import curve_of
from evidrift.tradeoff.evidence import PRIMARY
from evidrift.tradeoff.points import PLAIN, TL, Point
from tests.tradeoff.made import OCCLUSION, SWEEP, evidence_of

WISE = Point("wise", "mid")


def with_right(n: int = 40, **right):
    evidence = evidence_of({PLAIN: (0.9, 0.4), WISE: (0.9, 0.2)}, n=n, seeds=2)
    names = {"tl": TL, "plain": PLAIN, "wise": WISE}
    return replace(
        evidence, right={names[name]: np.array(each).T.astype(bool) for name, each in right.items()}
    )


def test_accuracy_gain_and_flips_are_of_the_whole_split():
    tl, plain, wise = [1, 1, 0, 0], [1, 1, 1, 0], [1, 0, 1, 1]
    curve = curve_of(with_right(n=4, tl=[tl, tl], plain=[plain, plain], wise=[wise, tl]))
    assert curve.accuracy_tl.value == 0.5
    assert curve.figures[WISE].accuracy.value == pytest.approx(5 / 8)
    assert curve.figures[WISE].gain.value == pytest.approx(1 / 8)
    assert curve.figures[WISE].flips.value == pytest.approx(1 / 8)  # one of eight, under the first seed
    assert curve.figures[PLAIN].flips.value == 0
    assert curve.gain_kept(WISE).value == pytest.approx(0.5)
    assert curve.gains()[TL].value == 0


def test_drift_is_of_images_right_in_every_checkpoint_whose_maps_can_be_used():
    evidence = with_right(tl=np.ones((2, 40)), plain=np.ones((2, 40)), wise=np.ones((2, 40)))
    evidence.right[WISE][:5, 1] = False
    evidence.moved[PRIMARY][PLAIN].drift[5, 0] = np.nan  # of plain alone, and counts in no point
    evidence.moved[OCCLUSION][WISE].floor_ft[6:9] = np.nan
    curve = curve_of(evidence)
    assert curve.figures[PLAIN].cohort.sum() == 40  # of a method's mistakes plain knows nothing
    assert curve.figures[WISE].cohort.sum() == 35
    wise, plain = (evidence.moved[PRIMARY][point].drift for point in (WISE, PLAIN))
    every = np.arange(40) != 5
    figures = curve.figures[WISE]
    assert figures.drift.value == pytest.approx(wise[6:].mean())
    assert figures.plain[PRIMARY].drift.value == pytest.approx(plain[6:].mean())
    assert figures.drifts[PRIMARY][PLAIN].value == pytest.approx(plain[6:].mean())
    assert figures.moved[OCCLUSION].drift.n_images == 32
    assert figures.drift_all.value == pytest.approx(wise[every].mean())
    assert curve.figures[PLAIN].drift.value == pytest.approx(plain[every].mean())
    assert curve.figures[PLAIN].moved[OCCLUSION].drift.n_images == 40


def test_a_training_that_failed_takes_nothing_from_the_other_points():
    evidence = evidence_of(SWEEP, n=60, seeds=3)
    before = curve_of(evidence)
    evidence.right[Point("maps", "low")][:, 1] = False
    after = curve_of(evidence)
    assert after.figures[Point("maps", "low")].drift is None
    assert after.figures[WISE].drift.value == before.figures[WISE].drift.value


def test_shared_drift_is_less_what_two_trainings_differ_by():
    evidence = evidence_of(SWEEP, n=60, seeds=3)
    curve = curve_of(evidence)
    figures = curve.figures[WISE].moved[PRIMARY]
    cross = evidence.moved[PRIMARY][WISE].cross[curve.figures[WISE].cohort]
    assert figures.shared.value == pytest.approx(cross.mean() - 0.05)  # each floor is 0.05
    assert figures.erratic.value == pytest.approx(figures.drift.value - figures.shared.value)


def test_a_method_without_maps_of_a_point_has_no_drift_to_compare():
    evidence = evidence_of(SWEEP, n=30, seeds=2)
    evidence.moved[OCCLUSION][PLAIN].drift[:] = np.nan
    curve = curve_of(evidence)
    figures = curve.figures[WISE]
    assert OCCLUSION not in figures.drifts
    dials = {each for each in SWEEP if each.role == "dial"}
    assert set(figures.drifts[PRIMARY]) == {TL, PLAIN, WISE, *dials}


def test_places_are_changes_from_tl():
    evidence = evidence_of(SWEEP, n=30, seeds=2)
    lungs = evidence.places["lungs"]
    curve = curve_of(evidence)
    expected = (lungs[WISE] - lungs[TL])[curve.figures[WISE].cohort].mean()
    assert curve.figures[WISE].places["lungs"].value == pytest.approx(expected)
