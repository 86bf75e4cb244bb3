"""What a strategy's own file says of its points on the curve."""

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
