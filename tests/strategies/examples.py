"""One set of parameters for every strategy with a penalty: `tests/strategies/test_penalties.py` checks them
all.

A new strategy with a penalty is checked by registering here; without an example the tests fail.
"""

from typing import Any, NamedTuple


class Example(NamedTuple):
    """Parameters of a strategy, and what its penalty does by design.

    Attributes:
        strategy: its name.
        params: of its `Params`.
        unfelt: trained weights that the penalty does not depend on, by their paths.
        least_at_tl: tl itself has the penalty 0.
    """

    strategy: str
    params: dict[str, Any]
    unfelt: tuple[str, ...] = ()
    least_at_tl: bool = True


# a penalty on features ends at its layer; the gradient of a piecewise linear network knows no bias behind it
HEAD = ("logits/kernel", "logits/bias")
EXAMPLES = [
    Example("l2_sp", {"alpha": 0.1, "selective": False}),
    Example("focal", {"base": 1.0, "focus": 5.0, "temperature": 100.0}),
    Example("focal", {"base": 0.5, "focus": 0.0, "temperature": 2.0}),
    Example("features", {"beta": 1.0, "layer": "penultimate"}, unfelt=("top/kernel", "top/bias", *HEAD)),
    Example("features", {"beta": 2.0, "layer": "last"}, unfelt=HEAD),
    Example("maps", {"gamma": 1.0, "layer": "penultimate", "every": 4}, unfelt=("top/bias", "logits/bias")),
    Example("maps", {"gamma": 2.0, "layer": "last", "every": 1}, unfelt=("logits/bias",)),
]
