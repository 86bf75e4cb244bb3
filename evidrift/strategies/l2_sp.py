"""L2-SP: every weight is pulled back to where it started (Li et al. 2018, arXiv 1802.01483).

The term is alpha/2 sum (w - w_tl)^2 over all that is trained. The paper's head is new, and decays towards
zero with a strength of its own (beta 0.01 beside alpha 0.1, for SGD); here the head has been trained in tl,
and is held like the rest. The authors' code holds kernels alone, or in its mode 101 offsets and scales too,
as here.

`selective` is SPD (Tian, Huang and Kira 2024, arXiv 2411.01713), in place of that term. A step of Adam takes
a variable from w to v, with g the loss's gradient at w. Where -g.(w - w_tl) < 0, that is where the loss
falls on the way back, yet momentum carries the step further away, v is pulled back by the share alpha r of v
- w_tl, r = max(0, |v - w_tl| - |w - w_tl|) / |v - w_tl|. With alpha 1, from which the paper says to start,
that is the projection onto the sphere around w_tl on which w lies. No term of a loss can say so: it acts on
the step. As in the authors' code (GT-RIPL/Selective-Projection-Decay), a layer is one variable.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, model_validator

from evidrift.base.section import Section

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from evidrift.training.treatment import Setting, Treatment

DIAL = False
TRAINS = True


class Params(Section):
    """The pull back.

    Attributes:
        alpha: its strength; in the selective form the share of the way back, times r: at most 1, for more
            would lead past the sphere.
        selective: pull steps back, and only where they lead away against the gradient, in place of a penalty.
    """

    alpha: Annotated[float, Field(gt=0, le=1_000_000)]
    selective: bool

    @model_validator(mode="after")
    def _goes_no_further_than_back(self) -> "Params":
        if self.selective and self.alpha > 1:
            raise ValueError(
                f"alpha is {self.alpha:g}; with selective: true it is a share, at most 1, which projects "
                "onto the sphere of the weights before the step."
            )
        return self


def treat(setting: "Setting", params: Params) -> "Treatment":
    """The penalty on all that is trained, or what follows each step."""
    import tensorflow as tf

    from evidrift.networks.classifier import batch_normalisations
    from evidrift.training.treatment import Penalty, Treatment

    normalisations = batch_normalisations(setting.classifier)
    statistics = {id(each) for layer in normalisations for each in (layer.moving_mean, layer.moving_variance)}
    start = {
        id(weight): (weight, tf.constant(value, weight.dtype))
        for weight, value in zip(setting.classifier.weights, setting.start, strict=True)
        if id(weight) not in statistics
    }
    if not params.selective:
        pairs = list(start.values())
        return Treatment(penalty=Penalty(loss=lambda seen: params.alpha * half_squared_distance(pairs)))

    def after_step(variable: "keras.Variable", before: "tf.Tensor", gradient: "tf.Tensor") -> None:
        _, there = start[id(variable)]
        variable.assign(pulled_back(variable.value, before, gradient, there, params.alpha))

    return Treatment(after_step=after_step)


def half_squared_distance(pairs: Iterable[tuple["keras.Variable", "tf.Tensor"]]) -> "tf.Tensor":
    """1/2 sum (w - w_tl)^2 over variables w and where they started, a scalar."""
    import tensorflow as tf

    return tf.add_n([tf.nn.l2_loss(variable.value - there) for variable, there in pairs])


def pulled_back(
    after: "tf.Tensor", before: "tf.Tensor", gradient: "tf.Tensor", there: "tf.Tensor", alpha: float
) -> "tf.Tensor":
    """One variable after a step and its selective projection (SPD, eq. 3, 4 and 9).

    Args:
        after: as the step leaves it.
        before: as the step found it, same shape.
        gradient: of the loss there.
        there: where the variable started.
        alpha: share of the way back to the sphere of `before`; lambda in the paper.
    """
    import tensorflow as tf

    way = after - there
    length = tf.norm(way)
    grown = tf.maximum(length - tf.norm(before - there), 0)
    against = tf.reduce_sum(gradient * (before - there)) > 0
    share = tf.where(against, alpha * tf.math.divide_no_nan(grown, length), tf.zeros_like(length))
    return after - share * way
