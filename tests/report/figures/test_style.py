"""Text from outside, and what a saved picture contains."""

import matplotlib
import pytest

from evidrift.report.figures.style import add_axes, colours, figure_style, new_figure, save_png
from evidrift.report.words.names import method_name, safe_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("tuberculosis", "tuberculosis"),
        ("$\\frac{", "$\\frac{"),
        ("<script>", "<script>"),
        ("  two\n\tlines ", "two lines"),
        ("bell\x07 and null\x00", "bell and null"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("肺炎", "□□"),
        ("Lungenentzündung", "Lungenentzündung"),
    ],
)
def test_a_name_becomes_one_printable_line(text, shown):
    assert safe_text(text, 24) == shown


def test_a_long_name_keeps_both_ends_within_the_limit():
    assert safe_text("abcdefghijklmnopqrstuvwxyz", 9) == "abcd…wxyz"
    assert len(safe_text("x" * 10_000_000, 24)) == 24


def test_known_methods_are_written_as_in_papers_and_others_as_they_are():
    assert method_name("grad_cam_pp_unit") == "Grad-CAM++ unit"
    assert method_name("my_method") == "my method"


def test_colours_are_distinct_however_many():
    for n in (1, 7, 8, 20):
        assert len(set(colours(n))) == n


def test_a_saved_picture_names_no_software_and_no_date(tmp_path):
    with figure_style():
        save_png(new_figure(1, 1), tmp_path / "new folder" / "empty.png")
    data = (tmp_path / "new folder" / "empty.png").read_bytes()
    assert b"tEXt" not in data
    assert b"tIME" not in data


def test_the_users_own_matplotlib_settings_change_nothing_and_are_kept(tmp_path):
    def picture(name):
        with figure_style():
            figure = new_figure(2, 2)
            add_axes(figure, 0.5, 0.5, 1, 1).plot([0, 1], [0, 1])
            save_png(figure, tmp_path / name)
        return (tmp_path / name).read_bytes()

    plain = picture("plain.png")
    with matplotlib.rc_context({"font.size": 30, "lines.linewidth": 9, "savefig.dpi": 20}):
        assert picture("own.png") == plain
        assert matplotlib.rcParams["font.size"] == 30


def test_places_are_inches_from_the_top_left_corner():
    with figure_style():
        axes = add_axes(new_figure(10, 5), left=1, top=0.5, width=2, height=1)
    # 1/10 across; its bottom lies 1.5 of 5 inches from the top
    assert axes.get_position().bounds == pytest.approx((0.1, 0.7, 0.2, 0.2))
