"""Fine-tune the whole network from its transfer-learning checkpoint: the checkpoint `ft`."""

import argparse
from pathlib import Path

import evidrift.start_tensorflow  # noqa: F401 - first, before TensorFlow
from evidrift.errors import run
from evidrift.images.store import ImageStore
from evidrift.models.catalogue import find
from evidrift.models.checkpoint import load_tl, save_weights
from evidrift.params.architecture import load_architecture
from evidrift.params.finetune import load_finetune
from evidrift.training.epochs import writing_epochs
from evidrift.training.finetuning import finetune, image_examples
from evidrift.training.forward import compile_forward
from evidrift.training.loop import predict
from evidrift.training.outputs import Outputs, Tested, write_outputs


def main() -> None:
    """Run the stage."""
    args = parse_args()
    params = load_finetune(args.params, args.architecture)
    options = load_architecture(args.params, args.architecture).options
    store = ImageStore(args.store)
    test = store.split("test")
    zoo = find(args.architecture)
    classifier = load_tl(
        args.architecture,
        store.size,
        len(store.classes),
        options,
        backbone=args.backbone,
        head=args.head,
        dropout=params.dropout,
    )
    name = f"finetune {args.architecture} seed {args.seed}"
    training, validation = store.split("train"), store.split("validation")
    kept = params.epochs if args.seed in params.keep_epochs else 0
    with writing_epochs(args.epochs, args.architecture, args.seed, classifier, kept) as keep:
        history, chosen = finetune(classifier, zoo, training, validation, params, args.seed, name, keep)
    logits = predict(compile_forward(classifier), image_examples(test, zoo, 0))
    save_weights(classifier, args.finetuned)
    identity = {"architecture": args.architecture, "seed": args.seed, "checkpoint": "ft"}
    outputs = Outputs(args.predictions, args.history, args.metrics)
    write_outputs(outputs, identity, history, chosen, Tested(test.ids, test.labels, test.classes, logits))


def parse_args() -> argparse.Namespace:
    """Paths as dvc.yaml declares them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--architecture", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--params", type=Path, required=True)
    parser.add_argument("--store", type=Path, required=True, help="the prepared store")
    parser.add_argument("--backbone", type=Path, required=True, help="the pretrained backbone's weights")
    parser.add_argument("--head", type=Path, required=True, help="the transfer-learned head's weights")
    parser.add_argument("--finetuned", type=Path, required=True, help="to write: all weights")
    parser.add_argument("--epochs", type=Path, required=True, help="to write: all weights after each epoch")
    parser.add_argument("--predictions", type=Path, required=True, help="to write: logits of the test split")
    parser.add_argument("--history", type=Path, required=True, help="to write: a row an epoch")
    parser.add_argument("--metrics", type=Path, required=True, help="to write: accuracy, AUC, calibration")
    return parser.parse_args()


if __name__ == "__main__":
    run(main)
