"""The figures of docs/drift_and_reversals.md show the claims that they are drawn from."""

import json

import pytest

from tools.floors_figure import floors, main, reversal


def claim(drift: float, floor: float, chance: float) -> dict[str, float]:
    share = (drift - floor) / (chance - floor)
    return {
        "drift": drift,
        "floor": floor,
        "chance": chance,
        "estimate": share,
        "low": share - 0.1,
        "high": share + 0.1,
    }


# one has the smaller drift and the larger share of the way, as its floor is the lower one
ONE, OTHER = claim(0.5, 0.2, 0.6), claim(0.6, 0.5, 0.9)


def dots(figure):
    return [
        (float(line.get_xdata()[0]), float(line.get_ydata()[0]))
        for axes in figure.axes
        for line in axes.get_lines()
        if line.get_marker() == "o"
    ]


def test_drift_is_shown_bare_and_as_the_share_of_the_way():
    figure = floors({"one": ONE, "other": OTHER}, "layer_cam")
    assert [place for place, _ in dots(figure)] == pytest.approx([0.5, 0.6, 0.75, 0.25])


def test_lines_cross_where_the_order_turns_round():
    figure = reversal(
        {"one": ONE, "other": OTHER}, {"one": OTHER, "other": ONE}, ("layer_cam", "grad_cam_pp")
    )
    lines = [line.get_ydata() for line in figure.axes[0].get_lines() if line.get_marker() == "o"]
    assert [list(line) for line in lines] == [pytest.approx([0.75, 0.25]), pytest.approx([0.25, 0.75])]


def test_the_same_claims_have_the_same_bytes(tmp_path, monkeypatch):
    recipe = {"layer_cam": {"one": ONE, "other": OTHER}, "grad_cam_pp": {"one": OTHER, "other": ONE}}
    metrics = tmp_path / "compare.json"
    metrics.write_text(json.dumps({"claims": {"moved": {"recipe": recipe}}}))
    for folder in ("first", "second"):
        monkeypatch.setattr("sys.argv", ["floors_figure", str(metrics), str(tmp_path / folder)])
        main()
    for name in ("floors.png", "reversal.png"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()
