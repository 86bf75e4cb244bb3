"""Keep the label's map: where a target layer sees the label may not move far from where tl saw it.

The penalty is the mean over images of gamma (1 - cos(m, m_tl)), where

    m = ReLU(sum_k w_k A_k),   w_k = sum_ij dS / dA_k,ij

A_k are the layer's channels and S is the centred logit of the image's label y: Grad-CAM's map on the layer's
own grid. At `last`, which global average pooling takes, w_k = w_ky - mean_c w_kc, the head's weights. At
`penultimate` they are gradients through the last block, and training differentiates them again. The cosine
has no units: neither confidence nor the scale of the features counts as movement.

This is the map part of e2KD (Parchami-Araghi et al. 2024, arXiv 2402.03119; reference code
m-parchami/GoodTeachersExplain), with tl as the teacher of the same network and the label for the class; as
there, tl's maps may be made once, and only a batch now and then may have the term (`every`; there
guided_step_interval). There, unlike here, maps are enlarged to the image first.

`every` saves time, and is a strength too. As in that code a step that has the term has it once, gamma times,
so that over all steps it pulls gamma / every. To raise gamma as far does not make it the term of every step:
Adam divides a step by the root of the mean square of the gradients of the last thousand or so, which rare
large gradients raise more than frequent small ones, so that the steps between become smaller too, as with a
lower learning rate. Strengths with different `every` are therefore not comparable. The first step that has
the term is the `every`-th: at tl itself it has no gradient but rounding's, which Adam would make a step of.

Two older losses of the kind do not train what they say: LwM in FACIL
(mmasana/FACIL, approach/lwm.py) detaches activations and gradients, so that its map is a constant; RRR
(SaynaEbrahimi/Remembering-for-the-Right-Reasons) differentiates the activations alone, of maps that are not
normalised, and steps over the loss where a bare except catches anything.

What it optimises: Grad-CAM at this layer, on training images. LayerCAM is another sum over the same
gradients and activations, so a smaller drift under the CAMs at this layer alone says little: judge by the
other layer and by methods that use neither. LayerCAM's own cosine would be a blunt instrument: without
negative terms its maps are alike all over (densenet_mini, plain fine-tuning, test films: the same moved share
of 0.37 under both, but a mean 1 - cos of 0.09 against Grad-CAM's 0.35).

An image whose map is blank under tl has no term: there is nothing to keep. One whose map has gone blank since
has the loss gamma, and no gradient until something positive is left. Below a hundredth of tl's norm a map
counts as that long, so that the gradient stays bounded where a map fades.

In BatchNorm mode `update` the activations of a training step are those of batch statistics, and what follows
the layer uses the moving ones; and where the trunk has dropout of its own (EfficientNet), they are those of a
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
FADED = 0.01  # share of the norm of tl's map


class Params(Section):
    """How strongly, where and how often.

    Attributes:
        gamma: strength; the loss where nothing positive of a map lies where it lay in tl.
        layer: `penultimate` or `last`.
        every: batches from one with the penalty to the next; 1 for all. It counts once where it is.
    """

    gamma: Annotated[float, Field(gt=0, le=1e6)]
    layer: Literal["penultimate", "last"]
    every: Annotated[int, Field(ge=1, le=1_000)]


def treat(setting: "Setting", params: Params) -> "Treatment":
    """Fine-tune with the penalty."""
    import keras

    from evidrift.networks.target.tap import label_gradients, tap
    from evidrift.training.treatment import Penalty, Treatment, frozen_copy

    tl = frozen_copy(setting.classifier)
    of_tl, now = tap(tl, params.layer), tap(setting.classifier, params.layer)
    trunk = keras.Model(tl.inputs[0], of_tl.output)

    def teacher(inputs: "tf.Tensor", labels: "tf.Tensor") -> Sequence["tf.Tensor"]:
        activations = trunk(inputs, training=False)
        return [grad_cam(activations, label_gradients(of_tl.rest, activations, labels))]

    def loss(seen: "Seen") -> "tf.Tensor":
        (activations,) = seen.taps
        maps = grad_cam(activations, label_gradients(now.rest, activations, seen.labels))
        return params.gamma * unlike(maps, *seen.teacher)

    return Treatment(penalty=Penalty(loss, [now.output], teacher, params.every))


def grad_cam(activations: "tf.Tensor", gradients: "tf.Tensor") -> "tf.Tensor":
    """Grad-CAM's maps (Selvaraju et al. 2017), (b, h, w), with the sum of the gradients for their mean.

    Args:
        activations: of the target layer, (b, h, w, channels).
        gradients: of the score there, same shape.
    """
    import tensorflow as tf

    return tf.nn.relu(tf.einsum("bijk,bk->bij", activations, tf.reduce_sum(gradients, axis=(1, 2))))


def unlike(maps: "tf.Tensor", of_tl: "tf.Tensor") -> "tf.Tensor":
    """Mean over images of 1 - cos(m, m_tl), a scalar from 0 to 1.

    Args:
        maps: non-negative, (b, h, w).
        of_tl: of the same images, same shape; those without anything positive count as 0.
    """
    import tensorflow as tf

    square, size = (tf.reduce_sum(values**2, axis=(1, 2)) for values in (maps, of_tl))
    kept = size > 0
    # 1 in place of 0, so that no infinity enters the gradient; roots apart, so that small maps do not vanish
    length, length_of_tl = (
        tf.sqrt(tf.where(kept, each, 1)) for each in (tf.maximum(square, FADED**2 * size), size)
    )
    cosine = tf.reduce_sum(maps * of_tl, axis=(1, 2)) / length / length_of_tl
    return tf.reduce_mean(tf.where(kept, 1 - cosine, 0))
