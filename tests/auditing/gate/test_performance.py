"""Limits on performance: a worse model is stopped, one that is not passes, and few films tell nothing."""

from dataclasses import replace

import numpy as np
import pytest

from evidrift.auditing.films.calls import Scores
from evidrift.auditing.gate.limits import OF_PERFORMANCE, Gate
from evidrift.auditing.gate.performance import judge_performance
from evidrift.auditing.performance.subgroups import Subgroups
from tests.auditing.gate.made import CLASSES, films, predicted, scores

SEX = Subgroups("sex", np.array(["F", "M"])[np.arange(300) % 2], ("F", "M"), None)


def unchanged(n=300, columns=()):
    """Right in nine of ten films of each class and sex by both models, which are sure by 0.8."""
    right = np.tile(np.arange(n) // 6 % 10 > 0, (2, 1, 1))
    found = predicted(replace(films(n), right=right))
    return found._replace(columns=tuple(each._replace(values=each.values[:n]) for each in columns))


def worse(found, films_that_lose, sure=0.8):
    """The model after calls the next class in some films."""
    before, _ = found.pairs[0]
    called = before.called.argmax(axis=1)
    called = np.where(films_that_lose, (called + 1) % 3, called)
    after = scores(called)
    return found._replace(
        pairs=((before, Scores(np.where(after.called, sure, (1 - sure) / 2), after.called)),)
    )


def judged(limits, found):
    return {check.name: check for check in judge_performance(Gate.model_validate(limits), found)}


EVERY = dict.fromkeys(OF_PERFORMANCE, 0.15)


def test_an_unchanged_model_passes_every_limit_on_all_films_and_on_each_group():
    found = judged({**EVERY, "subgroups": {"columns": ["sex"], **EVERY}}, unchanged(columns=[SEX]))
    assert set(found) == {*OF_PERFORMANCE[1:], *(f"subgroups.{name}" for name in OF_PERFORMANCE)}
    assert {name for name, check in found.items() if check.verdict == "failed"} == set()
    passed = {name for name, check in found.items() if check.verdict == "passed"}
    assert {*OF_PERFORMANCE[1:], "subgroups.accuracy_drop_at_most"} <= passed
    # a class in one sex has 50 patients: none lost, but 8 % could have
    assert found["subgroups.sensitivity_drop_at_most"].high == pytest.approx(1 - 0.04 ** (1 / 50))


@pytest.mark.parametrize("label", range(3))
def test_a_class_that_loses_fails_by_its_own_sensitivity_whatever_the_others_do(label):
    base = unchanged()
    found = judged(EVERY, worse(base, base.truth.truth[:, label] & (np.arange(300) % 7 < 3)))
    check = found["sensitivity_drop_at_most"]
    assert check.verdict == "failed"
    assert check.value > 0.3
    assert f"The largest is that of class {CLASSES[label]}" in check.reason
    assert found["specificity_drop_at_most"].verdict != "failed"  # spread over the other films


def test_a_group_that_loses_fails_by_its_own_limit_alone():
    base = unchanged(columns=[SEX])
    women = SEX.values == "F"
    found = judged(
        {"sensitivity_drop_at_most": 0.4, "subgroups": {"accuracy_drop_at_most": 0.15}},
        worse(base, women & (np.arange(300) % 7 < 3)),
    )
    assert found["sensitivity_drop_at_most"].verdict == "passed"
    check = found["subgroups.accuracy_drop_at_most"]
    assert check.verdict == "failed"
    assert "The largest is that of sex F" in check.reason


def test_a_model_that_grows_overconfident_fails_by_its_calibration():
    base = unchanged()
    found = judged({"calibration_error_at_most": 0.15}, worse(base, np.arange(300) % 4 == 0, sure=0.99))
    assert found["calibration_error_at_most"].verdict == "failed"
    assert found["calibration_error_at_most"].value == pytest.approx(0.99 - 0.7, abs=0.05)


def test_scores_that_no_longer_rank_fail_by_their_area_though_no_call_changes():
    """Half of the films of a class are called as before, but hardly likelier than the others."""
    base = unchanged()
    before, _ = base.pairs[0]
    blunt = base.truth.truth[:, 0] & (np.arange(300) % 2 == 0)
    probability = np.where(blunt[:, np.newaxis], [0.05, 0.5, 0.45], before.probability)
    found = judged(
        {"auc_drop_at_most": 0.1, "sensitivity_drop_at_most": 0.1},
        base._replace(pairs=((before, Scores(probability, before.called)),)),
    )
    assert found["auc_drop_at_most"].verdict == "failed"
    assert found["sensitivity_drop_at_most"].verdict == "passed"


def test_few_films_are_not_judged_and_the_reason_says_how_many_would_tell():
    found = judged({"sensitivity_drop_at_most": 0.05, "auc_drop_at_most": 0.05}, unchanged(30))
    for check in found.values():
        assert check.verdict == "not judged"
        assert check.value == 0
        assert "patients of class covid19 like these would tell" in check.reason
    assert "About 63 patients" in found["sensitivity_drop_at_most"].reason  # 0.96^(1/63) shows 5 %


def test_a_small_group_is_not_judged_rather_than_passed():
    rare = Subgroups("site", np.where(np.arange(300) < 5, "small", "large"), ("large", "small"), None)
    found = judged({"subgroups": {"accuracy_drop_at_most": 0.1}}, unchanged(columns=[rare]))
    check = found["subgroups.accuracy_drop_at_most"]
    assert (check.verdict, check.value) == ("not judged", 0)


def test_a_class_without_films_is_not_judged():
    base = unchanged()
    keep = ~base.truth.truth[:, 2]
    truth = replace(
        base.truth,
        ids=base.truth.ids[keep],
        patients=base.truth.patients[keep],
        truth=base.truth.truth[keep],
        known=base.truth.known[keep],
    )
    pairs = tuple(tuple(Scores(*(x[keep] for x in side)) for side in pair) for pair in base.pairs)
    found = judged(
        {"auc_drop_at_most": 0.9, "sensitivity_drop_at_most": 0.9}, base._replace(truth=truth, pairs=pairs)
    )
    for check in found.values():
        assert check.verdict == "not judged"
        assert "There is no film that counts of class tuberculosis" in check.reason


@pytest.mark.parametrize(
    ("columns", "limits", "sentence"),
    [
        ([], {}, "No column tells groups of films apart"),
        ([SEX], {"columns": ["age"]}, "Films are not told apart by age: it is no column."),
        (
            [SEX._replace(groups=(), reason="one value for all films")],
            {"columns": ["sex"]},
            "by sex: one value for all films",
        ),
    ],
)
def test_a_group_that_cannot_be_made_is_not_judged(columns, limits, sentence):
    found = judged({"subgroups": {**limits, "accuracy_drop_at_most": 0.1}}, unchanged(columns=columns))
    (check,) = found.values()
    assert check.verdict == "not judged"
    assert sentence in check.reason


def test_without_labels_nothing_is_judged():
    found = judged({**EVERY, "subgroups": {"accuracy_drop_at_most": 0.1}}, None)
    assert {check.verdict for check in found.values()} == {"not judged"}
    assert all("Labels are not known" in check.reason for check in found.values())


def test_each_of_several_pairs_must_keep_to_a_limit():
    base = unchanged()
    bad = worse(base, base.truth.truth[:, 0] & (np.arange(300) % 2 == 0)).pairs
    found = judged({"sensitivity_drop_at_most": 0.2}, base._replace(pairs=base.pairs + bad))
    assert found["sensitivity_drop_at_most"].verdict == "failed"
    assert "class covid19, pair 2" in found["sensitivity_drop_at_most"].reason
