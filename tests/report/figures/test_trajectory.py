"""The picture of drift along fine-tuning."""

import numpy as np
import pytest

from evidrift.report.figures import trajectory as drawn
from evidrift.report.words.names import safe_text
from tests.trajectory.courses import course

MOVED = [[0, 0.4, 0.5, 0.5], [0, 0.2, 0.5, 0.7]]


def one(arch="net", method="layer_cam", tl=0.80, chosen=3, **given):
    return course(MOVED, tl, [0.60, 0.81, 0.82], chosen, arch=arch, method=method, **given)


@pytest.fixture
def draw(monkeypatch, tmp_path):
    """The figure instead of its file."""

    def figure_of(courses):
        kept = []
        monkeypatch.setattr(drawn.style, "save_png", lambda figure, path: kept.append(figure))
        drawn.trajectory_figure(courses, tmp_path / "unused.png")
        return kept[0]

    return figure_of


def curves(axes):
    """Curves with a point an epoch, without lines across the axes."""
    return [line for line in axes.lines if len(line.get_xdata()) == 4]


def marks(axes):
    """Epochs of the vertical lines."""
    lines = [line for line in axes.lines if len(line.get_xdata()) == 2]
    return sorted(line.get_xdata()[0] for line in lines if line.get_xdata()[0] == line.get_xdata()[1])


def test_each_architecture_has_a_column_of_drift_and_c_score_by_method_and_of_accuracy(draw):
    figure = draw([one("a"), one("a", "hires_cam"), one("b")])
    drift, accuracy, alike, other, _, _ = figure.axes
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["a", "", "", "b", "", ""]
    # a curve and its scale, or what chance gives, a method
    assert [len(curves(axes)) for axes in (drift, other, accuracy, alike)] == [4, 2, 1, 4]
    np.testing.assert_allclose(curves(drift)[0].get_ydata(), [0, 0.3, 0.5, 0.6], atol=1e-6)
    np.testing.assert_allclose(curves(drift)[1].get_ydata(), 0.6, atol=1e-6)
    assert curves(accuracy)[0].get_ydata().tolist() == [0.80, 0.60, 0.81, 0.82]
    assert drift.get_xlim() == accuracy.get_xlim() == alike.get_xlim()
    labels = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    assert {"LayerCAM", "HiResCAM"} <= set(labels)


def test_the_c_score_is_drawn_with_what_chance_gives(draw):
    patients = course([*MOVED, MOVED[0]], 0.8, [0.60, 0.81, 0.82], 3)
    own, chance = curves(draw([patients]).axes[2])
    np.testing.assert_allclose(own.get_ydata(), 0.4, rtol=1e-6)
    np.testing.assert_allclose(chance.get_ydata(), 0.1, rtol=1e-6)


def test_matched_settled_and_kept_epochs_are_marked_in_every_picture(draw):
    for axes in draw([one()]).axes:
        assert marks(axes) == [2, 2, 3]  # matched, settled, chosen


def test_without_a_matching_epoch_there_is_no_mark_of_one(draw):
    for axes in draw([one(tl=0.95)]).axes:
        assert marks(axes) == [2, 3]


def test_seeds_are_told_apart_in_the_titles(draw):
    figure = draw([one(), one(seed=2)])
    assert [axes.get_title(loc="left") for axes in figure.axes[::3]] == ["net, seed 1", "net, seed 2"]


def test_names_are_cut_and_harmless(draw):
    name = "very_long_name_" * 5 + "$x$"
    assert draw([one(name)]).axes[0].get_title(loc="left") == safe_text(name, 32)


def test_the_same_courses_give_the_same_bytes_even_where_there_is_no_drift_to_draw(tmp_path):
    courses = [one(), course([[0, np.nan, 0.6, 0.6]], 0.5, [0.5, 0.6, 0.6], 2, arch="nobody")]
    for name in ("a.png", "b.png"):
        drawn.trajectory_figure(courses, tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
