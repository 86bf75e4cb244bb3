"""A dial: the learning rate falls from the head to the first layer.

A layer's rate is the recipe's times decay^(12 d / D). Its depth d is the number of layers with a kernel
(convolutions, dense layers) that still follow on the longest way to the logits, those included; D is the
depth of the first. The head has d = 0 and keeps its rate; what has no kernel (batch normalisation, scales)
has the depth of the layer before it, whose output it treats.

So every network counts as twelve layers deep, however many convolutions it has: the values in use, 0.65 to
0.9, come from transformers of twelve blocks (BEiT, Bao et al. 2022, arXiv 2106.08254) and from ConvNeXt,
whose code divides its 12 to 36 blocks into twelve groups (Liu et al. 2022, arXiv 2201.03545). Counted one by
one, the 120 convolutions of densenet121 would leave its first layer a rate of 3e-6 even at 0.9.
"""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from evidrift.base.section import Section

if TYPE_CHECKING:
    import keras

    from evidrift.training.treatment import Setting, Treatment

DIAL = True
TRAINS = True

LAYERS = 12


class Params(Section):
    """How the rate falls with depth.

    Attributes:
        decay: factor from one twelfth of the network to the one before it; 1 leaves the rate as it is.
    """

    decay: Annotated[float, Field(ge=0.1, le=1)]


def treat(setting: "Setting", params: Params) -> "Treatment":
    """A factor for each variable, by the depth of its layer."""
    from evidrift.training.treatment import Treatment

    def rates(classifier: "keras.Model", variables: list["keras.Variable"]) -> list[float]:
        depths = depth_of_weights(classifier)
        deepest = max(*depths.values(), 1)
        return [params.decay ** (LAYERS * depths[id(variable)] / deepest) for variable in variables]

    return Treatment(rates=rates)


def depth_of_weights(classifier: "keras.Model") -> dict[int, int]:
    """By the id of each weight, how many layers with a kernel follow its own; the head's have 0."""
    from evidrift.networks.target.graph import consumers, trace

    steps = trace(classifier)
    following = consumers(steps)
    depths = [0] * len(steps)
    for position in reversed(range(len(steps) - 1)):
        depths[position] = max(
            depths[after] + _has_kernel(steps[after].operation) for after in following[position]
        )
    found: dict[int, int] = {}
    for step, depth in zip(steps, depths, strict=True):
        for weight in _weights(step.operation):
            found[id(weight)] = min(depth, found.get(id(weight), depth))
    return found


def _weights(operation: Any) -> list["keras.Variable"]:
    return getattr(operation, "weights", [])


def _has_kernel(operation: Any) -> bool:
    return any(len(weight.shape) > 1 for weight in _weights(operation))
