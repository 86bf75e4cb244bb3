"""A few of the simulations of benchmarks/tradeoff_calibration.py, with room for chance."""

from benchmarks.tradeoff_calibration import BESIDE, BETWEEN, Truth, family

FAMILIES = 40  # 5 % of them are 2; 7 or more come up once in 300 times where 5 % err


def count(verdict: str, truth: Truth) -> int:
    return sum(verdict in verdicts for verdicts, _ in family(truth, FAMILIES))


def test_a_strategy_on_the_curve_is_hardly_ever_called_below_it():
    assert count("supported", Truth("", BESIDE, patients=100, seeds=3)) < 7
    assert count("supported", Truth("", BETWEEN, patients=100, seeds=3)) < 7


def test_a_distance_of_the_margins_size_is_hardly_ever_refuted():
    assert count("refuted", Truth("", BESIDE, patients=100, seeds=3, below=0.05)) < 7


def test_a_large_distance_is_found():
    assert count("supported", Truth("", patients=200, seeds=5, below=0.2)) == FAMILIES
