"""The picture of the claims."""

import pytest
from matplotlib.text import Text

from evidrift.claims.claim import Claim
from evidrift.report.figures import verdict as module
from evidrift.report.figures.verdict import Limits, verdict_figure

NUMBERS = {"estimate": 0.3, "low": 0.1, "high": 9.0, "verdict": "supported"}


def claim(kind: str, family: str = "exploratory", estimand: str = "recipe", **changes) -> Claim:
    other, against = ("b", "grad_cam") if kind == "reversal" else ("b" * (kind == "difference"), "")
    return Claim(kind, family, estimand, "a", other, "layer_cam", against, "t", 3, **NUMBERS | changes)


@pytest.fixture
def draw(monkeypatch, tmp_path):
    """The figure instead of its file."""

    def figure_of(*claims, signs=None):
        kept = []
        monkeypatch.setattr(module.style, "save_png", lambda figure, path: kept.append(figure))
        verdict_figure(claims, ["a", "b"], Limits(0.05, 0.4), signs or {}, ["phantoms"], tmp_path / "no.png")
        return kept[0]

    return figure_of


def titles(figure) -> list[str]:
    return [text.get_text() for text in figure.texts]


EVERY = [claim(kind) for kind in ("difference", "preserved", "moved")]


def test_the_primary_question_stands_first_and_all_else_is_called_exploratory(draw):
    figure = draw(*EVERY, claim("reversal"), claim("reversal", "primary"))
    found = [title for title in titles(figure) if title.startswith(("The", "Expl", "Mov", "Pres", "Diff"))]
    starts = ["The question", "Exploratory", "Moved", "Preserved", "Difference"]
    assert [title[: len(start)] for title, start in zip(found, starts, strict=True)] == starts
    assert len(figure.axes) == 4  # other reversals are not drawn
    assert any("phantoms" in title for title in titles(figure))


def test_grey_reaches_over_what_does_not_matter_and_to_where_evidence_is_preserved(draw):
    shades = [axes.patches[0] for axes in draw(*EVERY).axes]
    assert [shade.get_x() for shade in shades] == [-1, -1, -0.05]
    assert [shade.get_x() + shade.get_width() for shade in shades] == pytest.approx([0.05, 0.4, 0.05])


def test_a_claim_has_its_interval_cut_at_the_axis_its_verdict_and_its_sign(draw):
    (axes,) = draw(
        claim("moved"), claim("moved", estimand="these checkpoints"), signs={("a", "layer_cam"): "‡"}
    ).axes
    (line,) = axes.collections
    assert line.get_segments()[0][:, 0].tolist() == [0.1, 1]
    shown = [text.get_text() for text in axes.findobj(Text)]
    assert "supported" in shown and "a ‡" in shown


def test_without_a_primary_claim_the_question_is_not_drawn(draw):
    assert not any(title.startswith("The question") for title in titles(draw(*EVERY)))
