"""What is known of operations without running them: their sign, their gradient, whether they lose the grid.

Each layer of Keras has a sister among `keras.ops` that a graph may hold instead; these have no public class,
so they are known by the class name, which they often share (`Add`, `Reshape`).
"""

from typing import Any

import keras
from keras import activations
from keras import layers as kl

from evidrift.networks.target.graph import Step, consumers

NON_NEGATIVE = ("relu", "relu6", "sigmoid", "hard_sigmoid", "softplus", "softmax")
NON_NEGATIVE_OPS = ("Relu", "Relu6", "Sigmoid", "HardSigmoid", "Softplus", "Softmax")
# Activations that let negative values through; those that a layer ends in are known by their function.
SIGNED = ("LeakyReLU", "PReLU", "ELU", "LeakyRelu", "Elu", "Selu", "Silu", "HardSilu", "Gelu", "Tanh")
# Give what is non-negative where all they take is.
KEEP_SIGN = (
    "Add",
    "Concatenate",
    "Multiply",
    "MaxPooling2D",
    "AveragePooling2D",
    "ZeroPadding2D",
    "Dropout",
    "SpatialDropout2D",
    "Identity",
    "Reshape",
)
# A gradient that is the same at every place of the output is so at the inputs.
LINEAR_POINTWISE = (
    "Add",
    "Subtract",
    "BatchNormalization",
    "Concatenate",
    "ZeroPadding2D",
    "Dropout",
    "SpatialDropout2D",
    "Identity",
    "Rescaling",
    "Normalization",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
)
# Linear in what they take, so that zero means nothing in what they give.
LINEAR = (kl.Conv2D, kl.Conv2DTranspose, kl.DepthwiseConv2D, kl.SeparableConv2D, kl.Dense)
NORMALISING = (
    "BatchNormalization",
    "LayerNormalization",
    "GroupNormalization",
    "UnitNormalization",
    "RMSNormalization",
    "Normalization",
)
# As bare as what they take.
PASS_ON = (
    *KEEP_SIGN,
    "Subtract",
    "Divide",
    "TrueDivide",
    "Rescaling",
    "Resizing",
    "CenterCrop",
    "UpSampling2D",
)
POOL_SPACE = ("GlobalAveragePooling2D", "GlobalMaxPooling2D")
POOL_TOKENS = ("GlobalAveragePooling1D", "GlobalMaxPooling1D")
REDUCE = ("Mean", "Sum", "Max", "Amax")


def kind(step: Step) -> str:
    """The operation's class name, the same for most layers and their sisters in `keras.ops`."""
    return type(step.operation).__name__


def is_single_place(step: Step) -> bool:
    """Whether the output is a vector, (batch, channels) or (batch, 1, 1, channels)."""
    return step.output.shape[1:-1] in ((), (1, 1))


def rectified(steps: list[Step]) -> list[bool]:
    """Which steps' outputs are non-negative by construction."""
    known: list[bool] = []
    for step in steps:
        # with a constant beside its one input (x - 1), nothing is known
        inherits = kind(step) in KEEP_SIGN and all(known[at] for at in step.inputs)
        if kind(step) in ("Add", "Multiply") and len(step.inputs) < 2:
            inherits = False
        known.append(inherits or _is_non_negative(step))
    return known


def is_padding(step: Step) -> bool:
    """Whether a step only pads: its outer places lie outside the image."""
    return kind(step) == "ZeroPadding2D"


def is_signed_activation(step: Step) -> bool:
    """Whether a step ends in an activation whose values may be negative, such as swish or GELU."""
    function = activation(step)
    if function is None:
        return kind(step) in SIGNED or (isinstance(step.operation, kl.ReLU) and not _is_non_negative(step))
    return function is not activations.linear and not _is_non_negative(step)


def bare(steps: list[Step]) -> list[bool]:
    """Which steps' outputs are the image, or a convolution or normalisation that nothing has followed yet.

    Their zero is arbitrary, so their sign says nothing. A block's output (a sum over a skip connection) and
    an activation are no such thing.
    """
    known: list[bool] = []
    for step in steps:
        is_sum = kind(step) == "Add" and len(step.inputs) > 1
        before = [known[at] for at in step.inputs]
        inherits = (
            kind(step) in PASS_ON
            and not is_sum
            and (any(before) if kind(step) == "Multiply" else all(before))
        )
        is_linear = isinstance(step.operation, LINEAR) and activation(step) is activations.linear
        known.append(not step.inputs or is_linear or kind(step) in NORMALISING or inherits)
    return known


def activation(step: Step) -> Any:
    """The function that ends a layer, or None; recurrent and attention layers use theirs inside."""
    ends = (kl.Activation, *LINEAR)
    return step.operation.activation if isinstance(step.operation, ends) else None


def keeps_gradient_constant(step: Step, steps: list[Step]) -> bool:
    """Whether a gradient that is the same at every place of the output is so at the inputs too."""
    inputs = [steps[at] for at in step.inputs]
    operation = step.operation
    if all(map(is_single_place, inputs)):
        return True
    if isinstance(operation, kl.Conv2D | kl.DepthwiseConv2D):
        pointwise = operation.kernel_size == (1, 1) and operation.strides == (1, 1)
        return pointwise and activation(step) is activations.linear
    if isinstance(operation, kl.Activation | kl.Dense):
        return activation(step) is activations.linear
    if isinstance(operation, kl.AveragePooling2D):
        return _pools_evenly(step, inputs[0])
    if kind(step) == "AdaptiveAveragePooling2D":
        return is_single_place(step)
    if kind(step) == "Multiply":
        # by one number a channel, as the gate of squeeze-and-excitation gives
        return len(inputs) > 1 and sum(not is_single_place(of) for of in inputs) == 1
    if kind(step) == "Reshape":
        return step.output.shape[-1] == inputs[0].output.shape[-1]
    if kind(step) in ("Mean", "Sum"):
        return _reduces_axes(step, inputs[0])
    return kind(step) in LINEAR_POINTWISE


def loses_grid(position: int, steps: list[Step]) -> bool:
    """Whether a step takes a grid, (h, w, channels), to what has no places any more, at once or as tokens."""
    step = steps[position]
    if pools_grid(position, steps):
        return True
    if isinstance(step.operation, keras.Model) or any(is_single_place(steps[at]) for at in step.inputs):
        return False  # what happens inside a model that is no graph cannot be seen
    if is_single_place(step):
        return True
    after = [steps[at] for at in consumers(steps)[position]]
    return kind(step) == "Reshape" and bool(after) and all(_loses_tokens(then, step) for then in after)


def pools_grid(position: int, steps: list[Step]) -> bool:
    """Whether a step is a global pooling, whatever the size of its grid: a layer, or a mean over space."""
    step = steps[position]
    before = [steps[at] for at in step.inputs]
    if any(len(of.output.shape) != 4 for of in before):
        return False
    return kind(step) in POOL_SPACE or (kind(step) in REDUCE and _reduces_axes(step, before[0]))


def _is_non_negative(step: Step) -> bool:
    if isinstance(step.operation, kl.ReLU):
        return step.operation.negative_slope == 0
    name = getattr(activation(step), "__name__", "")
    return name in NON_NEGATIVE or kind(step) in NON_NEGATIVE_OPS


def _pools_evenly(step: Step, before: Step) -> bool:
    """Average pooling that uses each place once."""
    sides, pool = before.output.shape[1:3], tuple(step.operation.pool_size)
    tiles = all(side % window == 0 for side, window in zip(sides, pool, strict=True))
    return tiles and (tuple(step.operation.strides) == pool or is_single_place(step))


def _reduces_axes(step: Step, before: Step) -> bool:
    """Whether a reduction (mean, sum, maximum) runs over all places, and over nothing else."""
    rank = len(before.output.shape)
    axes = step.operation.axis
    return axes is not None and {axis % rank for axis in axes} == set(range(1, rank - 1))


def _loses_tokens(step: Step, before: Step) -> bool:
    if len(before.output.shape) != 3:
        return False
    return kind(step) in POOL_TOKENS or is_single_place(step)
