"""The figures of docs/drift_and_reversals.md show the drift that they are drawn from."""

import pytest

from evidrift.base.json import write_sealed
from tools.floors_figure import apart, floors, main, reversal


def drift(mean: float, shared: float, floors: tuple[float, float], scale: float) -> dict[str, float]:
    bounds = {"low": mean - 0.1, "high": mean + 0.1, "over_scale_low": 0.1, "over_scale_high": 0.9}
    marks = {"floor_tl": floors[0], "floor_ft": floors[1], "scale": scale, "over_scale": mean / scale}
    return {"mean": mean, "shared": shared, **bounds, **marks}


ONE, OTHER = drift(0.3, 0.2, (0.02, 0.2), 0.6), drift(0.4, -0.01, (0.05, 0.5), 0.5)


def lines(axes):
    return [(list(map(float, line.get_xdata())), line) for line in axes.get_lines()]


def dots(axes):
    return [(x[0], float(line.get_ydata()[0])) for x, line in lines(axes) if line.get_marker() == "o"]


def test_drift_stands_as_a_share_moved_and_as_a_share_of_the_scale():
    left, right = floors({"one": ONE, "other": OTHER}, "layer_cam").axes
    assert dots(left) == [(0.3, 1.0), (0.4, 0.0)]
    assert dots(right) == [(pytest.approx(0.5), 1.0), (pytest.approx(0.8), 0.0)]


def test_the_bar_has_the_shared_part_the_floors_and_the_scale_and_a_negative_part_is_none():
    left, _ = floors({"one": ONE, "other": OTHER}, "layer_cam").axes
    ends = [x for x, line in lines(left) if line.get_marker() == "None"]
    for expected in ([0, 0.3], [0, 0.2], [0.02, 0.02], [0.2, 0.2], [0.6, 0.6], [0, 0.4], [0, 0]):
        assert expected in ends


def test_lines_cross_where_the_order_turns_round():
    figure = reversal(
        {"one": ONE, "other": OTHER}, {"one": OTHER, "other": ONE}, ("layer_cam", "grad_cam_pp")
    )
    ends = [list(line.get_ydata()) for x, line in lines(figure.axes[0]) if line.get_marker() == "o"]
    assert ends == [[0.3, 0.4], [0.4, 0.3]]


def test_names_of_equal_drifts_stand_apart_in_the_order_of_their_drifts():
    assert apart({"a": 0.5, "b": 0.1}, 0.1) == {"b": 0.1, "a": 0.5}
    found = apart({"c": 0.22, "a": 0.2, "b": 0.21}, 0.1)
    assert list(found) == ["a", "b", "c"]
    assert list(found.values()) == pytest.approx([0.2, 0.3, 0.4])


def test_the_same_summary_has_the_same_bytes(tmp_path, monkeypatch):
    methods = {"layer_cam": (ONE, OTHER), "grad_cam_pp": (OTHER, ONE)}
    summary = {
        arch: {name: {"penultimate": {"moved_share": both[at]}} for name, both in methods.items()}
        for at, arch in enumerate(("one", "other"))
    }
    metrics = tmp_path / "compare.json"
    write_sealed(metrics, {"drift": summary})
    for folder in ("first", "second"):
        monkeypatch.setattr("sys.argv", ["floors_figure", str(metrics), str(tmp_path / folder)])
        main()
    for name in ("floors.png", "reversal.png"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()
