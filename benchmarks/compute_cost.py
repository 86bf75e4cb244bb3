"""What `compute.instructions: portable` costs a network, and a second thread: against native, side by side.

python -m benchmarks.compute_cost densenet_mini 128 --batch 32
python -m benchmarks.compute_cost resnet50v2 224 --batch 8

Each measurement is a process of its own, all kinds by turns. Printed are medians of the rounds, in seconds of
user CPU and by the clock, of the same passes and training steps, without the first of each.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median

from evidrift.base.compute import Compute, pin

CLASSES = 5


def seconds(work: Callable[[], object], times: int) -> tuple[float, float]:
    """User CPU and clock of as many calls, after one more that builds the graph."""
    work()
    cpu, clock = resource.getrusage(resource.RUSAGE_SELF).ru_utime, time.perf_counter()
    for _ in range(times):
        work()
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime - cpu, time.perf_counter() - clock


def measure(args: argparse.Namespace, instructions: str, threads: int) -> dict[str, tuple[float, float]]:
    """Of forward passes and of training steps, in this process."""
    pin(Compute(threads=threads, instructions=instructions))
    import evidrift.networks.start_tensorflow  # noqa: F401, I001 - first, before TensorFlow
    import keras
    import tensorflow as tf

    from evidrift.networks.backbone import build_backbone
    from evidrift.networks.classifier import build_classifier

    network = build_classifier(build_backbone(args.architecture, args.size, {}), CLASSES, 0.0)
    optimiser = keras.optimizers.Adam(1e-4)
    images = tf.random.stateless_uniform((args.batch, args.size, args.size, 3), (1, 2))
    labels = tf.range(args.batch) % CLASSES

    @tf.function
    def forward() -> tf.Tensor:
        return network(images, training=False)

    @tf.function
    def step() -> tf.Tensor:
        with tf.GradientTape() as tape:
            logits = network(images, training=True)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        variables = network.trainable_variables
        optimiser.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    return {"forward": seconds(forward, 2 * args.steps), "training": seconds(step, args.steps)}


def main() -> None:
    """All kinds by turns."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("architecture")
    parser.add_argument("size", type=int)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kinds", nargs="+", default=["native-1", "portable-1", "native-2", "portable-2"])
    parser.add_argument("--only", help="measure one kind in this process, as the others are told to")
    args = parser.parse_args()
    if args.only:
        instructions, threads = args.only.split("-")
        print(json.dumps(measure(args, instructions, int(threads))))
        return
    found: dict[str, list[dict]] = {kind: [] for kind in args.kinds}
    for _ in range(args.rounds):
        for kind in args.kinds:
            words = [sys.executable, "-m", "benchmarks.compute_cost", *sys.argv[1:], "--only", kind]
            done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
            found[kind].append(json.loads(done.stdout))
    for work in ("forward", "training"):
        print(f"{args.architecture}, {args.size} px, {work}")
        for kind, runs in found.items():
            cpu, clock = (median(run[work][at] for run in runs) for at in (0, 1))
            first = median(run[work][0] for run in found[args.kinds[0]])
            print(f"  {kind:12} {cpu:7.2f} s user CPU {clock:7.2f} s  {cpu / first:.2f} of the first's CPU")


if __name__ == "__main__":
    main()
