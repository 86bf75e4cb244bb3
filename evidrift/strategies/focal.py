"""Focal distillation: keeps what tl predicts, above all where tl is right (Yan et al. 2021).

Positive-congruent training, arXiv 2011.09161. The term is mean_i (base + focus [tl is right on i]) D_i with
D = t^2 KL(softmax(z_tl / t) || softmax(z / t)), z the logits: `old_correct` with `kl` in the authors' code
(losses.py of amazon-science/regression-constraint-model-upgrade). As t grows, D tends to half the variance
over classes of z - z_tl: with the authors' t = 100 logits are matched, not probabilities. It knows nothing of
maps, and is here to show that predictions can be kept while the evidence moves.

Their base 1, focus 5, t 100 go with 0.9 of this term and 0.1 of the cross-entropy in the code's example; here
the cross-entropy counts once. In that code weights of shape (b, 1) meet distances of shape (b,), so that the
mean runs over all pairs and each image has the batch's mean weight: the focus is lost. Here each has its own.

The logits of a training step are those of a thinned network where there is dropout (before the head, see
finetune.<architecture>.dropout, or in EfficientNet's trunk), and of batch statistics in BatchNorm mode
`update`; tl's have neither. Then the term is not 0 at tl.
"""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, model_validator

from evidrift.base.section import Section

if TYPE_CHECKING:
    import tensorflow as tf

    from evidrift.training.treatment import Setting, Treatment

DIAL = False
TRAINS = True


class Params(Section):
    """Focal distillation.

    Attributes:
        base: weight of every image (alpha in the paper).
        focus: weight added where tl is right (beta in the paper).
        temperature: divides the logits.
    """

    base: Annotated[float, Field(ge=0, le=10_000)]
    focus: Annotated[float, Field(ge=0, le=10_000)]
    temperature: Annotated[float, Field(ge=0.1, le=1_000)]

    @model_validator(mode="after")
    def _weighs_something(self) -> "Params":
        if self.base + self.focus == 0:
            raise ValueError("base and focus are both 0, which is plain fine-tuning; raise one of them.")
        return self


def treat(setting: "Setting", params: Params) -> "Treatment":
    """The term, with the logits of tl as the teacher."""
    from evidrift.training.treatment import Penalty, Treatment, frozen_copy

    tl = frozen_copy(setting.classifier)
    penalty = Penalty(
        loss=lambda seen: focal_distillation(seen.labels, seen.logits, seen.teacher[0], params),
        teacher=lambda inputs, *_: [tl(inputs, training=False)],
    )
    return Treatment(penalty=penalty)


def focal_distillation(
    labels: "tf.Tensor", logits: "tf.Tensor", logits_tl: "tf.Tensor", params: Params
) -> "tf.Tensor":
    """The weighted mean distance of two checkpoints' predictions.

    Args:
        labels: (b,) int32.
        logits: (b, classes).
        logits_tl: of tl, same shape.
        params: weights and temperature.

    Returns:
        A scalar, in nats times temperature^2.
    """
    import tensorflow as tf

    # at t = 100 the two distributions differ in the third digit, and what is left is multiplied by 10,000
    new, old = (
        tf.nn.log_softmax(tf.cast(each, tf.float64) / params.temperature) for each in (logits, logits_tl)
    )
    distance = params.temperature**2 * tf.reduce_sum(tf.exp(old) * (old - new), axis=-1)
    is_right = tf.cast(tf.argmax(logits_tl, axis=-1, output_type=tf.int32) == labels, tf.float64)
    return tf.cast(tf.reduce_mean((params.base + params.focus * is_right) * distance), logits.dtype)
