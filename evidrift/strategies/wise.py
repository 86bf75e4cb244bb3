"""WiSE-FT: weights between those of tl and of plain fine-tuning (Wortsman et al. 2022, arXiv 2109.01903).

w = (1 - share) w_tl + share w_ft, head and all: one fine-tuning gives every share, and no training more.

Where fine-tuning updated the statistics of batch normalisation, mixing them describes neither network, so
they are estimated anew, as for averaged weights (SWA, Izmailov et al. 2018, arXiv 1803.05407): one pass over
the training images, without augmentation or dropout, in batches of one fixed random order, in which every
layer normalises by its batch. What stays is the mean and the variance of all that came into the layer: the
batches' variances by their numbers of images, and the variance of their means. (SWA's code leaves the second
out.) The paper's networks have none of these statistics. At share 0 and 1 the statistics, too, are those of
tl and of fine-tuning, untouched.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field

from evidrift.base.section import Section

if TYPE_CHECKING:
    import keras

DIAL = False
TRAINS = False


class Params(Section):
    """The mix.

    Attributes:
        share: of the fine-tuned weights: 0 is tl, 1 plain fine-tuning.
    """

    share: Annotated[float, Field(ge=0, le=1)]


def blend(
    classifier: "keras.Model",
    start: list[np.ndarray],
    end: list[np.ndarray],
    params: Params,
    updated: bool,
    inputs: Iterable[np.ndarray],
) -> None:
    """Set the classifier's weights between those of two checkpoints.

    Args:
        classifier: to change.
        start: weights of tl, as `get_weights` gives them.
        end: weights after plain fine-tuning.
        params: the share of these.
        updated: fine-tuning updated the statistics of batch normalisation.
        inputs: the network's inputs of all training images, in batches that mix the classes, (b, H, W, 3)
            float32.
    """
    share = params.share
    mixed = [(1 - share) * before + share * after for before, after in zip(start, end, strict=True)]
    classifier.set_weights(mixed)
    if updated and 0 < share < 1:
        estimate_statistics(classifier, inputs)


def estimate_statistics(classifier: "keras.Model", inputs: Iterable[np.ndarray]) -> None:
    """Set every moving mean and variance to those of all that comes into its layer in one pass.

    Exact for what a layer is given; layers behind the first are given what was normalised batch by batch.
    """
    import keras

    from evidrift.networks.classifier import batch_normalisations

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        by_batch = isinstance(layer, keras.layers.BatchNormalization)
        return layer(*args, **({**kwargs, "training": True} if by_batch else kwargs))

    copy = keras.models.clone_model(classifier, call_function=call)
    copy.set_weights(classifier.get_weights())
    layers = batch_normalisations(copy)
    for layer in layers:
        layer.trainable, layer.momentum = True, 0.0  # the moving statistics become the last batch's
    sizes, moments = [], []
    for batch in inputs:
        copy(batch)  # by the graph: batch normalisation trains, nothing else does
        sizes.append(len(batch))
        moments.append([(layer.moving_mean.numpy(), layer.moving_variance.numpy()) for layer in layers])
    for layer, of_batches in zip(batch_normalisations(classifier), zip(*moments, strict=True), strict=True):
        means, variances = np.swapaxes(np.array(of_batches, np.float64), 0, 1)  # each (batches, channels)
        mean = np.average(means, axis=0, weights=sizes)
        layer.moving_mean.assign(mean)
        layer.moving_variance.assign(np.average(variances + (means - mean) ** 2, axis=0, weights=sizes))
