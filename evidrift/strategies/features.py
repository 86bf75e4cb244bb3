"""Keep the label's features: what a target layer says of an image may not move far from what it said in tl.

The penalty is the mean over images of

    beta / 2 * sum_k q_k mean_ij (A_k,ij - A_k,ij^tl)^2  /  sum_k q_k mean_ij (A_k,ij^tl)^2

with A_k the layer's channels and q_k = sum_ij |dS / dA_k,ij| under tl, S the centred logit of the image's
label y: to first order, what S moves by at most where every place of the channel moves by at most one. (Where
all move by one alike, gradients of both signs cancel, and S moves by less.) At `last`, which global average
pooling takes, q_k = |w_ky - mean_c w_kc|, the head's weights; at `penultimate`, whose channels the head does
not know, it is what they are worth to that label through the last block, for this image. So the channels are
kept that the label's map is made of, and the others are free.

The divisor makes beta a number without units: the change is relative to tl's own features, and a network
whose logits or activations are ten times larger is held as tightly. At beta / 2 all of them may be lost.

After DELTA (Li et al. 2019, arXiv 1901.09229), which weighs channels by the loss that their absence causes,
alike for all classes, over four layers, and whose reference code (lixingjian/DELTA) divides by neither scale
and sets its strength to 0.01. That a penalty on features keeps accuracy was reported there; what it does to
maps was not. Nothing in it looks at a map, and the layers after the target layer, the head among them, have
no gradient from it: where the label's weights move there, the map moves with them.

In BatchNorm mode `update` the features of a training step are those of batch statistics, tl's those of the
moving ones; and where the trunk has dropout of its own (EfficientNet), a training step's are those of a
thinned network. In both cases the penalty is not 0 at tl: it pulls from the first step, also at noise.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from evidrift.base.section import Section

if TYPE_CHECKING:
    import tensorflow as tf

    from evidrift.training.treatment import Seen, Setting, Treatment

DIAL = False
TRAINS = True


class Params(Section):
    """How strongly, and where.

    Attributes:
        beta: strength; half of it is the loss at which nothing of tl's features is left.
        layer: `penultimate` or `last`.
    """

    beta: Annotated[float, Field(gt=0, le=1e6)]
    layer: Literal["penultimate", "last"]


def treat(setting: "Setting", params: Params) -> "Treatment":
    """Fine-tune with the penalty."""
    import keras

    from evidrift.networks.target.tap import label_gradients, tap
    from evidrift.training.treatment import Penalty, Treatment, frozen_copy

    tl = frozen_copy(setting.classifier)
    of_tl = tap(tl, params.layer)
    trunk = keras.Model(tl.inputs[0], of_tl.output)

    def teacher(inputs: "tf.Tensor", labels: "tf.Tensor") -> Sequence["tf.Tensor"]:
        activations = trunk(inputs, training=False)
        return activations, worth(activations, label_gradients(of_tl.rest, activations, labels))

    def loss(seen: "Seen") -> "tf.Tensor":
        return params.beta * moved(seen.taps[0], *seen.teacher)

    return Treatment(penalty=Penalty(loss, [tap(setting.classifier, params.layer).output], teacher))


def worth(activations: "tf.Tensor", gradients: "tf.Tensor") -> "tf.Tensor":
    """Weights of the channels under tl, q_k / sum_k q_k sum_ij A_k,ij^2.

    Args:
        activations: of tl, (b, h, w, channels).
        gradients: of the label's centred logit there, same shape.

    Returns:
        (b, channels); zero where tl has nothing that could be kept.
    """
    import tensorflow as tf

    weights = tf.reduce_sum(tf.abs(gradients), axis=(1, 2))
    size = tf.einsum("bijk,bk->b", activations**2, weights)
    return tf.math.divide_no_nan(weights, size[:, None])


def moved(activations: "tf.Tensor", of_tl: "tf.Tensor", weights: "tf.Tensor") -> "tf.Tensor":
    """Mean over images of half the weighted squared change, a scalar.

    Args:
        activations: now, (b, h, w, channels).
        of_tl: of the same images, same shape.
        weights: from `worth`, (b, channels).
    """
    import tensorflow as tf

    return tf.reduce_mean(tf.einsum("bijk,bk->b", (activations - of_tl) ** 2, weights)) / 2
