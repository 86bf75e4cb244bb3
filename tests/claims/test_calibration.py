"""The simulation that the verdicts were tried on: its truth is what the code is asked to find."""

import numpy as np
import pytest

from benchmarks.calibration import Cell, Noise, Size, outcomes, planted, study, truths
from evidrift.base.seeds import stream
from evidrift.claims.excess import excess


def test_the_truth_of_a_simulated_study_is_recovered_on_average():
    noise, shift = Noise(), planted("one method", 0.1)
    truth = truths(shift, noise)
    # by hand: (0.50 + 0.1 - 0.27) / (0.60 - 0.27) and (0.50 - 0.27) / (0.60 - 0.27)
    assert truth["a", "first"] == pytest.approx(1)
    assert truth["b", "second"] == pytest.approx(0.697, abs=1e-3)
    errors = []
    for number in range(30):
        for key, cells in study(stream("test", number), shift, 0.02, Size(), noise).items():
            errors.append(excess(cells).normalised.value - truth[key])
    # six a study, not independent: a standard error of 0.08 / sqrt(30) at the most
    assert abs(np.mean(errors)) < 3 * 0.08 / np.sqrt(30)


def test_each_kind_of_truth_is_planted_where_it_is_said():
    assert planted("none", 0.1).tolist() == [[0, 0], [0, 0], [0, 0]]
    assert planted("one method", 0.1).tolist() == [[0.1, 0], [0, 0], [0, 0]]
    assert planted("both methods", 0.1).tolist() == [[0.1, 0.1], [0, 0], [0, 0]]
    assert planted("reversal", 0.1).tolist() == [[0.1, -0.1], [0, 0], [0, 0]]


def test_a_large_difference_and_a_large_reversal_are_found_and_nothing_else():
    found = outcomes(Cell("reversal", 0.2, 0.0, Size(patients=60, seeds=5), 5))
    assert found["reversal found"] == (10, 10)  # a against b, and a against c
    assert found["difference found"] == (20, 20)
    assert found["false reversal in the family"][0] == 0
    assert found["wrong way round"][0] == 0
