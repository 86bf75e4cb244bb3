"""Cost of the CAM family against the plain compiled forward pass of the same network and batch.

    python -m benchmarks.cam_cost [--architecture resnet50v2] [--size 224] [--batch 16] [--rounds 8]

Prints images/s and their ratio to the forward pass. Variants take turns, so that a busy machine slows all of
them alike; the median over rounds is shown. All maps of the family are computed, on random weights: the cost
does not depend on them.
"""

import argparse
import time
from collections.abc import Callable
from statistics import median

import numpy as np

import evidrift.networks.start_tensorflow  # noqa: F401 - first, before TensorFlow
from evidrift.attribution.layers import resolve
from evidrift.attribution.network import Network
from evidrift.families import cam
from evidrift.networks.backbone import build_backbone
from evidrift.networks.catalogue import find
from evidrift.networks.classifier import build_classifier, network_input
from evidrift.training.loop import compile_forward

CLASSES = 5


def main() -> None:
    """Measure and print."""
    args = parse_args()
    zoo = find(args.architecture)
    classifier = build_classifier(build_backbone(args.architecture, args.size, {}), CLASSES, dropout=0)
    pixels = np.random.default_rng(0).integers(0, 256, (args.batch, args.size, args.size), dtype=np.uint8)
    forward = compile_forward(classifier)

    def explained(layers: list[str], classes: int) -> Callable[[], object]:
        params = cam.Params(
            methods=["grad_cam", "grad_cam_pp", "grad_cam_pp_unit", "layer_cam", "hires_cam"],
            layers=layers,
            score="centred",
            target="label",
            batch_size=args.batch,
            images_per_class=None,
        )
        network = Network(
            classifier, resolve(classifier, layers), lambda each: network_input(each, zoo), "centred"
        )
        targets = [np.full(args.batch, label) for label in range(classes)]
        return lambda: [cam.explain(network, pixels, each, params, 1.0) for each in targets]

    both = ["penultimate", "last"]
    variants: dict[str, Callable[[], object]] = {
        "forward pass": lambda: forward(network_input(pixels, zoo)).numpy(),
        "one class at last": explained(["last"], 1),
        "one class at both layers": explained(both, 1),
        "five classes at both layers": explained(both, CLASSES),
    }
    for run in variants.values():
        run()  # compiles
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(args.rounds):
        for name, run in variants.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    plain = median(seconds["forward pass"])
    for name, each in seconds.items():
        rate = args.batch / median(each)
        print(f"{name:28} {rate:7.1f} images/s   {plain / median(each):.3f} of the forward pass")


def parse_args() -> argparse.Namespace:
    """What to measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--architecture", default="resnet50v2")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=8)
    return parser.parse_args()


if __name__ == "__main__":
    main()
