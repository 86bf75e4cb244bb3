"""What a strategy's own file says of its points on the curve."""

from types import SimpleNamespace

import pytest
from pydantic import create_model

from evidrift.tradeoff.points import PLAIN, TL, Point
from evidrift.training.strategy import names

POINTS = [TL, PLAIN, *(Point(name, "low") for name in names() if name != "plain")]


def of(kind: str) -> set[str]:
    return {point.strategy for point in POINTS if getattr(point, kind)}


def test_a_dial_with_numbers_has_settings_between_those_tried_and_a_switch_has_none():
    assert {point.strategy for point in POINTS if point.role == "dial"} == {"batchnorm", "decay", "rate"}
    assert of("graded") == {"decay", "rate"}


def test_a_strategy_that_is_told_a_layer_holds_maps():
    assert of("holds_maps") == {"features", "maps"}


@pytest.mark.parametrize(
    ("parameters", "graded"),
    [({"steps": int}, True), ({"share": float, "mode": str}, True), ({"mode": str}, False), ({}, False)],
)
def test_a_dial_of_ones_own_is_graded_by_a_number_among_its_parameters(parameters, graded, monkeypatch):
    fields = {name: (kind, ...) for name, kind in parameters.items()}
    own = SimpleNamespace(DIAL=True, Params=create_model("Params", **fields))
    monkeypatch.setattr("evidrift.tradeoff.points.find_strategy", lambda name: own)
    assert Point("own", "low").graded == graded
