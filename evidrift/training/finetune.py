"""Full fine-tuning: train backbone and head together, from the transfer-learning checkpoint."""

from types import ModuleType

import keras

from evidrift.base.unfinished.scratch import Scratch
from evidrift.images.store import Images
from evidrift.networks.classifier import network_input, set_batchnorm
from evidrift.training.embed import view_pixels
from evidrift.training.loop import AfterEpoch, Examples, fit
from evidrift.training.params import Finetune
from evidrift.training.state import Epoch


def finetune(
    classifier: keras.Model,
    zoo: ModuleType,
    training: Images,
    validation: Images,
    params: Finetune,
    seed: int,
    description: str,
    after_epoch: AfterEpoch | None = None,
    scratch: Scratch | None = None,
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

    Returns:
        The history, and the epoch whose weights the classifier has now.
    """
    variables = set_batchnorm(classifier, params.batchnorm)
    return fit(
        classifier,
        variables,
        image_examples(training, zoo, params.views),
        image_examples(validation, zoo, 0),
        params,
        seed,
        description,
        after_epoch,
        params.averaging,
        scratch,
        keeps=seed in params.keep_epochs,
    )


def image_examples(images: Images, zoo: ModuleType, n_views: int) -> Examples:
    """Images as the loop takes them."""
    return Examples(
        labels=images.labels,
        n_views=n_views,
        inputs=lambda rows, views: network_input(view_pixels(images, rows, views), zoo),
    )
