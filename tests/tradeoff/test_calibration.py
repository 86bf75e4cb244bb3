"""A few of the simulations of benchmarks/tradeoff_calibration.py, with room for chance."""

from benchmarks.tradeoff_calibration import BESIDE, BETWEEN, UNDER, Truth, family

FAMILIES = 40  # 5 % of them are 2; 7 or more come up once in 300 times where 5 % err


def count(verdict: str, truth: Truth) -> int:
    return sum(verdict in verdicts for verdicts, _ in family(truth, FAMILIES))


def test_a_strategy_on_the_curve_is_hardly_ever_called_below_it():
    assert count("supported", Truth("", BESIDE, patients=100, seeds=3)) < 7
    assert count("supported", Truth("", BETWEEN, patients=100, seeds=3)) < 7


def test_another_setting_of_a_dial_is_hardly_ever_called_below_it():
    """Where few were tried, on a curve that bends much: it lies far below the chords between them."""
    many = {"patients": 300, "gain": 0.2, "bend": 3.0, "setting": True, "dials": "four"}
    assert count("supported", Truth("", UNDER, **many)) < 7


def test_a_distance_of_the_margins_size_is_hardly_ever_refuted():
    assert count("refuted", Truth("", BESIDE, patients=100, seeds=3, below=0.05)) < 7


def test_a_large_distance_is_found():
    assert count("supported", Truth("", BESIDE, patients=300, gain=0.2, below=0.25)) > 0.9 * FAMILIES
