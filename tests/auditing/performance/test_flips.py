"""Flips and McNemar's exact test against statsmodels."""

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar as peer

from evidrift.auditing.films.calls import Scores, Truth
from evidrift.auditing.performance.flips import flips, mcnemar
from tests.auditing.performance.made import scores_of, truth_of_labels

PAIR = ("before 1", "after 1")


def models(before, after):
    """Two models of which each film of class 0 is right where it says so."""
    return {
        name: scores_of([[0.8, 0.2] if each else [0.2, 0.8] for each in right])
        for name, right in zip(PAIR, (before, after), strict=True)
    }


@pytest.mark.parametrize(("worse", "better"), [(0, 0), (1, 0), (3, 9), (12, 12)])
def test_p_is_that_of_statsmodels(worse, better):
    assert mcnemar(worse, better) == pytest.approx(
        peer([[5, worse], [better, 7]], exact=True).pvalue, abs=1e-6
    )


def test_films_are_listed_in_both_directions():
    truth = truth_of_labels(np.zeros(6, dtype=int), 2)
    (found,) = flips(truth, models([1, 1, 1, 0, 0, 1], [0, 1, 0, 1, 0, 1]), [PAIR])
    assert found.negative == ("000.png", "002.png")
    assert found.positive == ("003.png",)
    assert (found.unit, found.n_negative, found.n_positive, found.p) == ("films", 2, 1, 1.0)


def test_patients_with_several_films_count_once_by_what_they_have_more_of():
    """Patient 0 lost two and won one, patient 1 lost one and won one, patient 2 won one."""
    truth = truth_of_labels(np.zeros(6, dtype=int), 2, patients=[0, 0, 0, 1, 1, 2])
    (found,) = flips(truth, models([1, 1, 0, 1, 0, 0], [0, 0, 1, 0, 1, 1]), [PAIR])
    assert (len(found.negative), len(found.positive)) == (3, 3)
    assert (found.unit, found.n_negative, found.n_positive) == ("patients", 1, 1)


def test_of_findings_each_by_itself_as_well():
    truth = Truth(
        ids=np.array(["x", "y"]),
        patients=np.array(["x", "y"]),
        labels=("effusion", "mass"),
        truth=np.array([[True, False], [False, True]]),
        known=np.array([[True, True], [True, False]]),
        exclusive=False,
    )
    right, wrong = (Scores(each.astype(float), each) for each in (truth.truth, ~truth.truth))
    whole, effusion, mass = flips(truth, dict(zip(PAIR, (right, wrong), strict=True)), [PAIR])
    assert (whole.label, whole.negative) == (None, ("x", "y"))
    assert (effusion.label, effusion.negative) == ("effusion", ("x", "y"))
    assert (mass.label, mass.negative) == ("mass", ("x",))  # of y it is not known
