"""WiSE-FT: weights between those of tl and of plain fine-tuning (Wortsman et al. 2022, arXiv 2109.01903).

w = (1 - share) w_tl + share w_ft, head and all: one fine-tuning gives every share, and no training more.

Where fine-tuning updated the statistics of batch normalisation, mixing them describes neither network, so
they are estimated anew, as for averaged weights (SWA, Izmailov et al. 2018, arXiv 1803.05407): one pass over
the training images, without augmentation or dropout, in which every layer normalises by its batch; what
stays are the means of the batches' means and variances, by their numbers of images. The paper's networks
have none. At share 0 and 1 the statistics, too, are those of tl and of fine-tuning, untouched.
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
        inputs: the network's inputs of all training images, in batches, (b, H, W, 3) float32.
    """
    share = params.share
    mixed = [(1 - share) * before + share * after for before, after in zip(start, end, strict=True)]
    classifier.set_weights(mixed)
    if updated and 0 < share < 1:
        estimate_statistics(classifier, inputs)


def estimate_statistics(classifier: "keras.Model", inputs: Iterable[np.ndarray]) -> None:
    """Set every moving mean and variance to its batches' in one pass, averaged by their sizes."""
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
    n = 0
    totals: list[Any] = [0.0] * (2 * len(layers))
    for batch in inputs:
        copy(batch)  # by the graph: batch normalisation trains, nothing else does
        n += len(batch)
        values = [each.numpy() for layer in layers for each in (layer.moving_mean, layer.moving_variance)]
        totals = [
            total + len(batch) * value.astype(np.float64) for total, value in zip(totals, values, strict=True)
        ]
    estimates = iter(totals)
    for layer in batch_normalisations(classifier):
        layer.moving_mean.assign(next(estimates) / n)
        layer.moving_variance.assign(next(estimates) / n)
