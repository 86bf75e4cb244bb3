"""Does the C-Score fall before AUC does? Collapses planted in fine-tunings, ten seeds, against plain alarms.

    nice -n 10 python -m benchmarks.early_warning --keep docs/results/early_warning.csv --out docs/results

arXiv 2604.08502 reports that Score-CAM's C-Score on ResNet50V2 fell one checkpoint before AUC collapsed: one
training, no control. Here resnetv2_mini is fine-tuned on phantoms of two classes. A seed's training goes on
as it is (the control), or, from an epoch on that depends on the seed (4 to 6), collapses: its learning rate
doubles with every epoch (`rate`), or with every epoch another tenth of the training labels turns into the
other class (`labels`). After every epoch: AUC, accuracy and loss on the validation split, and the C-Score of
a few validation images by several methods. benchmarks/alarms.py holds what counts as collapse and as alarm,
and the rule of the verdict, which was fixed before the run.

Prints the tables and the verdict, and writes early_warning.png. A seed that stands in the file of `--keep`
is not trained again.
"""

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf
from scipy.special import log_softmax
from sklearn.metrics import roc_auc_score

from benchmarks.alarms import COLLAPSE, CONTROL, METHODS, START, collapses, print_verdict, report
from evidrift.attribution.explain import explain
from evidrift.attribution.family import Family
from evidrift.attribution.network import Network
from evidrift.attribution.subset import choose
from evidrift.base.progress import Progress
from evidrift.base.seeds import stream
from evidrift.families import cam, channel_cam
from evidrift.images.store import Images, ImageStore
from evidrift.measures.canvas import OK, draw
from evidrift.networks.classifier import network_input, set_batchnorm
from evidrift.networks.target.layers import resolve
from evidrift.training.adam import Adam
from evidrift.training.finetune import image_examples
from evidrift.training.loop import compile_forward, predict, seed_dropout
from evidrift.trajectory.c_score import c_score, consistency
from tests.planted import COMMON, Miniature, miniature, prepared

ARCHITECTURE = "resnetv2_mini"
RECIPE = {
    "seed": 11,
    "contrast": 1.0,
    "patients": {"train": 60, "validation": 50, "test": 5},
    "classes": ["bacterial_pneumonia", "normal"],
}
SIZE = 64  # px
FEW = 6  # validation images of each class that are explained
EPOCHS, BATCH, RATE = 10, 16, 0.0005
STARTS = (4, 5, 6)
DOUBLING, TURNED = 2.0, 0.1  # of the rate, and of the labels, an epoch
LAYER = "penultimate"


@dataclass(frozen=True)
class Tuning:
    """A fine-tuning that can be taken back to where it was.

    Attributes:
        mini: the network.
        variables: that are trained.
        adam: of these.
        step: one batch: inputs, labels, rate.
        inputs: of all training images, (n, H, W, 3).
    """

    mini: Miniature
    variables: list[Any]
    adam: Adam
    step: Any
    inputs: np.ndarray

    def epoch(self, labels: np.ndarray, rate: float, seed: int, number: int) -> None:
        """Train one epoch."""
        seed_dropout(self.mini.classifier, seed, number)
        order = stream("early warning, order", seed, number).permutation(len(labels))
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            self.step(self.inputs[rows], labels[rows].astype(np.int32), np.float32(rate))

    def state(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Weights and moments."""
        return self.mini.classifier.get_weights(), [each.numpy() for each in self.adam.state]

    def resume(self, weights: list[np.ndarray], moments: list[np.ndarray] | None = None) -> None:
        """Go on from there; without moments, afresh."""
        self.mini.classifier.set_weights(weights)
        for at, variable in enumerate(self.adam.state):
            variable.assign(tf.zeros_like(variable) if moments is None else moments[at])


def tuning(mini: Miniature, store: ImageStore) -> Tuning:
    """The gentle recipe: BatchNorm in inference mode."""
    variables = [each.value for each in set_batchnorm(mini.classifier, "inference")]
    adam = Adam(variables)

    @tf.function(reduce_retracing=True)
    def step(inputs: tf.Tensor, labels: tf.Tensor, rate: tf.Tensor) -> None:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(variables)
            logits = mini.classifier(inputs, training=True)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        adam.apply(tape.gradient(loss, variables), rate)

    inputs = network_input(store.split("train").pixels[:], mini.zoo)
    return Tuning(mini, variables, adam, step, np.asarray(inputs, np.float32))


class Watch:
    """What is measured after each epoch."""

    def __init__(self, mini: Miniature, validation: Images) -> None:
        """Of this network, on these images."""
        self.examples, self.labels = image_examples(validation, mini.zoo, 0), validation.labels
        self.forward = compile_forward(mini.classifier)
        few = choose(validation.ids, validation.labels, FEW)
        self.few, self.pixels, self.content = few, validation.pixels[few], validation.content[few]
        self.patients = np.asarray(validation.patient_ids)[few]
        layers = resolve(mini.classifier, [LAYER])
        self.network = Network(
            mini.classifier, layers, lambda pixels: network_input(pixels, mini.zoo), "centred"
        )
        settings: dict[str, Any] = COMMON | {"layers": [LAYER]}
        own = [method for method in METHODS if method != "score_cam"]
        self.families = [
            Family("cam", cam, cam.Params(methods=own, **settings)),
            Family("channel_cam", channel_cam, channel_cam.Params(methods=["score_cam"], **settings)),
        ]

    def measure(self) -> dict[str, float]:
        """AUC, accuracy and loss, and by method the C-Score and what of it is beyond chance."""
        logits = predict(self.forward, self.examples).astype(np.float64)
        if not np.isfinite(logits).all():  # it has diverged
            return {"auc": 0.5, "accuracy": 0.5, "loss": np.inf}
        told = log_softmax(logits, axis=1)
        found = {
            "auc": float(roc_auc_score(self.labels, told[:, 1] - told[:, 0])),
            "accuracy": float(np.mean(logits.argmax(1) == self.labels)),
            "loss": float(-told[np.arange(len(told)), self.labels].mean()),
        }
        labels = self.labels[self.few]
        for family in self.families:
            maps = explain(self.network, family, self.pixels, labels).layers[LAYER].methods
            for method, signed in maps.items():
                drawn = draw(signed, self.content, SIZE)
                ok = drawn.status == OK
                columns = consistency(drawn.values, ok, logits[self.few], labels, self.patients)
                score = c_score(pd.DataFrame({"label": labels, "patient_id": self.patients} | columns))
                found |= {method: score.score, f"{method}_beyond": score.beyond}
        return found


def followed(tuned: Tuning, watch: Watch, labels: np.ndarray, seed: int) -> Iterator[dict[str, Any]]:
    """Rows of one seed: its control, and from where it begins each collapse, up to its end."""
    start = STARTS[int(stream("early warning, start", seed).integers(len(STARTS)))]
    turning = stream("early warning, labels", seed).random(len(labels))
    tuned.resume(tuned.mini.transferred(seed))
    kept, before = tuned.state(), []

    def row(kind: str, epoch: int) -> dict[str, Any]:
        return {"seed": seed, "kind": kind, "epoch": epoch, START: start, **watch.measure()}

    for epoch in range(1, EPOCHS + 1):
        if epoch == start:
            kept = tuned.state()
        tuned.epoch(labels, RATE, seed, epoch)
        now = row(CONTROL, epoch)
        before += [now["auc"]] if epoch < start else []
        yield now
    for kind in COLLAPSE:
        tuned.resume(*kept)
        for step, epoch in enumerate(range(start, start + EPOCHS), start=1):
            rate = RATE * DOUBLING**step if kind == "rate" else RATE
            wrong = turning < (TURNED * step if kind == "labels" else 0)
            tuned.epoch(np.where(wrong, 1 - labels, labels), rate, seed, epoch)
            now = row(kind, epoch)
            yield now
            if collapses(now["auc"], before):
                break


def main() -> None:
    """Train, judge and print."""
    args = parse_args()
    keep = args.keep
    rows = pd.read_csv(keep) if keep and keep.exists() else pd.DataFrame({"seed": []})
    missing = [seed for seed in args.seeds if seed not in set(rows["seed"])]
    if missing:
        with tempfile.TemporaryDirectory() as folder:
            store = prepared(Path(folder), RECIPE, None, SIZE)
            mini = miniature(ARCHITECTURE, store)
            tuned, watch = tuning(mini, store), Watch(mini, store.split("validation"))
            for seed in Progress(missing, desc="trainings", unit="seed"):
                own = pd.DataFrame(list(followed(tuned, watch, store.split("train").labels, seed)))
                rows = pd.concat([rows, own], ignore_index=True) if len(rows) else own
                if keep:
                    rows.to_csv(keep, index=False, float_format="%.6g")
    rows = rows[rows["seed"].isin(args.seeds)]
    print_verdict(report(rows, args.out))


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(1, 11)))
    parser.add_argument("--keep", type=Path, help="CSV of what was measured, which is used again")
    parser.add_argument("--out", type=Path, help="folder for the figure")
    return parser.parse_args()


if __name__ == "__main__":
    main()
