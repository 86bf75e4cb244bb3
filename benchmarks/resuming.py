"""What it costs to keep a training's state after each epoch, as a share of the epoch's own CPU time.

python -m benchmarks.resuming densenet_mini 128 --images 160
python -m benchmarks.resuming resnet50v2 224 --images 32

The state is written after every epoch here; training writes it once a second at most. The share falls as the
images of an epoch grow more.
"""

import argparse
import resource
import tempfile
from pathlib import Path

import evidrift.networks.start_tensorflow  # isort: skip  # noqa: F401 - first, before TensorFlow
import numpy as np

from benchmarks.performance.networks import Measured
from benchmarks.performance.training import splits
from evidrift.base.unfinished import scratch as on_disk
from evidrift.base.unfinished.scratch import Scratch
from evidrift.training.finetune import finetune
from evidrift.training.params import Finetune
from evidrift.training.state import State

EPOCHS = 3


def used() -> float:
    """CPU seconds of this process, the kernel's for it included."""
    both = resource.getrusage(resource.RUSAGE_SELF)
    return both.ru_utime + both.ru_stime


def main() -> None:
    """Print a line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("architecture")
    parser.add_argument("size", type=int)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--images", type=int, default=160)
    args = parser.parse_args()
    measured = Measured(args.architecture, args.size, args.batch, args.images)
    params = Finetune(
        epochs=EPOCHS,
        batch_size=args.batch,
        learning_rate=1e-4,
        warmup_epochs=0,
        dropout=0.2,
        checkpoint="best",
        views=0,
        batchnorm="inference",
        strategy={"plain": {}},
        averaging=1,
        keep_epochs=[1],
    )
    on_disk.EVERY = 0
    ends, kept = [], 0.0

    def timed(method):  # type: ignore[no-untyped-def]
        def call(*given, **named):  # type: ignore[no-untyped-def]
            nonlocal kept
            start = used()
            method(*given, **named)
            kept += used() - start

        return call

    State.take, State.keep = timed(State.take), timed(State.keep)  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory(dir=".") as folder:
        finetune(
            measured.classifier(),
            measured.zoo,
            *splits(measured),
            params,
            1,
            "finetune",
            lambda *_: ends.append((used(), kept)),
            Scratch(Path(folder) / "a", "", {}),
        )
        size = sum(file.stat().st_size for file in Path(folder).rglob("*.piece"))
    epochs, states = np.diff(np.array(ends), axis=0).mean(axis=0)  # the first epoch compiles
    print(
        f"{measured}, {args.images * 4 // 5} images: {epochs:.2f} s of CPU an epoch, of which its state "
        f"{states:.3f} s ({100 * states / epochs:.1f} %); {size / 2**20:.0f} MB in the end, all {EPOCHS} "
        "epochs' weights among them"
    )


if __name__ == "__main__":
    main()
