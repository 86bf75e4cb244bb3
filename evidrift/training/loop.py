"""The epoch loop of both training stages.

Every random stream derives from (seed, epoch) alone: order of images, choice of views, dropout. An epoch
therefore needs nothing of the epochs before it but the weights, their average and Adam's moments, and a
training that was killed goes on from its last finished epoch to the same bytes (see `state`).
"""

import math
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from scipy.special import log_softmax

from evidrift.base.errors import UserError
from evidrift.base.progress import Progress
from evidrift.base.seeds import seed_of, stream
from evidrift.base.unfinished.scratch import Part, Scratch
from evidrift.images.views import choose_views
from evidrift.training.adam import Adam, learning_rate
from evidrift.training.average import Average
from evidrift.training.examples import Examples
from evidrift.training.params import Training
from evidrift.training.state import Epoch, State
from evidrift.training.treatment import PLAIN, Penalty, Seen, Teacher, Treatment

AfterEpoch = Callable[[int, keras.Model], None]  # (number of the epoch, from 1; the model)


Forward = Callable[[np.ndarray], tf.Tensor]


def compile_forward(model: keras.Model) -> Forward:
    """The model without dropout, for batches of any size: traced once."""
    signature = [tf.TensorSpec(model.inputs[0].shape, tf.float32)]
    return tf.function(lambda inputs: model(inputs, training=False), input_signature=signature)


def fit(
    model: keras.Model,
    variables: list[keras.Variable],
    training: Examples,
    validation: Examples,
    params: Training,
    seed: int,
    description: str,
    after_epoch: AfterEpoch | None = None,
    averaging: float = 0,
    scratch: Scratch | Part | None = None,
    keeps: bool = False,
    treatment: Treatment = PLAIN,
) -> tuple[list[Epoch], int]:
    """Train `variables` of a model that gives logits; leave it with the weights of the chosen epoch.

    Args:
        model: inputs -> logits, (n, classes).
        variables: those to train; the others stay.
        training: the training split.
        validation: chooses the epoch when `params.checkpoint` is `best`: lowest loss, earliest of equals.
        params: epochs, batch size, rates, checkpoint.
        seed: of order, views and dropout.
        description: to show with the progress.
        after_epoch: is shown the model as each epoch leaves it; it must not change it.
        averaging: epochs over which the weights are averaged that are validated, shown and kept; 0 for none.
        scratch: where its state is kept after each epoch; what an earlier run has left there is gone on from.
        keeps: leave the weights of every epoch there, see `state.kept_weights`.
        treatment: what a strategy changes. The history's training loss is the cross-entropy alone.

    Returns:
        The history, and the number of the epoch whose weights the model has now, from 1.

    Raises:
        UserError: the loss is not finite any more, or no step of so few would have the penalty.
    """
    steps_per_epoch = -(-len(training.labels) // params.batch_size)
    trained = [variable.value for variable in variables]
    adam, average = Adam(trained), Average(trained, averaging * steps_per_epoch)
    state = State(model, adam, average, scratch, keeps)
    penalty, rates = treatment.penalty, treatment.rates(model, variables) if treatment.rates else None
    done = len(state.history)
    _require_a_step(penalty, steps_per_epoch * params.epochs, description)
    teacher = Teacher(penalty if done < params.epochs else None, training, model.inputs[0].shape)
    move = _mover(variables, adam, average, rates, treatment.after_step)
    steps = _compiled_steps(model, trained, move, penalty, teacher.specs)
    forward = compile_forward(model)
    if done:
        print(f"{description}: continues after epoch {done} of {params.epochs}", file=sys.stderr)
    rest = range(done, params.epochs)
    epochs = Progress(rest, desc=description, total=params.epochs, unit="epoch", initial=done)
    for epoch in epochs:
        seed_dropout(model, seed, epoch)
        losses, hits, rate = [], [], 0.0
        for number, (rows, views) in enumerate(_batches(training, params.batch_size, seed, epoch)):
            at = epoch * steps_per_epoch + number
            rate = learning_rate(at, steps_per_epoch, params)
            labels, inputs = training.labels[rows], training.inputs(rows, views)
            given = [inputs, labels.astype(np.int32), np.float32(rate)]
            if penalty and at % penalty.every == penalty.every - 1:
                loss, logits = steps.penalised(*given, *teacher.of(rows, inputs))
            else:
                loss, logits = steps.plain(*given)
            losses.append(float(loss) * len(rows))
            hits.append(int(np.sum(np.argmax(logits.numpy(), -1) == labels)))
            epochs.within((number + 1) / steps_per_epoch)
        n = len(training.labels)
        with average.shown():
            row = Epoch(epoch + 1, sum(losses) / n, sum(hits) / n, *evaluate(forward, validation), rate)
            if not math.isfinite(row.train_loss + row.validation_loss):
                raise UserError(_diverged(row, params, penalty, description))
            is_best = all(row.validation_loss < earlier.validation_loss for earlier in state.history)
            state.take(row, chosen=is_best if params.checkpoint == "best" else row.epoch == params.epochs)
            if after_epoch:
                after_epoch(row.epoch, model)
        state.keep()
        epochs.set_postfix(loss=f"{row.train_loss:.3f}", accuracy=f"{row.validation_accuracy:.3f}")
    state.finish()
    return state.history, state.chosen


def _require_a_step(penalty: Penalty | None, steps: int, description: str) -> None:
    if penalty and penalty.every > steps:
        raise UserError(
            f"{description}: the strategy's penalty comes every {penalty.every} batches, but the training "
            f"has {steps} in all, so it would never act. Lower `every` to {steps} or less."
        )


def _diverged(row: Epoch, params: Training, penalty: Penalty | None, description: str) -> str:
    strength = ", or the strength of the strategy's penalty" if penalty else ""
    return (
        f"{description}: training diverged in epoch {row.epoch}: the loss is {row.train_loss:.3g}, on "
        f"validation {row.validation_loss:.3g}. Lower learning_rate, now {params.learning_rate:g}{strength}."
    )


def seed_dropout(model: keras.Model, seed: int, epoch: int) -> None:
    """Start every layer's random stream anew from (seed, epoch).

    There is no other randomness in a step. Keras's `set_random_seed` would cost a second an epoch: it makes
    TensorFlow forget its compiled functions.
    """
    for layer in model._flatten_layers():
        generator = getattr(layer, "seed_generator", None)
        if generator is not None:
            generator.state.assign([seed_of("dropout", seed), epoch])


def predict(forward: Forward, examples: Examples, batch_size: int = 32) -> np.ndarray:
    """Logits of every example without augmentation, (n, classes) float32."""
    return np.concatenate([forward(examples.plain(rows)).numpy() for rows in examples.in_order(batch_size)])


def evaluate(forward: Forward, examples: Examples) -> tuple[float, float]:
    """Mean cross-entropy and accuracy."""
    logits = predict(forward, examples).astype(np.float64)
    chosen = log_softmax(logits, axis=-1)[np.arange(len(logits)), examples.labels]
    return float(-chosen.mean()), float(np.mean(logits.argmax(-1) == examples.labels))


def _batches(
    examples: Examples, batch_size: int, seed: int, epoch: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    n = len(examples.labels)
    order = stream("order", seed, epoch).permutation(n)
    views = choose_views(n, examples.n_views, seed, epoch)
    for start in range(0, n, batch_size):
        rows = order[start : start + batch_size]
        yield rows, views[rows]


class _Steps(NamedTuple):
    """A step on a batch: (inputs, labels, rate) -> (cross-entropy, logits); and one with the penalty."""

    plain: Callable
    penalised: Callable


def _mover(
    variables: list[keras.Variable],
    adam: Adam,
    average: Average,
    rates: list[float] | None,
    after_step: Callable[[keras.Variable, tf.Tensor, tf.Tensor], None] | None,
) -> Callable[[list[tf.Tensor], tf.Tensor], None]:
    """What a step does to the weights, from (gradients, learning rate)."""

    def move(gradients: list[tf.Tensor], rate: tf.Tensor) -> None:
        before = [tf.identity(variable.value) for variable in variables] if after_step else gradients
        adam.apply(gradients, rate, rates)
        if after_step:
            for variable, value, gradient in zip(variables, before, gradients, strict=True):
                after_step(variable, value, gradient)
        average.update()

    return move


def _compiled_steps(
    model: keras.Model,
    variables: list[tf.Variable],
    move: Callable[[list[tf.Tensor], tf.Tensor], None],
    penalty: Penalty | None,
    taught: list[tf.TensorSpec],
) -> _Steps:
    signature = [
        tf.TensorSpec(model.inputs[0].shape, tf.float32),
        tf.TensorSpec([None], tf.int32),
        tf.TensorSpec([], tf.float32),
    ]
    whole = (
        keras.Model(model.inputs, [*penalty.taps, model.outputs[0]]) if penalty and penalty.taps else model
    )

    def step(inputs: tf.Tensor, labels: tf.Tensor, rate: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(variables)
            logits = model(inputs, training=True)
            loss = _cross_entropy(labels, logits)
        move(tape.gradient(loss, variables), rate)
        return loss, logits

    def penalised(
        inputs: tf.Tensor, labels: tf.Tensor, rate: tf.Tensor, *teacher: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(variables)
            *taps, logits = tf.nest.flatten(whole(inputs, training=True))
            loss = _cross_entropy(labels, logits)
            term = penalty.loss(Seen(labels, logits, taps, list(teacher)))  # type: ignore[union-attr]
            total = loss + term
        # a variable that neither term depends on stays as it is
        gradients = tape.gradient(total, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        move(gradients, rate)
        return loss, logits

    # each is traced at its first call
    return _Steps(
        tf.function(step, input_signature=signature),
        tf.function(penalised, input_signature=[*signature, *taught]),
    )


def _cross_entropy(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
