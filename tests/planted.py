"""Phantoms with a planted shortcut, and miniatures trained on them: for the tests that know the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import numpy as np
import yaml

import evidrift.networks.start_tensorflow  # noqa: F401 - deterministic kernels
from evidrift.attribution.explain import explain_checkpoints, logits_of
from evidrift.attribution.family import Family
from evidrift.attribution.network import Network
from evidrift.images.store import Images, ImageStore
from evidrift.networks.backbone import build_backbone
from evidrift.networks.catalogue import ZOO, find
from evidrift.networks.checkpoint import load_weights
from evidrift.networks.classifier import build_classifier, network_input
from evidrift.prepare.params import Prepare, Split
from evidrift.prepare.prepare import Outputs, prepare
from evidrift.reliance.markers import find_markers
from evidrift.reliance.measuring import Predict, Reliance, measure_reliance
from evidrift.reliance.regions import image_regions
from evidrift.training.embed import embed, pooled
from evidrift.training.features import Features
from evidrift.training.finetune import finetune, image_examples
from evidrift.training.loop import compile_forward, predict
from evidrift.training.params import Finetune, TrainTl
from evidrift.training.strategy import Strategy
from evidrift.training.transfer import train_head

SIZE = 96
TL = TrainTl(epochs=40, batch_size=32, learning_rate=0.03, warmup_epochs=0, dropout=0.2, checkpoint="best")
# Strong trainings, not gentle ones: each network has to learn the letter.
LEARNING_RATES = {"resnetv2_mini": 0.002, "densenet_mini": 0.0015, "inception_mini": 0.001}
FT = {
    name: Finetune(
        epochs=8,
        batch_size=16,
        learning_rate=rate,
        warmup_epochs=1,
        dropout=0.2,
        checkpoint="last",
        views=0,
        batchnorm="update",
        strategy={"plain": {}},
        averaging=0,
        keep_epochs=[],
    )
    for name, rate in LEARNING_RATES.items()
}
COMMON = {"images_per_class": None, "score": "centred", "target": "label", "batch_size": 64}

Weights = list[np.ndarray]


def prepared(folder: Path, recipe: dict[str, Any], marked: str | None, size: int = SIZE) -> ImageStore:
    """The recipe's films, with a letter of lead in the corner of every one of class `marked`."""
    shortcut = {"class": marked, "share": 1.0} if marked else None
    (folder / "recipe.yaml").write_text(yaml.safe_dump({**recipe, "shortcut": shortcut}))
    params = Prepare(
        source=str(folder / "recipe.yaml"),
        manifest=None,
        size=size,
        padding=False,
        min_side=size,
        split=Split(salt="unused", train=0.6, validation=0.15),
    )
    outputs = (folder / file for file in ("store.h5", "manifest.csv", "exclusions.csv", "metrics.json"))
    prepare(params, Outputs(*outputs))
    return ImageStore(folder / "store.h5")


@dataclass(frozen=True)
class Miniature:
    """An architecture that takes the weights of one training after the other.

    Attributes:
        name: of the architecture.
        zoo: its module.
        classifier: network input -> logits.
        pretrained: the classifier's weights before any training; its head is at random.
        features: of the films that heads are trained on, by split.
    """

    name: str
    zoo: ModuleType
    classifier: keras.Model
    pretrained: Weights
    features: dict[str, Features]

    def transferred(self, seed: int, params: TrainTl = TL) -> Weights:
        """The transfer-learned checkpoint."""
        head, _, _ = train_head(self.features["train"], self.features["validation"], params, seed, "transfer")
        self.classifier.set_weights(self.pretrained)
        self.classifier.get_layer("logits").set_weights(head.get_layer("logits").get_weights())
        return self.classifier.get_weights()

    def tuned(
        self,
        transferred: Weights,
        store: ImageStore,
        seed: int,
        params: Finetune | None = None,
        strategy: Strategy | None = None,
    ) -> Weights:
        """The checkpoint that fine-tuning on a store's films makes of a transfer-learned one."""
        self.classifier.set_weights(transferred)
        splits = (store.split(split) for split in ("train", "validation"))
        recipe = params or FT[self.name]
        finetune(self.classifier, self.zoo, *splits, recipe, seed, "fine-tuning", strategy=strategy)
        return self.classifier.get_weights()

    def logits(self, checkpoints: Mapping[Any, Weights], images: Images) -> dict[Any, np.ndarray]:
        """Each checkpoint's logits, (n, classes)."""
        forward = compile_forward(self.classifier)
        found = {}
        for name, weights in checkpoints.items():
            self.classifier.set_weights(weights)
            found[name] = predict(forward, image_examples(images, self.zoo, 0))
        return found

    def predictors(self, checkpoints: Mapping[str, Weights]) -> dict[str, Predict]:
        """Each checkpoint as what gives logits of films."""
        network = Network(self.classifier, (), lambda pixels: network_input(pixels, self.zoo), "centred")

        def asking(weights: Weights) -> Predict:
            def ask(pixels: np.ndarray) -> np.ndarray:
                self.classifier.set_weights(weights)
                return logits_of(network, pixels, 64)

            return ask

        return {name: asking(weights) for name, weights in checkpoints.items()}

    def reliance(self, checkpoints: Mapping[str, Weights], images: Images, seed: int) -> Reliance:
        """What each checkpoint's decisions hang on: corners, border and markers."""
        markers = find_markers(images.pixels, images.content)
        regions = {name: masks for name, masks in image_regions(images).items() if "lung" not in name}
        return measure_reliance(
            {(seed, name): predict for name, predict in self.predictors(checkpoints).items()},
            images,
            regions | {"markers": markers},
            clean=~markers.any(axis=(1, 2)),
            architecture=self.name,
            quiet=True,
        )

    def maps(
        self,
        checkpoints: Mapping[Any, Weights],
        logits: Mapping[Any, np.ndarray],
        images: Images,
        chosen: np.ndarray,
        families: Sequence[Family],
    ) -> dict[Any, dict[str, np.ndarray]]:
        """By checkpoint and method, maps of the chosen images at `penultimate`."""
        found: dict[Any, dict[str, np.ndarray]] = {name: {} for name in checkpoints}
        for family in families:
            explained = explain_checkpoints(
                family,
                self.classifier,
                checkpoints,
                images,
                lambda pixels: network_input(pixels, self.zoo),
                logits,
                chosen,
            )
            for name, each in explained.items():
                found[name] |= each.layers["penultimate"].methods
        return found


def miniature(name: str, store: ImageStore) -> Miniature:
    """A miniature with its pretrained trunk, whose heads will be trained on a store's films."""
    zoo = find(name)
    backbone = build_backbone(name, store.size, {})
    load_weights(backbone, ZOO / "weights" / f"{name}.weights.h5")
    forward = compile_forward(pooled(backbone))
    features = {split: embed(forward, zoo, store.split(split), 0, 64) for split in ("train", "validation")}
    classifier = build_classifier(backbone, len(store.classes), FT[name].dropout)
    return Miniature(name, zoo, classifier, classifier.get_weights(), features)


def accuracy(logits: np.ndarray, images: Images) -> float:
    return float(np.mean(logits.argmax(-1) == images.labels))
