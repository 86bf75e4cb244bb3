"""The picture of the training curves."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from evidrift.report.figures import curves
from evidrift.report.figures.curves import training_curves
from evidrift.report.words.names import safe_text


def history(losses, accuracy=0.5):
    n = len(losses)
    return pd.DataFrame(
        {
            "epoch": np.arange(1, n + 1),
            "train_loss": losses,
            "train_accuracy": [accuracy] * n,
            "validation_loss": [2 * loss for loss in losses],
            "validation_accuracy": np.linspace(0.2, 0.9, n),
            "learning_rate": [0.1] * n,
        }
    )


def run(tl_epochs=4, ft_epochs=2):
    return {"tl": history([1.0] * tl_epochs), "ft": history([0.5] * ft_epochs)}


@pytest.fixture
def draw(monkeypatch, tmp_path):
    """The figure instead of its file."""

    def figure_of(histories, chosen):
        kept = []
        monkeypatch.setattr(curves.style, "save_png", lambda figure, path: kept.append(figure))
        training_curves(histories, chosen, tmp_path / "unused.png")
        return kept[0]

    return figure_of


def solid(axes):
    return [line for line in axes.lines if line.get_linewidth() == 1.7]


def test_each_architecture_has_a_column_of_loss_and_accuracy(draw):
    histories = {("a", 1): run(), ("a", 2): run(), ("b", 1): run(), ("b", 2): run()}
    figure = draw(histories, {})
    assert len(figure.axes) == 4
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["a", "", "b", ""]
    # two seeds, two stages
    assert [len(solid(axes)) for axes in figure.axes] == [4, 4, 4, 4]


def test_fine_tuning_follows_the_longest_transfer_learning_on_one_axis(draw):
    figure = draw({("a", 1): run(tl_epochs=4), ("a", 2): run(tl_epochs=6)}, {})
    first_tl, first_ft, second_tl, second_ft = (line.get_xdata().tolist() for line in solid(figure.axes[0]))
    assert (first_tl, second_tl) == ([1, 2, 3, 4], [1, 2, 3, 4, 5, 6])
    assert first_ft == second_ft == [7, 8]
    switches = [line for line in figure.axes[0].lines if list(line.get_xdata()) == [6.5, 6.5]]
    assert len(switches) == 1


def test_the_kept_epoch_is_marked_on_the_validation_curve(draw):
    figure = draw({("a", 1): run(tl_epochs=4, ft_epochs=2)}, {("a", 1): {"tl": 3, "ft": 1}})
    loss = figure.axes[0]
    marks = [line.get_xydata().tolist() for line in loss.lines if line.get_marker() == "o"]
    assert marks == [[[3, 2.0]], [[5, 1.0]]]


def test_architectures_share_the_loss_axis_up_to_the_highest_finite_loss(draw):
    high = {"tl": history([5.0, float("inf")]), "ft": history([float("nan")])}
    figure = draw({("a", 1): run(), ("b", 1): high}, {})
    # the validation loss is twice the training loss: 10, and 5 % above it
    assert figure.axes[0].get_ylim() == figure.axes[2].get_ylim() == (0, pytest.approx(10.5))


def test_a_stage_of_one_epoch_is_a_dot(draw):
    figure = draw({("a", 1): run(tl_epochs=1, ft_epochs=2)}, {})
    assert [line.get_marker() for line in solid(figure.axes[0])] == [".", ""]


def test_the_same_histories_give_the_same_bytes(tmp_path):
    for name in ("one.png", "two.png"):
        training_curves({("a", 1): run()}, {("a", 1): {"tl": 4, "ft": 2}}, tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


@pytest.mark.parametrize("name", ["$\\frac{", "$\\frac{$", "<script>", "a\nb", "x" * 500])
def test_a_name_from_outside_is_shown_as_it_is(name, draw, tmp_path):
    training_curves({(name, 1): run()}, {}, tmp_path / "named.png")
    assert (tmp_path / "named.png").stat().st_size > 0
    texts = draw({(name, 1): run()}, {}).findobj(Text)
    shown = [text for text in texts if safe_text(name, 32) in text.get_text()]
    assert shown
    assert not any(text.get_parse_math() for text in shown)
    assert all(len(text.get_text()) <= 60 for text in texts)
