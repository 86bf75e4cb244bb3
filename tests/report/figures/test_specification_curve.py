"""The specification curve shows every choice, sorted, and which it was."""

import numpy as np
import pytest

from evidrift.base.schema import framed
from evidrift.compare.findings.choices import OPPOSITE, SAME, SAME_OPEN
from evidrift.compare.findings.multiverse import MULTIVERSE
from evidrift.report.figures import specification_curve as drawn

CHOICES = (
    # layer, measure, cohort, lead, says
    ("penultimate", "moved_share", "all", 0.1, SAME),
    ("penultimate", "displacement", "all", 0.02, SAME_OPEN),
    ("last", "moved_share", "all", -0.2, OPPOSITE),
)


def table(other="b", method="layer_cam"):
    about = {
        "kind": "difference",
        "arch": "a",
        "other": other,
        "method": method,
        "against": "",
        "stable": other,
    }
    return [
        about
        | {"layer": layer, "measure": measure, "cohort": cohort, "own": at == 0, "lead": lead, "says": says}
        | {"low": lead - 0.05, "high": lead + 0.05, "drift": 0.4, "n_images": 9, "n_patients": 9}
        for at, (layer, measure, cohort, lead, says) in enumerate(CHOICES)
    ]


@pytest.fixture
def draw(monkeypatch, tmp_path):
    """The figure instead of its file."""

    def figure_of(rows):
        kept = []
        monkeypatch.setattr(drawn.style, "save_png", lambda figure, path: kept.append(figure))
        drawn.specification_curve(framed(rows, MULTIVERSE), tmp_path / "unused.png")
        return kept[0]

    return figure_of


def points(axes):
    return [(line.get_xdata()[0], line.get_ydata()[0]) for line in axes.lines if line.get_marker() == "o"]


def test_a_panel_a_claim_has_its_choices_sorted_by_their_share_of_the_mean_drift(draw):
    figure = draw(table() + table("c"))
    curve, matrix, *others = figure.axes
    assert len(others) == 2
    assert [y for _, y in points(curve)] == pytest.approx([-0.5, 0.05, 0.25])
    names = [label.get_text() for label in matrix.get_yticklabels()]
    assert names == ["layer penultimate", "layer last", "moved share", "displacement", "common to all"]
    # the choice with the lowest lead is the one at `last`
    at = {round(np.mean(line.get_ydata())): line.get_xdata()[0] for line in matrix.lines[:3]}
    assert at[names.index("layer last")] == 0
    words = " ".join(text.get_text() for text in figure.texts)
    assert "2 of 3 choices agree, 1 shows the opposite" in words
    assert "b more stable" in [text.get_text() for text in curve.texts]


def test_the_same_choices_have_the_same_bytes(tmp_path):
    for name in ("one.png", "other.png"):
        drawn.specification_curve(framed(table(), MULTIVERSE), tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "other.png").read_bytes()
