"""By which strategy each architecture was fine-tuned, in words."""

from collections.abc import Mapping
from typing import Any

PLAIN = "plain"


def strategies_of(training: Mapping[tuple[str, int, str], Mapping[str, Any]]) -> dict[str, str]:
    """By architecture, such as `plain` or `maps (gamma 1.0, layer last)`; none where nobody recorded it.

    Args:
        training: the metrics of each training, see `compare.study`. All seeds of an architecture have one
            strategy.
    """
    return {
        arch: _worded(metrics["strategy"])
        for (arch, _, checkpoint), metrics in training.items()
        if checkpoint == "ft" and "strategy" in metrics
    }


def _worded(strategy: Mapping[str, Any]) -> str:
    parameters = ", ".join(f"{name} {value}" for name, value in strategy["parameters"].items())
    return f"{strategy['name']} ({parameters})" if parameters else str(strategy["name"])
