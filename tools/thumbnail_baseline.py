"""Do the checkpoints beat a linear model on 16x16 thumbnails, on the same test split?

    python -m tools.thumbnail_baseline data/images/store.h5 models/mobilenetv2/1/tl/predictions.parquet ...

A network that does not has learned nothing that the overall brightness of a film does not tell already. The
linear model is that of the stage probe, fitted in this run on the training split. Leaves with 1 where a
checkpoint does not beat it.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from evidrift.base.errors import run
from evidrift.base.table import read_checked
from evidrift.images.store import ImageStore
from evidrift.networks.files import LOGIT, PREDICTION_COLUMNS, STAGES
from evidrift.probe.prediction import linear_model
from evidrift.probe.traits import SIDE, thumbnails


def baseline_accuracy(store: ImageStore) -> float:
    """Test accuracy of the linear model, fitted on the training split."""
    training, test = store.split("train"), store.split("test")
    model = linear_model().fit(thumbnails(training), training.labels)
    return float(model.score(thumbnails(test), test.labels))


def checkpoint_accuracy(path: Path) -> float:
    """Test accuracy of the checkpoint, tl or ft, in whose folder these predictions lie."""
    table = read_checked(path, PREDICTION_COLUMNS, STAGES[path.parent.name]).to_pandas()
    logits = table.filter(regex=f"^{LOGIT}")
    predicted = logits.columns[logits.to_numpy().argmax(-1)].str.removeprefix(LOGIT)
    return float(np.mean(predicted == table["label"]))


def main() -> None:
    """Print the accuracies; leave with 1 where a checkpoint does not beat the baseline."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("store", type=Path)
    parser.add_argument("predictions", type=Path, nargs="+")
    args = parser.parse_args()
    baseline = baseline_accuracy(ImageStore(args.store))
    print(f"linear model on {SIDE}x{SIDE} thumbnails: test accuracy {baseline:.3f}")
    beaten = True
    for path in args.predictions:
        accuracy = checkpoint_accuracy(path)
        beaten &= accuracy > baseline
        print(f"{path}: test accuracy {accuracy:.3f}, {'above' if accuracy > baseline else 'NOT above'} it")
    sys.exit(0 if beaten else 1)


if __name__ == "__main__":
    run(main)
