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
        head_gradient: the penalty depends on the weights of the head.
        least_at_tl: tl itself has the penalty 0.
    """

    strategy: str
    params: dict[str, Any]
    head_gradient: bool = True
    least_at_tl: bool = True


EXAMPLES = [
    Example("l2_sp", {"alpha": 0.1, "selective": False}),
    Example("focal", {"base": 1.0, "focus": 5.0, "temperature": 100.0}),
    Example("focal", {"base": 0.5, "focus": 0.0, "temperature": 2.0}),
]
