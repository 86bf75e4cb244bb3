"""The record's rows against scikit-learn, statsmodels and hand: levels, differences, subgroups, findings."""

from time import process_time

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import recall_score, roc_auc_score

from benchmarks.performance_intervals import WORLDS, draw, intervals, missed
from evidrift.auditing.films.calls import Scores, Truth
from evidrift.auditing.performance.rows import rows
from evidrift.auditing.performance.subgroups import Subgroups
from evidrift.auditing.rates import evaluate_findings
from evidrift.base.seeds import stream
from evidrift.training.evaluation import evaluate_logits
from tests.auditing.performance.made import random_scores, scores_of, truth_of_labels

LABELS = np.arange(60) % 3
PAIR = ("before 1", "after 1")


def rows_of(truth, before, after, columns=()):
    return rows(truth, dict(zip(PAIR, (before, after), strict=True)), [PAIR], columns)


def row(every, label=None, value=None, part="after 1"):
    return next(
        each
        for each in every
        if (each.group.label, each.group.value) == (label, value)
        and part in (getattr(each, "part", None), getattr(each, "candidate", None))
    )


def test_levels_are_those_of_scikit_learn_and_of_a_training_stage():
    before, after = (random_scores(LABELS, 3, seed) for seed in range(2))
    found = rows_of(truth_of_labels(LABELS, 3), before, after).performance
    whole, called = row(found), after.probability.argmax(axis=1)
    stage = evaluate_logits(np.log(after.probability), LABELS, ("a", "b", "c"))
    assert whole.accuracy.value == pytest.approx((called == LABELS).mean(), abs=1e-6)
    assert whole.auc.value == pytest.approx(stage["auc"], abs=1e-6)
    assert whole.calibration_error.value == pytest.approx(stage["calibration_error"], abs=1e-6)
    assert (whole.sensitivity, whole.specificity) == (None, None)
    low, high = stats.binomtest(int((called == LABELS).sum()), 60).proportion_ci(0.95, "exact")
    assert (whole.accuracy.low, whole.accuracy.high) == pytest.approx((low, high), abs=1e-6)
    about = row(found, "b")
    assert about.group.n_positive == 20
    assert about.sensitivity.value == pytest.approx(recall_score(LABELS == 1, called == 1), abs=1e-6)
    assert about.specificity.value == pytest.approx(recall_score(LABELS != 1, called != 1), abs=1e-6)
    assert about.auc.value == pytest.approx(roc_auc_score(LABELS == 1, after.probability[:, 1]), abs=1e-6)


def test_differences_are_of_the_levels_and_narrower_than_theirs_where_models_agree():
    before = random_scores(LABELS, 3, 0)
    after = scores_of(0.99 * before.probability + 0.01 * random_scores(LABELS, 3, 1).probability)
    found = rows_of(truth_of_labels(LABELS, 3), before, after)
    for label in (None, "a", "b", "c"):
        change, then, now = (
            row(found.differences, label),
            row(found.performance, label, part="before 1"),
            row(found.performance, label),
        )
        for name in ("accuracy", "sensitivity", "specificity", "auc", "calibration_error"):
            if getattr(change, name) is not None:
                expected = getattr(now, name).value - getattr(then, name).value
                assert getattr(change, name).value == pytest.approx(expected, abs=2e-6)
                assert getattr(change, name).low <= expected <= getattr(change, name).high
    change, now = row(found.differences).accuracy, row(found.performance).accuracy
    assert change.high - change.low < now.high - now.low


def test_a_patient_of_several_films_counts_once():
    """Of patient 0 all three films are right, of patient 1 the only one is wrong."""
    truth = truth_of_labels([0, 0, 0, 1], 2, patients=[0, 0, 0, 1])
    wrong = scores_of([[0.8, 0.2]] * 4)
    found = row(rows_of(truth, wrong, wrong).performance)
    assert found.accuracy.value == 0.5
    assert (found.group.n_films, found.group.n_patients) == (4, 2)


def test_a_subgroup_is_its_films_alone():
    sex = np.where(np.arange(60) % 4 == 0, "F", "M")
    before, after = (random_scores(LABELS, 3, seed) for seed in range(2))
    column = Subgroups("sex", sex, ("F", "M"), None)
    found = rows_of(truth_of_labels(LABELS, 3), before, after, [column])
    women = sex == "F"
    alone = rows_of(
        truth_of_labels(LABELS[women], 3), *(Scores(*(x[women] for x in each)) for each in (before, after))
    )
    for label in (None, "a"):
        for name in ("accuracy", "sensitivity", "auc", "calibration_error"):
            there, here = row(found.performance, label, "F"), row(alone.performance, label)
            assert getattr(there, name) == getattr(here, name)
        assert row(found.differences, label, "F").accuracy == row(alone.differences, label).accuracy
    assert row(found.performance, None, "F").group.column == "sex"


def test_a_class_without_films_has_no_sensitivity_and_no_area():
    labels = np.zeros(5, dtype=int)
    found = rows_of(truth_of_labels(labels, 2), random_scores(labels, 2, 0), random_scores(labels, 2, 1))
    assert row(found.performance, "b").sensitivity is None
    assert row(found.performance, "b").specificity is not None
    assert row(found.performance, "b").auc is None
    assert row(found.differences).auc is None


def test_of_several_findings_what_is_not_known_does_not_count():
    """Three films, two findings: the third film's second finding is not known."""
    truth = Truth(
        ids=np.array(["0", "1", "2"]),
        patients=np.array(["0", "1", "2"]),
        labels=("effusion", "mass"),
        truth=np.array([[1, 0], [1, 1], [0, 0]], dtype=bool),
        known=np.array([[1, 1], [1, 1], [1, 0]], dtype=bool),
        exclusive=False,
    )
    p = np.array([[0.9, 0.2], [0.4, 0.7], [0.1, 0.9]])
    scores = Scores(p, p >= 0.5)
    found = rows_of(truth, scores, scores).performance
    assert row(found).accuracy.value == pytest.approx((1 + 0.5 + 1) / 3, abs=1e-6)  # calls, by patient
    effusion, mass = row(found, "effusion"), row(found, "mass")
    assert (effusion.sensitivity.value, effusion.specificity.value, effusion.auc.value) == (0.5, 1, 1)
    assert (mass.group.n_films, mass.group.n_positive, mass.specificity.value) == (2, 1, 1)
    assert row(found).auc.value == 1


def test_levels_of_findings_are_those_of_the_audits_own_metrics():
    """Twenty films of a patient each."""
    random = np.random.default_rng(0)
    ids = np.array([f"{number:02d}" for number in range(20)])
    has = random.random((20, 3)) < 0.4
    p = np.clip(has * 0.4 + random.random((20, 3)) * 0.6, 0, 1)
    truth = Truth(ids, ids, ("effusion", "mass", "nodule"), has, np.ones_like(has), False)
    scores = Scores(p, p >= 0.5)
    found, peer = rows_of(truth, scores, scores).performance, evaluate_findings(scores, truth)
    for name in ("accuracy", "auc", "calibration_error"):
        assert getattr(row(found), name).value == pytest.approx(peer[name], abs=1e-6)
    for label in truth.labels:
        for name in ("sensitivity", "specificity"):
            assert getattr(row(found, label), name).value == pytest.approx(
                peer["per_class"][label][name], abs=1e-6
            )


def test_the_same_arrays_give_the_same_rows_within_a_second():
    """200 films of three sides in six columns of three groups and five classes."""
    labels = np.arange(200) % 5
    random = np.random.default_rng(0)
    columns = [
        Subgroups(f"c{k}", np.array(["x", "y", "z"])[random.integers(3, size=200)], ("x", "y", "z"), None)
        for k in range(6)
    ]
    sides = {name: random_scores(labels, 5, k) for k, name in enumerate(("original 1", *PAIR))}
    pairs = [PAIR, ("original 1", "after 1"), ("original 1", "before 1")]
    truth = truth_of_labels(labels, 5, patients=np.arange(200) // 2)
    start = process_time()
    first = rows(truth, sides, pairs, columns)
    assert process_time() - start < 1
    assert len(first.performance) == 3 * (1 + 18) * 6
    assert rows(truth, sides, pairs, columns) == first


@pytest.mark.parametrize(("patients", "films"), [(20, 1), (60, 2)])
def test_intervals_hold_through_the_audits_own_code(patients, films):
    """A slice of `benchmarks.performance_intervals`: 2.5 % may miss at either end, hardly 8 of 60."""
    name = "5 % of the patients harmed"
    for key, (above, below, _) in missed(WORLDS[name], patients, films, 60, name).items():
        assert max(above, below) * 60 <= 7, key


def test_the_benchmark_sees_a_model_get_worse():
    found = intervals(draw(WORLDS["5 % of the patients harmed"], 2000, 1, stream("test")))
    value, low, high = found["difference", "accuracy of all"]
    assert low < -0.05 < high
    assert value == pytest.approx(-0.05, abs=0.02)
