"""Transfer learning and fine-tuning against what a script without evidrift would do."""

from collections.abc import Iterator, Sequence
from functools import partial

import keras
import numpy as np
import tensorflow as tf

from benchmarks.performance.films import CLASSES
from benchmarks.performance.measuring import Clock, Line, Seconds, Side, require_close, side_by_side, timed
from benchmarks.performance.networks import LARGE, MINIATURES, Measured
from evidrift.base.seeds import stream
from evidrift.images.store import Images
from evidrift.networks.classifier import build_classifier
from evidrift.training.adam import Adam, learning_rate
from evidrift.training.embed import embed, pooled
from evidrift.training.finetune import finetune
from evidrift.training.loop import compile_forward
from evidrift.training.params import Finetune, TrainTl
from evidrift.training.state import Epoch
from evidrift.training.transfer import train_head

SEEDS = (1, 2, 3)
EPOCHS = 8
FOR_TL = MINIATURES[0]._replace(n=320)
FOR_FT = (MINIATURES[0]._replace(n=160), LARGE._replace(n=40))


def images(measured: Measured, first: int, n: int) -> Images:
    """Some of the network's films as a split, with their classes in turn."""
    ids = np.array([f"{number:05d}" for number in range(first, first + n)])
    labels = measured.labels()[first : first + n].astype(np.int32)
    content = np.tile([0, 0, measured.size, measured.size], (n, 1)).astype(np.int32)
    pixels = measured.pixels()[first : first + n]
    return Images(ids, ids, labels, pixels, content, tuple("abcde"[:CLASSES]))


def splits(measured: Measured) -> tuple[Images, Images]:
    """Four fifths of the films to train on, one to validate with."""
    n = measured.n * 4 // 5
    return images(measured, 0, n), images(measured, n, measured.n - n)


def head_params(measured: Measured, epochs: int = EPOCHS) -> TrainTl:
    """Without dropout, which no two libraries draw alike."""
    return TrainTl(
        epochs=epochs,
        batch_size=measured.batch,
        learning_rate=0.01,
        warmup_epochs=0,
        dropout=0,
        checkpoint="last",
    )


def embedded(measured: Measured, params: TrainTl) -> list[Epoch]:
    """What embed and train_tl do; the last epoch of each seed."""
    forward = compile_forward(pooled(measured.backbone()))
    training, validation = (
        embed(forward, measured.zoo, each, 0, measured.batch) for each in splits(measured)
    )
    return [train_head(training, validation, params, seed, "train_tl")[1][-1] for seed in SEEDS]


def scripted(measured: Measured, params: TrainTl) -> list[dict[str, float]]:
    """The usual script: the frozen backbone with a head, and `model.fit`; the last epoch of each seed."""
    training, validation = splits(measured)
    steps = -(-len(training.ids) // params.batch_size)
    last = []
    for seed in SEEDS:
        keras.utils.set_random_seed(seed)
        backbone = measured.backbone()
        backbone.trainable = False
        model = build_classifier(backbone, CLASSES, dropout=0, seed=seed)
        model.compile(
            keras.optimizers.Adam(
                keras.optimizers.schedules.CosineDecay(params.learning_rate, params.epochs * steps)
            ),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        history = model.fit(
            measured.inputs(training.pixels),
            training.labels,
            batch_size=params.batch_size,
            epochs=params.epochs,
            validation_data=(measured.inputs(validation.pixels), validation.labels),
            verbose=0,
        )
        last.append({name: values[-1] for name, values in history.history.items()})
    return last


def against_the_usual_script(rounds: int, measured: Measured = FOR_TL) -> Iterator[Line]:
    """Embedding once and training heads on features, against images through the network in every epoch.

    The two draw other orders of images. With one batch an epoch there is none, and they must agree.
    """
    small = measured._replace(n=min(measured.n, 40), batch=40)
    params = head_params(small)
    ours, theirs = embedded(small, params), scripted(small, params)
    require_close(
        "losses of training and validation",
        np.array([(epoch.train_loss, epoch.validation_loss) for epoch in ours]),
        np.array([(epoch["loss"], epoch["val_loss"]) for epoch in theirs]),
        1e-3,
    )
    params = head_params(measured)
    yield side_by_side(
        "transfer",
        f"embed, train_tl: {EPOCHS} epochs, {len(SEEDS)} seeds, {measured.n} images: {measured}",
        "the usual Keras script",
        Side(partial(embedded, measured, params)),
        Side(partial(scripted, measured, params)),
        rounds,
        10,
    )
    keras.backend.clear_session()


def ft_params(measured: Measured, epochs: int) -> Finetune:
    """As in the default study, without dropout."""
    return Finetune(
        epochs=epochs,
        batch_size=measured.batch,
        learning_rate=1e-3,
        warmup_epochs=1,
        dropout=0,
        checkpoint="last",
        views=0,
        batchnorm="update",
        strategy={"plain": {}},
        averaging=0,
        keep_epochs=[],
    )


def bare_epochs(measured: Measured, classifier: keras.Model, params: Finetune, seed: int) -> Iterator[None]:
    """Compiled steps over arrays in memory, and a compiled forward pass over what validates."""
    training, validation = splits(measured)
    inputs, unseen = measured.inputs(training.pixels), measured.inputs(validation.pixels)
    labels, variables = training.labels, [variable.value for variable in classifier.trainable_variables]
    adam, forward = Adam(variables), compile_forward(classifier)

    @tf.function(
        input_signature=[
            tf.TensorSpec(classifier.inputs[0].shape, tf.float32),
            tf.TensorSpec([None], tf.int32),
            tf.TensorSpec([], tf.float32),
        ]
    )
    def step(images: tf.Tensor, truth: tf.Tensor, rate: tf.Tensor) -> None:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(variables)
            logits = classifier(images, training=True)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(truth, logits))
        adam.apply(tape.gradient(loss, variables), rate)

    steps = -(-len(labels) // params.batch_size)
    for epoch in range(params.epochs):
        order = stream("order", seed, epoch).permutation(len(labels))
        for number in range(steps):
            rows = order[number * params.batch_size :][: params.batch_size]
            rate = learning_rate(epoch * steps + number, steps, params)
            step(inputs[rows], labels[rows], np.float32(rate))
        for first in range(0, len(unseen), params.batch_size):
            forward(unseen[first : first + params.batch_size])
        yield


def against_bare_steps(rounds: int, networks: Sequence[Measured] = FOR_FT) -> Iterator[Line]:
    """Fine-tuning against a loop of its steps alone, epoch by epoch; not the first, which compiles."""
    for measured in networks:
        yield from _against_bare_steps(measured, rounds)
        keras.backend.clear_session()


def _against_bare_steps(measured: Measured, rounds: int) -> Iterator[Line]:
    params = ft_params(measured, 1 + rounds)
    ours, theirs = measured.classifier(), measured.classifier()
    bare = bare_epochs(measured, theirs, params, seed=1)
    clock, ratios = Clock(), []

    def after_epoch(epoch: int, model: keras.Model) -> None:
        here, there = clock.read(), timed(partial(next, bare))
        if epoch > 1:
            ratios.append(Seconds(there.wall / here.wall, there.cpu / here.cpu))
        clock.start()

    finetune(ours, measured.zoo, *splits(measured), params, 1, "finetune", after_epoch)
    trained = [np.concatenate([values.ravel() for values in model.get_weights()]) for model in (ours, theirs)]
    require_close("weights", *trained, 1e-4)
    yield Line(
        "finetune",
        f"finetune, an epoch of {measured.n} images: {measured}",
        "a bare loop of compiled steps",
        *zip(*ratios, strict=True),
        wanted=0.95,
    )
