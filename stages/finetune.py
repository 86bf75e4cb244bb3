"""Fine-tune the whole network from its transfer-learning checkpoint: the checkpoint `ft`."""

import evidrift.base.pinned  # first, before numpy
import evidrift.networks.start_tensorflow  # noqa: F401 - first, before TensorFlow
from evidrift.base.arguments import arguments
from evidrift.base.errors import run
from evidrift.base.unfinished.scratch import unfinished
from evidrift.images.store import STORE, ImageStore
from evidrift.networks.catalogue import find
from evidrift.networks.checkpoint import load_plan, load_tl, save_weights
from evidrift.networks.files import NETWORK, PREDICTIONS
from evidrift.training.epochs import write_epochs
from evidrift.training.finetune import finetune, image_examples
from evidrift.training.loop import compile_forward, predict
from evidrift.training.outputs import Outputs, Tested, write_outputs
from evidrift.training.params import load_finetune
from evidrift.training.state import kept_weights
from evidrift.training.strategy import strategy_of


def main() -> None:
    """Run the stage."""
    args = arguments(
        __doc__,
        ("architecture", "seed", "params", "images", "scratch"),
        backbone="the pretrained backbone's weights",
        start="the transfer-learning checkpoint, tl",
        checkpoint="to write: all weights and their logits of the test split",
        epochs="to write: all weights after each epoch",
        history="to write: a row an epoch",
        metrics="to write: accuracy, AUC, calibration",
    )
    params = load_finetune(args.params, args.architecture)
    keys = ("finetune", args.architecture, "strategy")
    strategy = strategy_of(params.strategy, f"{args.params}: ", keys)
    store = ImageStore(args.images / STORE)
    test = store.split("test")
    zoo = find(args.architecture)
    plan = load_plan(args.params, args.architecture, store.size, len(store.classes))
    classifier = load_tl(plan, backbone=args.backbone, tl=args.start, dropout=params.dropout)
    name = f"finetune {args.architecture} seed {args.seed}"
    training, validation = store.split("train"), store.split("validation")
    kept = params.epochs if args.seed in params.keep_epochs else 0
    identity = {"architecture": args.architecture, "seed": args.seed, "checkpoint": "ft"}
    identity["strategy"] = {"name": strategy.name, "parameters": strategy.params.model_dump()}
    outputs = Outputs(args.checkpoint / PREDICTIONS, args.history, args.metrics)
    with unfinished("finetune", args, params, strategy, plan) as scratch:
        history, chosen = finetune(
            classifier, zoo, training, validation, params, args.seed, name, scratch=scratch, strategy=strategy
        )
        weights = kept_weights(scratch, kept)
        write_epochs(args.epochs, args.architecture, args.seed, classifier, weights, kept)
        logits = predict(compile_forward(classifier), image_examples(test, zoo, 0))
        save_weights(classifier, args.checkpoint / NETWORK)
        write_outputs(outputs, identity, history, chosen, Tested(test.ids, test.labels, test.classes, logits))


if __name__ == "__main__":
    run(main)
