"""What is said before a run of how many patients will count: hand-computed, and never more than is known."""

import numpy as np
import pandas as pd
import pytest

from tests.places import ROOT
from tools import cohort
from tools.cohort import expected, told

TEN = pd.Series([f"p{at}" for at in range(10)])


def wrong(*films: int) -> np.ndarray:
    right = np.ones(10, bool)
    right[list(films)] = False
    return right


def test_with_nothing_trained_the_bounds_are_errors_on_the_same_films_and_on_films_of_their_own():
    found = expected(TEN, {}, missing=3)
    assert found.high == pytest.approx(9)
    assert found.low == pytest.approx(10 * 0.9**6)


def test_with_one_training_no_more_than_its_own_count():
    found = expected(TEN, {"a": wrong(0, 1)}, missing=2)
    assert found.high == 8
    assert found.low == pytest.approx(8 * 0.8**2)


def test_with_more_each_missing_one_leaves_the_share_that_a_finished_one_leaves_on_average():
    three = {"a": wrong(0, 1), "b": wrong(0, 2), "c": wrong(3, 4)}
    # five count; six without a, six without b, seven without c
    found = expected(TEN, three, missing=2)
    assert found.low == found.high == pytest.approx(5 * ((5 / 6 + 5 / 6 + 5 / 7) / 3) ** 2)
    same = dict.fromkeys("ab", wrong(0, 1))
    assert expected(TEN, same, missing=9)[:2] == (8, 8)
    assert expected(TEN, dict.fromkeys("ab", ~wrong()), missing=1)[:2] == (0, 0)


def test_patients_count_not_films():
    patients = pd.Series(["p0"] * 4 + [f"p{at}" for at in range(4, 10)])
    assert expected(patients, dict.fromkeys("ab", wrong(0, 5)), missing=1).high == 6


def test_too_few_are_told_with_what_helps_and_the_smallest_class_is_named():
    labels = pd.Series(["normal"] * 7 + ["covid19"] * 3)
    same = dict.fromkeys("ab", wrong(0, 1))
    said = told(TEN, labels, same, total=4, least=9)
    assert said.startswith(
        "Before the run: about 8 of 10 test patients are likely to count, those with a film that all 8 "
        "checkpoints get right (8 count under what is trained, of which each further training may leave 100 %"
    )
    assert "The smallest class is covid19, with 3 test films." in said
    assert "compare.min_patients is 9: nothing would be decided." in said
    assert "compare.min_patients" not in told(TEN, labels, same, total=4, least=8)
    assert "nothing may be decided" in told(TEN, labels, {"a": wrong(0)}, total=4, least=8)


def run(monkeypatch, capsys, path, params=ROOT / "profiles" / "tiny.yaml") -> str:
    monkeypatch.chdir(path)
    monkeypatch.setattr("sys.argv", ["cohort", str(params)])
    cohort.main()
    return capsys.readouterr().out


def test_before_anything_is_prepared_no_figure_is_made_up(tmp_path, monkeypatch, capsys):
    said = run(monkeypatch, capsys, tmp_path)
    assert "a test film counts if all 8 checkpoints get it right, and compare.min_patients asks for 3" in said
    assert "is known after `dvc repro prepare`" in said
