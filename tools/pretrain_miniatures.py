"""Pretrain the miniature networks on phantoms of another task, and write their weights into the zoo.

    python -m tools.pretrain_miniatures

The task is to tell which of ten generic findings a film shows (evidrift/images/phantoms/pretraining.py); none
of the study's classes is drawn. The same machine writes the same bytes again. Where they have changed, the
sha256 printed at the end belong into params.yaml and the profiles.
"""

import argparse
import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import h5py
import keras
import numpy as np
import tensorflow as tf

from evidrift.base.progress import Progress
from evidrift.base.seeds import stream
from evidrift.networks.backbone import build_backbone
from evidrift.networks.catalogue import ZOO, find
from evidrift.networks.checkpoint import save_weights
from evidrift.networks.classifier import build_classifier, network_input, set_batchnorm
from evidrift.training.adam import Adam, learning_rate
from evidrift.training.params import Training
from tools.pretraining_phantoms import FINDINGS, draw_generic

SEED, SIZE, N_FILMS = 0, 128, 3600


def loop(epochs: int, learning_rate: float) -> Training:
    """Parameters of one pretraining."""
    return Training(
        epochs=epochs,
        batch_size=32,
        learning_rate=learning_rate,
        warmup_epochs=1,
        dropout=0,
        checkpoint="last",
    )


# Chosen by transfer to the study's classes, not by the loss: small findings are learned late and all at once.
MINIATURES = {
    "densenet_mini": loop(epochs=9, learning_rate=0.003),
    "inception_mini": loop(epochs=9, learning_rate=0.01),
    "resnetv2_mini": loop(epochs=9, learning_rate=0.01),
    "vit_mini": loop(epochs=15, learning_rate=0.003),
}
# Sums are split by thread, so a number of its own keeps the bytes independent of the machine's cores.
THREADS = 2


def main() -> None:
    """Draw the films once, then train and write each miniature."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=ZOO / "weights", help="folder to write into")
    parser.add_argument(
        "--only", choices=MINIATURES, help="one of them: the others' bytes do not depend on it"
    )
    args = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
    films, findings = draw_films()
    for name in [args.only] if args.only else MINIATURES:
        path = args.out / f"{name}.weights.h5"
        write_half(pretrain(name, MINIATURES[name], films, findings), path)
        print(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path}")


def draw_films() -> tuple[np.ndarray, np.ndarray]:
    """Films, (n, size, size) uint8, and the presence of each finding, (n, 10) float32."""
    # TensorFlow's threads do not survive a fork
    with ProcessPoolExecutor(THREADS, get_context("spawn")) as pool:
        drawn = pool.map(partial(draw_generic, SEED, size=SIZE), range(N_FILMS), chunksize=20)
        films, findings = zip(*Progress(drawn, "films", N_FILMS, unit="film"), strict=True)
    return np.stack(films), np.stack(findings).astype(np.float32)


def pretrain(name: str, params: Training, films: np.ndarray, findings: np.ndarray) -> keras.Model:
    """The miniature's trunk, trained under a layer of ten sigmoid outputs that is then thrown away."""
    zoo = find(name)
    backbone = build_backbone(name, SIZE, {})
    step = compile_step(build_classifier(backbone, len(FINDINGS), dropout=0))
    per_epoch = N_FILMS // params.batch_size
    with Progress(total=params.epochs * per_epoch, desc=name, unit="step") as progress:
        for number, (rows, mirrored) in enumerate(batches(name, params)):
            shown = np.where(mirrored[:, None, None], films[rows, :, ::-1], films[rows])
            rate = tf.constant(learning_rate(number, per_epoch, params), tf.float32)
            loss = step(network_input(shown, zoo), findings[rows], rate)
            progress.set_postfix(loss=f"{float(loss):.3f}", refresh=False)
            progress.update()
    return backbone


def batches(name: str, params: Training) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows of each step of all epochs, and which of them are shown mirrored."""
    for epoch in range(params.epochs):
        rng = stream("pretraining", name, epoch)
        order, mirrored = rng.permutation(N_FILMS), rng.random(N_FILMS) < 0.5
        for start in range(0, N_FILMS - params.batch_size + 1, params.batch_size):
            rows = order[start : start + params.batch_size]
            yield rows, mirrored[rows]


def compile_step(classifier: keras.Model) -> Callable[[np.ndarray, np.ndarray, tf.Tensor], tf.Tensor]:
    """One step of Adam on the mean of the ten binary cross-entropies, which it returns."""
    variables = [variable.value for variable in set_batchnorm(classifier, "update")]
    adam = Adam(variables)

    def step(inputs: tf.Tensor, findings: tf.Tensor, rate: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(variables)
            logits = classifier(inputs, training=True)
            loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(findings, logits))
        adam.apply(tape.gradient(loss, variables), rate)
        return loss

    return tf.function(step)


def write_half(model: keras.Model, path: Path) -> None:
    """Write weights with 16 bits a number: half the file, and accuracy moves by half a point at most."""
    save_weights(model, path)
    with h5py.File(path) as file:
        content = list_content(file)
    with h5py.File(path, "w") as file:
        for name, attributes, values in content:
            item = file.create_group(name) if values is None else file.create_dataset(name, data=values)
            item.attrs.update(attributes)


def list_content(file: h5py.File) -> list[tuple[str, dict, np.ndarray | None]]:
    """Name, attributes and, of a data set, its values as float16, of everything in the file."""
    content: list[tuple[str, dict, np.ndarray | None]] = []

    def visit(name: str, item: h5py.Group | h5py.Dataset) -> None:
        values = item[()].astype(np.float16) if isinstance(item, h5py.Dataset) else None
        content.append((name, dict(item.attrs), values))

    file.visititems(visit)
    return content


if __name__ == "__main__":
    main()
