"""ConvNeXt-Tiny: Liu et al. 2022, https://arxiv.org/abs/2201.03545, from keras.applications.

Nothing in it is rectified (GELU, layer normalisation).
"""

from typing import TYPE_CHECKING, Any

from evidrift.networks.preprocessing import standardised

if TYPE_CHECKING:
    import keras

MIN_SIZE = 32
IMAGENET: dict = {}
preprocess = standardised


def build(size: int, weights: str | None) -> "keras.Model":
    """The trunk up to `layer_normalization`, (size / 32, size / 32, 768).

    Keras's network without its top normalises the channels of each place and not, as in the paper, those of
    the pooled features. Its own preprocessing, a layer without weights, is left to `preprocess`.

    Args:
        size: side of the input, px.
        weights: "imagenet", or None for random ones.
    """
    import keras

    nested = keras.applications.ConvNeXtTiny(
        include_top=False, include_preprocessing=False, weights=weights, input_shape=(size, size, 3)
    )
    inputs = keras.Input((size, size, 3))
    return keras.models.clone_model(nested, inputs, clone_function=lambda layer: layer, call_function=_flat)


def _flat(layer: Any, *args: Any, **kwargs: Any) -> Any:
    """Call a layer: one made of layers layer by layer, and a bare addition as a layer with a name."""
    import keras

    if isinstance(layer, keras.Sequential):
        (x,) = args
        for part in layer.layers:
            x = part(x)
        return x
    if isinstance(layer, keras.layers.Conv2D) and layer.groups > 1:
        return _depthwise(layer, *args)
    if isinstance(layer, keras.layers.Layer):
        return layer(*args, **kwargs)
    shortcut, branch = args
    name = branch._keras_history.operation.name.removesuffix("_identity")
    return keras.layers.Add(name=f"{name}_add")([shortcut, branch])


def _depthwise(grouped: Any, x: Any) -> Any:
    """Call a convolution of one channel a group as what it is.

    TensorFlow has no kernel for groups on a CPU: Keras compiles them with XLA, at a tenth of the speed.
    """
    import keras

    depthwise = keras.layers.DepthwiseConv2D(grouped.kernel_size, padding=grouped.padding, name=grouped.name)
    y = depthwise(x)
    kernel, bias = grouped.get_weights()
    depthwise.set_weights([kernel.swapaxes(2, 3), bias])
    return y
