"""Cost of an audit against the two forward passes that it cannot do without.

    python -m benchmarks.audit_cost [--architecture resnet50v2] [--size 224] [--images 500] [--rounds 3]

Two checkpoints (random weights: the cost does not depend on them) and films of noise are written to a folder
and audited at `last` and at `penultimate`, with the default methods and the report. Start-up is what the same
audit costs on one batch of films: imports, reading the files, compiling. What is printed is
(audit of all films - audit of one batch) / (two compiled forward passes over all films but one batch); audits
and passes take turns, so that a busy machine slows all of them alike, and the median over rounds is shown.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import keras
import numpy as np
from PIL import Image
from tqdm import tqdm

import evidrift.networks.start_tensorflow  # noqa: F401 - first, before TensorFlow
from evidrift.auditing.audit import audit
from evidrift.networks.backbone import build_backbone
from evidrift.networks.catalogue import find
from evidrift.networks.classifier import build_classifier, network_input
from evidrift.training.loop import compile_forward

CLASSES = 5
BATCH = 16
LAYERS = ("last", "penultimate")


def main() -> None:
    """Measure and print."""
    args = parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        classifiers = write_models(root, args.architecture, args.size)
        pixels = write_films(root, args.images, args.size)
        zoo = find(args.architecture)

        def passes(n: int) -> None:
            for forward in classifiers:
                for first in range(0, n, BATCH):
                    forward(network_input(pixels[first : first + BATCH], zoo)).numpy()

        def audited(layer: str, films: str) -> None:
            models = (root / "before.keras", root / "after.keras")
            audit(
                *models,
                root / films,
                layer=layer,
                preprocessing=args.architecture,
                batch_size=BATCH,
                out=root / "out",
                quiet=True,
            )

        rest = args.images - BATCH
        variants: dict[str, Callable[[], None]] = {"two forward passes": lambda: passes(rest)}
        for layer in LAYERS:
            variants[f"audit at {layer}"] = lambda layer=layer: audited(layer, "films")
            variants[f"audit at {layer}, one batch"] = lambda layer=layer: audited(layer, "batch")
        passes(BATCH)  # compiles
        seconds: dict[str, list[float]] = {name: [] for name in variants}
        for _ in tqdm(range(args.rounds), desc="rounds", disable=None):
            for name, run in variants.items():
                started = time.perf_counter()
                run()
                seconds[name].append(time.perf_counter() - started)
    middle = {name: median(values) for name, values in seconds.items()}
    print(f"{args.architecture}, {args.images} films, {args.size} px, batches of {BATCH}")
    for name, value in middle.items():
        print(f"{name:32} {value:7.1f} s")
    forward = middle["two forward passes"]
    for layer in LAYERS:
        more = middle[f"audit at {layer}"] - middle[f"audit at {layer}, one batch"]
        print(f"beyond start-up, at {layer:12} {more / forward:7.3f} of two forward passes")


def write_models(root: Path, architecture: str, size: int) -> list[Callable]:
    """Save two checkpoints of one network; their compiled forward passes."""
    forwards = []
    for seed, name in enumerate(("before", "after")):
        keras.utils.set_random_seed(seed)
        classifier = build_classifier(build_backbone(architecture, size, {}), CLASSES, dropout=0, seed=seed)
        classifier.save(root / f"{name}.keras")
        forwards.append(compile_forward(classifier))
    return forwards


def write_films(root: Path, n: int, size: int) -> np.ndarray:
    """JPEG films in class folders, and one batch of them in another folder; the pixels of all."""
    coarse = np.random.default_rng(0).integers(0, 256, (n, size // 8, size // 8), dtype=np.uint8)
    pixels = coarse.repeat(8, axis=1).repeat(8, axis=2)
    for number, film in enumerate(pixels):
        path = root / "films" / f"class{number % CLASSES}" / f"{number:04d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(film).save(path)
        if number < BATCH:
            copy = root / "batch" / path.relative_to(root / "films")
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
    return pixels


def parse_args() -> argparse.Namespace:
    """What to measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--architecture", default="resnet50v2")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    main()
