"""Pretrain the miniature networks on phantoms of another task, and write their weights into the zoo.

    python -m tools.pretrain_miniatures

The task is to tell which of ten generic findings a film shows (evidrift/images/phantoms/pretraining.py); none
of the study's classes is drawn. The same machine writes the same bytes again. After a change of the weights,
their sha256, which is printed at the end, belongs into params.yaml and the profiles.
"""

import argparse
import hashlib
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import h5py
import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from evidrift.images.phantoms.pretraining import FINDINGS, draw_generic
from evidrift.models.backbone import build_backbone
from evidrift.models.catalogue import ZOO, find
from evidrift.models.checkpoint import save_weights
from evidrift.models.classifier import build_classifier, network_input, set_batchnorm
from evidrift.seeds import stream
from evidrift.training.adam import Adam

MINIATURES = ("densenet_mini", "resnetv2_mini", "inception_mini")
SEED, SIZE, N_IMAGES = 0, 128, 3600
EPOCHS, BATCH_SIZE, LEARNING_RATE = 9, 32, 3e-3
# Sums are split by thread: the bytes must not depend on how many cores a machine has.
THREADS = 2


def main() -> None:
    """Draw the films once, then train and write each miniature."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, default=ZOO / "weights", help="folder to write into")
    folder = parser.parse_args().out
    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
    films, findings = draw_films()
    for name in MINIATURES:
        path = folder / f"{name}.weights.h5"
        write_half(pretrain(name, films, findings), path)
        print(f"{path} {hashlib.sha256(path.read_bytes()).hexdigest()}")


def draw_films() -> tuple[np.ndarray, np.ndarray]:
    """Films (n, size, size) uint8 and presence of each finding (n, 10) float32."""
    with ProcessPoolExecutor(THREADS) as pool:
        drawn = pool.map(partial(draw_generic, SEED, size=SIZE), range(N_IMAGES), chunksize=20)
        films, findings = zip(*tqdm(drawn, "films", N_IMAGES, unit="film", disable=None), strict=True)
    return np.stack(films), np.stack(findings).astype(np.float32)


def pretrain(name: str, films: np.ndarray, findings: np.ndarray) -> keras.Model:
    """The miniature's trunk, trained with a head of ten sigmoid outputs that is then thrown away."""
    zoo = find(name)
    backbone = build_backbone(name, SIZE, {})
    step = compiled_step(build_classifier(backbone, len(FINDINGS), dropout=0))
    n_steps = EPOCHS * (N_IMAGES // BATCH_SIZE)
    with tqdm(total=n_steps, desc=name, unit="step", disable=None, file=sys.stderr) as progress:
        for epoch in range(EPOCHS):
            for rows in batches(name, epoch):
                inputs = network_input(flipped(films[rows], name, progress.n), zoo)
                rate = tf.constant(learning_rate(progress.n, n_steps), tf.float32)
                loss = step(inputs, findings[rows], rate)
                progress.set_postfix(loss=f"{float(loss):.3f}", refresh=False)
                progress.update()
    return backbone
