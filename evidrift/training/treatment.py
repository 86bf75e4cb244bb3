"""What a strategy of fine-tuning changes about it: see the files in strategies/."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from evidrift.training.examples import Examples

# What the teacher says of all training images is kept if it takes no more bytes than this.
KEPT_BYTES = 1 << 30


@dataclass(frozen=True)
class Setting:
    """What a strategy is asked to treat.

    Attributes:
        classifier: that will be trained; holds the weights of tl now.
        start: these weights, as `get_weights` gives them.
    """

    classifier: keras.Model
    start: list[np.ndarray]


class Seen(NamedTuple):
    """One batch, in the graph.

    Attributes:
        labels: (b,) int32.
        logits: of this step, (b, classes).
        taps: what the penalty asked to see of this step's pass, each (b, ...).
        teacher: what tl says of the same inputs, each (b, ...).
    """

    labels: tf.Tensor
    logits: tf.Tensor
    taps: list[tf.Tensor]
    teacher: list[tf.Tensor]


@dataclass(frozen=True)
class Penalty:
    """A term added to the mean cross-entropy of a batch.

    Attributes:
        loss: of a batch, a scalar, with its strength.
        taps: tensors of the classifier whose values in this step's pass it needs.
        teacher: network inputs, (b, H, W, 3), and their labels, (b,) int32, -> what tl says of each, by tl's
            own weights (`frozen_copy`). Without views it is asked once for every training image; with views,
            or where that would take more than KEPT_BYTES, at every step.
        every: batches from one that has the term to the next. The first is the `every`-th, for at tl itself
            most terms have no gradient.
    """

    loss: Callable[[Seen], tf.Tensor]
    taps: Sequence[Any] = ()
    teacher: Callable[[tf.Tensor, tf.Tensor], Sequence[tf.Tensor]] | None = None
    every: int = 1


@dataclass(frozen=True)
class Treatment:
    """How a training differs from plain fine-tuning.

    Attributes:
        batchnorm: its mode, in place of the recipe's.
        rates: factors on the learning rate, one for each of the variables that are trained.
        penalty: a term of the loss.
        after_step: is given each trained variable after each step, in the graph, with its value before the
            step and the loss's gradient there; it may assign to it.
    """

    batchnorm: Literal["inference", "update"] | None = None
    rates: Callable[[keras.Model, list[keras.Variable]], list[float]] | None = None
    penalty: Penalty | None = None
    after_step: Callable[[keras.Variable, tf.Tensor, tf.Tensor], None] | None = None


PLAIN = Treatment()


def frozen_copy(classifier: keras.Model) -> keras.Model:
    """The same graph with variables of its own that hold the present weights and are not trained."""
    copy = keras.models.clone_model(classifier)
    copy.set_weights(classifier.get_weights())
    copy.trainable = False
    return copy


class Teacher:
    """What tl says of training examples, for a penalty."""

    def __init__(self, penalty: Penalty | None, training: Examples, input_shape: tuple) -> None:
        """Ask about all examples at once, where they have no views and the answers fit into memory.

        Args:
            penalty: that needs them, or none; then nothing is asked.
            training: the training split.
            input_shape: of the network, (None, H, W, channels).
        """
        self._kept: list[np.ndarray] | None = None
        self.specs: list[tf.TensorSpec] = []  # of what it says
        if penalty is None or penalty.teacher is None:
            self._ask: Any = None
            return
        ask = penalty.teacher
        signature = [tf.TensorSpec(input_shape, tf.float32), tf.TensorSpec([None], tf.int32)]
        self._ask = tf.function(lambda inputs, labels: list(ask(inputs, labels)), input_signature=signature)
        self._labels = training.labels.astype(np.int32)
        outputs = tf.nest.flatten(self._ask.get_concrete_function().structured_outputs)
        self.specs = [tf.TensorSpec(each.shape, each.dtype) for each in outputs]
        n = len(training.labels)
        size = sum(n * int(np.prod(spec.shape[1:], initial=1)) * spec.dtype.size for spec in self.specs)
        if training.n_views == 0 and size <= KEPT_BYTES:
            self._kept = [np.empty((n, *spec.shape[1:]), spec.dtype.as_numpy_dtype) for spec in self.specs]
            for rows in training.in_order():
                said = self._ask(training.plain(rows), self._labels[rows])
                for kept, values in zip(self._kept, said, strict=True):
                    kept[rows] = values.numpy()

    def of(self, rows: np.ndarray, inputs: np.ndarray) -> list[np.ndarray] | list[tf.Tensor]:
        """What tl says of these rows of the training split, whose inputs these are."""
        if self._ask is None:
            return []
        if self._kept is None:
            return self._ask(inputs, self._labels[rows])
        return [each[rows] for each in self._kept]
