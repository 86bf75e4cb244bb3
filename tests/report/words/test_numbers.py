"""Numbers as text, as each medium writes them."""

import pytest

from evidrift.report.words.numbers import PAGE, PLAIN, interval_text

NAN = float("nan")


def test_small_p_values_are_not_written_out():
    assert [PLAIN.p(p) for p in (0.0004, 0.0123, NAN)] == ["<0.001", "0.012", "-"]


def test_missing_numbers_and_intervals_are_written_as_each_medium_does():
    assert (PLAIN.number(NAN), PAGE.number(None)) == ("-", "–")  # noqa: RUF001
    assert (PLAIN.interval(0.1, 0.25), PAGE.interval(0.1, 0.25)) == ("[0.10, 0.25]", "0.10 to 0.25")
    assert PAGE.interval(0.1, NAN) == ""


@pytest.mark.parametrize(("value", "text"), [(-0.0004, "0.000"), (1234.5, "1,234.500"), (-0.5, "-0.500")])
def test_numbers_have_commas_and_no_negative_zero(value, text):
    assert PLAIN.number(value) == text


def test_an_interval_stands_behind_its_value_where_both_are_known():
    assert interval_text(0.3, 0.1, 0.5) == "0.30 [0.10, 0.50]"
    assert (interval_text(0.3, NAN, NAN), interval_text(NAN, 0.1, 0.5)) == ("0.30", "-")
