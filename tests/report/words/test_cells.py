from evidrift.report.words.cells import DASH, p_text


def test_small_p_values_are_not_written_out():
    assert (p_text(0.0004), p_text(0.0123), p_text(float("nan"))) == ("< 0.001", "0.012", DASH)
