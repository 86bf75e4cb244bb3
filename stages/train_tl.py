"""Train one head on cached features: the transfer-learning checkpoint `tl` is backbone + head."""

import evidrift.base.pinned  # first, before numpy
import evidrift.networks.start_tensorflow  # noqa: F401 - first, before TensorFlow
from evidrift.base.arguments import arguments
from evidrift.base.errors import run
from evidrift.base.unfinished.scratch import unfinished
from evidrift.networks.checkpoint import save_weights
from evidrift.networks.files import HEAD, PREDICTIONS
from evidrift.training.features import read_features
from evidrift.training.loop import compile_forward, predict
from evidrift.training.outputs import Outputs, Tested, write_outputs
from evidrift.training.params import load_train_tl
from evidrift.training.transfer import feature_examples, train_head


def main() -> None:
    """Run the stage."""
    args = arguments(
        __doc__,
        ("architecture", "seed", "params", "scratch"),
        features="pooled features of the backbone",
        checkpoint="to write: the head's weights and its logits of the test split",
        history="to write: a row an epoch",
        metrics="to write: accuracy, AUC, calibration",
    )
    params = load_train_tl(args.params, args.architecture)
    training, validation, test = (
        read_features(args.features, split) for split in ("train", "validation", "test")
    )
    name = f"train_tl {args.architecture} seed {args.seed}"
    identity = {"architecture": args.architecture, "seed": args.seed, "checkpoint": "tl"}
    outputs = Outputs(args.checkpoint / PREDICTIONS, args.history, args.metrics)
    with unfinished("train_tl", args, params) as scratch:
        head, history, chosen = train_head(training, validation, params, args.seed, name, scratch)
        logits = predict(compile_forward(head), feature_examples(test))
        save_weights(head, args.checkpoint / HEAD)
        write_outputs(outputs, identity, history, chosen, Tested(test.ids, test.labels, test.classes, logits))


if __name__ == "__main__":
    run(main)
