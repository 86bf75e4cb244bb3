"""Adam as one fused operation a variable.

Keras's optimizer builds some ten graph nodes a variable, which costs 8 to 12 s of tracing on the full
networks; TensorFlow's own kernel is one node.
"""

import math

import tensorflow as tf

from evidrift.training.params import Training

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7


class Adam:
    """Adam (Kingma & Ba 2015, section 2, its `epsilon hat`) on a fixed list of variables."""

    def __init__(self, variables: list[tf.Variable]) -> None:
        """Start with zero moments."""
        self.variables = variables
        self.first = [tf.Variable(tf.zeros_like(variable), trainable=False) for variable in variables]
        self.second = [tf.Variable(tf.zeros_like(variable), trainable=False) for variable in variables]
        self.steps = tf.Variable(0.0, trainable=False)

    @property
    def state(self) -> list[tf.Variable]:
        """All that a step needs of the steps before it, beside the variables."""
        return [self.steps, *self.first, *self.second]

    def apply(
        self, gradients: list[tf.Tensor], learning_rate: tf.Tensor, factors: list[float] | None = None
    ) -> None:
        """One step: changes the variables in place; `factors` on the rate, one for each of them."""
        steps = self.steps.assign_add(1.0)
        rates = [learning_rate * factor for factor in factors or []] or [learning_rate] * len(gradients)
        for variable, first, second, gradient, rate in zip(
            self.variables, self.first, self.second, gradients, rates, strict=True
        ):
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=first.handle,
                v=second.handle,
                beta1_power=tf.pow(BETA_1, steps),
                beta2_power=tf.pow(BETA_2, steps),
                lr=rate,
                beta1=BETA_1,
                beta2=BETA_2,
                epsilon=EPSILON,
                grad=gradient,
            )


def learning_rate(step: int, steps_per_epoch: int, params: Training) -> float:
    """The rate of one step (Loshchilov & Hutter 2017, eq. 5, one cycle, after a linear warm-up).

    Args:
        step: 0 for the first of the whole training.
        steps_per_epoch: batches in an epoch.
        params: epochs, warm-up and peak.
    """
    warmup = params.warmup_epochs * steps_per_epoch
    if step < warmup:
        return params.learning_rate * (step + 1) / (warmup + 1)
    progress = (step - warmup) / (params.epochs * steps_per_epoch - warmup)
    return params.learning_rate * (1 + math.cos(math.pi * progress)) / 2
