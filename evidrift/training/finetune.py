"""Full fine-tuning: train backbone and head together, from the transfer-learning checkpoint."""

from dataclasses import replace
from types import ModuleType

import keras

from evidrift.base.seeds import stream
from evidrift.base.unfinished.scratch import Part, Scratch
from evidrift.images.store import Images
from evidrift.networks.checkpoint import Weights
from evidrift.networks.classifier import network_input, set_batchnorm
from evidrift.training.embed import view_pixels
from evidrift.training.examples import Examples
from evidrift.training.loop import AfterEpoch, compile_forward, evaluate, fit
from evidrift.training.params import Finetune
from evidrift.training.state import Epoch
from evidrift.training.strategy import Strategy
from evidrift.training.treatment import PLAIN, Setting


def finetune(
    classifier: keras.Model,
    zoo: ModuleType,
    training: Images,
    validation: Images,
    params: Finetune,
    seed: int,
    description: str,
    after_epoch: AfterEpoch | None = None,
    scratch: Scratch | Part | None = None,
    strategy: Strategy | None = None,
) -> tuple[list[Epoch], int]:
    """Train every variable of the classifier, in place.

    Args:
        classifier: the transfer-learning checkpoint, preprocessed images -> logits.
        zoo: the architecture's module, for its preprocessing.
        training: the training split.
        validation: the validation split.
        params: of the loop, and how BatchNorm is treated.
        seed: of order, views and dropout.
        description: to show with the progress.
        after_epoch: is shown the classifier as each epoch leaves it.
        scratch: where unfinished training is kept, and gone on from; it holds the weights of every epoch in
            the end if `params.keep_epochs` has the seed (`state.kept_weights`).
        strategy: of fine-tuning; None is `plain`.

    Returns:
        The history, and the epoch whose weights the classifier has now. Where the strategy blends them with
        those of tl in the end, that epoch's row says what the blend does on validation.
    """
    examples, held_out = image_examples(training, zoo, params.views), image_examples(validation, zoo, 0)
    start, treatment = classifier.get_weights(), PLAIN
    if strategy and strategy.module.TRAINS:
        treatment = strategy.module.treat(Setting(classifier, start), strategy.params)
    variables = set_batchnorm(classifier, treatment.batchnorm or params.batchnorm)
    history, chosen = fit(
        classifier,
        variables,
        examples,
        held_out,
        params,
        seed,
        description,
        after_epoch,
        params.averaging,
        scratch,
        keeps=seed in params.keep_epochs,
        treatment=treatment,
    )
    if strategy and not strategy.module.TRAINS:
        blend(classifier, start, strategy, params, examples)
        loss, accuracy = evaluate(compile_forward(classifier), held_out)
        row = replace(history[chosen - 1], validation_loss=loss, validation_accuracy=accuracy)
        history = [*history[: chosen - 1], row, *history[chosen:]]
    return history, chosen


def blend(
    classifier: keras.Model, start: Weights, strategy: Strategy, params: Finetune, training: Examples
) -> None:
    """Mix the fine-tuned weights that the classifier has with those of tl, by a strategy that does not train.

    Args:
        classifier: to change.
        start: weights of tl.
        strategy: that mixes.
        params: of the fine-tuning.
        training: the training split.
    """
    # the store is sorted by class; batches of one class each would tell nothing of how classes differ
    order = stream("statistics").permutation(len(training.labels))
    inputs = (training.plain(order[rows]) for rows in training.in_order())
    updated = params.batchnorm == "update"
    strategy.module.blend(classifier, start, classifier.get_weights(), strategy.params, updated, inputs)


def image_examples(images: Images, zoo: ModuleType, n_views: int) -> Examples:
    """Images as the loop takes them."""
    return Examples(
        labels=images.labels,
        n_views=n_views,
        inputs=lambda rows, views: network_input(view_pixels(images, rows, views), zoo),
    )
