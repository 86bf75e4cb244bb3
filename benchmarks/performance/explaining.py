"""The CAM family against plain forward passes of the same images."""

from collections.abc import Iterator, Sequence

import keras
import numpy as np

from benchmarks.performance.measuring import Line, Side, require_close, side_by_side
from benchmarks.performance.networks import LARGE, MINIATURES, Measured
from evidrift.attribution.explain import explain
from evidrift.attribution.family import Family
from evidrift.attribution.network import Network
from evidrift.families import cam
from evidrift.maps.mapfile import CheckpointMaps
from evidrift.networks.target.layers import resolve
from evidrift.training.loop import compile_forward

METHODS = ["grad_cam", "grad_cam_pp", "grad_cam_pp_unit", "layer_cam", "hires_cam"]
BOTH = ["penultimate", "last"]
LAYERS = {"at `last`": (["last"], 0.95), "at both layers": (BOTH, 0.8)}


class Explained:
    """A network whose maps of the whole CAM family are asked for, as the stage does: the scale is known."""

    def __init__(self, measured: Measured, classifier: keras.Model, layers: list[str]) -> None:
        params = cam.Params(
            methods=METHODS,
            layers=layers,
            score="centred",
            target="label",
            batch_size=measured.batch,
            images_per_class=None,
        )
        self.family = Family("cam", cam, params)
        self.network = Network(classifier, resolve(classifier, layers), measured.inputs, "centred")
        self.pixels, self.labels = measured.pixels(), measured.labels()
        self.n_maps = len(METHODS) * len(layers) * measured.n

    def maps(self) -> CheckpointMaps:
        """All of them."""
        return explain(self.network, self.family, self.pixels, self.labels, scale=1.0)


def against_forward_passes(
    rounds: int, networks: Sequence[Measured] = (*MINIATURES, LARGE)
) -> Iterator[Line]:
    """Both checkpoints explained, against two compiled forward passes in the same batches."""
    for measured in networks:
        yield from _against_forward_passes(measured, rounds)
        keras.backend.clear_session()


def _against_forward_passes(measured: Measured, rounds: int) -> Iterator[Line]:
    classifier = measured.classifier()
    pixels, weights = measured.pixels(), classifier.get_weights()
    checkpoints = [weights, [values * np.float32(1.01) for values in weights]]
    forward = compile_forward(classifier)

    def passes() -> np.ndarray:
        logits = []
        for weights in checkpoints:
            classifier.set_weights(weights)
            for first in range(0, measured.n, measured.batch):
                inputs = measured.inputs(pixels[first : first + measured.batch])
                logits.append(forward(inputs).numpy())
        return np.concatenate(logits)

    for at, (layers, wanted) in LAYERS.items():
        explained = Explained(measured, classifier, layers)

        def maps(explained: Explained = explained) -> np.ndarray:
            logits = []
            for weights in checkpoints:
                classifier.set_weights(weights)
                logits.append(explained.maps().logits)
            return np.concatenate(logits)

        require_close("logits", maps(), passes(), 1e-4)
        yield side_by_side(
            "explain",
            f"explain {at}: {measured}",
            "compiled forward passes",
            Side(maps),
            Side(passes),
            rounds,
            wanted,
        )
