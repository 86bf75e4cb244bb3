"""The picture of drift by attribution method."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from evidrift.report.figures import ranking as module
from evidrift.report.figures.ranking import ranking_figure
from evidrift.report.words.names import safe_text

COLUMNS = ["arch", "method", "layer", "measure", "mean", "sd", "shared", "floor_ft", "scale"]
NO_REVERSAL = "no reversal can be called"


def table(*rows):
    return pd.DataFrame(rows, columns=COLUMNS)


TWO = table(
    ("a", "grad_cam", "penultimate", "moved_share", 0.5, 0.02, 0.3, 0.2, 0.7),
    ("a", "layer_cam", "penultimate", "moved_share", 0.6, 0.03, -0.1, 0.3, 0.8),
    ("b", "grad_cam", "penultimate", "moved_share", 0.4, 0.01, 0.5, 0.1, 0.6),
    ("b", "layer_cam", "penultimate", "moved_share", 0.7, 0.04, 0.2, 0.2, 0.9),
    ("a", "grad_cam", "penultimate", "displacement", 0.99, 0.0, 0.98, 0.98, 0.97),
)


@pytest.fixture
def draw(monkeypatch, tmp_path):
    """The figure instead of its file."""

    def figure_of(rows, degenerate=(), n_patients=98, signs=None):
        kept = []
        monkeypatch.setattr(module.style, "save_png", lambda figure, path: kept.append(figure))
        ranking_figure(rows, dict(degenerate), 132, n_patients, 0.2, signs or {}, tmp_path / "unused.png")
        return kept[0]

    return figure_of


def words(figure):
    return [text.get_text() for text in figure.findobj(Text)]


def points(axes):
    """Means by architecture: the lines that are markers with a white edge."""
    return [line.get_ydata().tolist() for line in axes.lines if line.get_markeredgecolor() == "white"]


def test_one_axes_a_layer_with_every_mean_of_the_moved_share_alone(draw):
    last = TWO.assign(layer="last", mean=TWO["mean"] / 2)
    figure = draw(pd.concat([TWO, last]))
    assert len(figure.axes) == 2
    assert points(figure.axes[0]) == [[0.5, 0.6], [0.4, 0.7]]
    assert points(figure.axes[1]) == [[0.25, 0.3], [0.2, 0.35]]


def test_the_shared_part_of_the_drift_is_filled_and_lies_between_none_and_all_of_it(draw):
    axes = draw(TWO).axes[0]
    shared, erratic = ([bar for bar in axes.patches if bar.get_alpha() == alpha] for alpha in (0.6, 0.2))
    assert [bar.get_height() for bar in shared] == pytest.approx([0.3, 0, 0.4, 0.2])
    assert [bar.get_y() + bar.get_height() for bar in erratic] == pytest.approx([0.5, 0.6, 0.4, 0.7])


def test_ticks_stand_at_seed_floor_and_scale_and_the_bar_is_one_sd_each_way(draw):
    axes = draw(TWO).axes[0]
    floors, scales = ([each[0, 1] for each in lines.get_segments()] for lines in axes.collections[:2])
    assert (floors, scales) == ([0.2, 0.3], [0.7, 0.8])
    (bars,) = (segments for segments in axes.containers[2].lines[2])
    assert bars.get_segments()[0][:, 1] == pytest.approx([0.48, 0.52])


def test_architectures_keep_their_order_inside_every_methods_slot(draw):
    axes = draw(TWO).axes[0]
    a, b = (line.get_xdata() for line in axes.lines if line.get_markeredgecolor() == "white")
    assert all(a < b)
    assert np.round([*a, *b]).tolist() == [0, 1, 0, 1]


def test_one_seed_has_a_point_and_the_scale_but_no_floor_no_shared_part_and_no_error_bar(draw):
    alone = TWO[TWO["arch"] == "a"].assign(sd=np.nan, floor_ft=np.nan, shared=np.nan)
    axes = draw(alone).axes[0]
    assert points(axes) == [[0.5, 0.6]]
    assert [bar.get_height() for bar in axes.patches] == pytest.approx([0, 0, 0.5, 0.6])
    floors, scales = axes.collections[:2]
    assert [segment for segment in floors.get_segments() if segment.size] == []
    assert [segment[0, 1] for segment in scales.get_segments()] == [0.7, 0.8]
    (bars,) = axes.containers[2].lines[2]
    assert [segment for segment in bars.get_segments() if segment.size] == []


def test_degenerate_methods_stand_side_by_side_under_one_bracket(draw):
    rows = table(
        *(
            ("a", method, "last", "moved_share", 0.5, 0.1, 0.3, 0.2, 0.7)
            for method in ("grad_cam", "layer_cam", "hires_cam")
        )
    )
    figure = draw(rows, {"last": [["hires_cam", "grad_cam"]]})
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert labels == ["Grad-CAM", "HiResCAM", "LayerCAM"]
    assert words(figure).count(NO_REVERSAL) == 1
    assert any("up to weights of its channels" in text for text in words(figure))


def test_groups_that_share_a_method_get_brackets_at_two_heights(draw):
    rows = table(
        *(
            ("a", method, "last", "moved_share", 0.5, 0.1, 0.3, 0.2, 0.7)
            for method in ("m", "n", "o", "p", "q")
        )
    )
    figure = draw(rows, {"last": [["m", "n"], ["n", "o"], ["p", "q"], ["q"], ["absent", "m"]]})
    heights = [note.xy[1] for note in figure.axes[0].texts if note.get_text() == NO_REVERSAL]
    assert len(heights) == 3
    assert heights[0] == heights[2] < heights[1]


def test_without_degenerate_methods_nothing_is_said_of_them(draw):
    figure = draw(TWO)
    assert NO_REVERSAL not in words(figure)
    assert not any("grey" in text for text in words(figure))


def test_the_picture_names_the_common_cohort(draw):
    assert any("132 images (98 patients)" in text for text in words(draw(TWO)))
    assert any("132 images (patients unknown)" in text for text in words(draw(TWO, n_patients=None)))


def test_an_empty_cohort_is_said_and_not_drawn(draw):
    figure = draw(TWO.assign(**dict.fromkeys(COLUMNS[4:], np.nan)))
    assert "nothing to show: the common cohort is empty" in words(figure)


def test_the_same_table_gives_the_same_bytes(tmp_path):
    for name in ("one.png", "two.png"):
        ranking_figure(TWO, {"penultimate": [["grad_cam", "layer_cam"]]}, 132, 98, 0.2, {}, tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


@pytest.mark.parametrize("name", ["$\\frac{$", "a\nb", "x" * 500])
def test_names_from_outside_are_shown_as_they_are(name, draw, tmp_path):
    rows = TWO.assign(arch=name, method=name, layer=name).head(1)
    ranking_figure(rows, {}, 132, 98, 0.2, {}, tmp_path / "named.png")
    texts = draw(rows).findobj(Text)
    shown = [text for text in texts if safe_text(name, 32) in text.get_text()]
    assert shown
    assert not any(text.get_parse_math() for text in shown)
    assert all(len(text.get_text()) < 120 for text in texts)


def test_a_method_that_a_check_speaks_against_carries_its_sign_and_the_legend_says_what_it_means(draw):
    figure = draw(TWO, signs={("penultimate", "layer_cam"): "‡", ("penultimate", "grad_cam"): ""})
    words = [text.get_text() for text in figure.findobj(Text)]
    assert "LayerCAM ‡" in words and "Grad-CAM" in words
    assert any(word.startswith("‡ part of its maps survives") for word in words)
    assert not any("‡" in text.get_text() for text in draw(TWO).findobj(Text))
