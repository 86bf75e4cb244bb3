"""A model exported with its evidence against the same without: what watching costs in service."""

from collections.abc import Iterator, Sequence

import keras
import numpy as np

from benchmarks.performance.measuring import Line, Side, require_close, side_by_side
from benchmarks.performance.networks import LARGE, MINIATURES, Measured
from evidrift.foreign.export import exported
from evidrift.training.loop import compile_forward


def against_the_plain_model(
    rounds: int, networks: Sequence[Measured] = (*MINIATURES, LARGE)
) -> Iterator[Line]:
    """Forward passes over the same films, in the same batches."""
    for measured in networks:
        classifier = measured.classifier()
        films = np.repeat(measured.pixels()[..., np.newaxis], 3, axis=-1).astype(np.float32)
        batches = [films[at : at + measured.batch] for at in range(0, measured.n, measured.batch)]
        plain, watched = (
            compile_forward(exported(classifier, measured.zoo, evidence)) for evidence in (False, True)
        )

        def probabilities(plain=plain, batches=batches) -> np.ndarray:
            return np.concatenate([plain(batch).numpy() for batch in batches])

        def both(watched=watched, batches=batches) -> np.ndarray:
            found = [{name: values.numpy() for name, values in watched(batch).items()} for batch in batches]
            return np.concatenate([each["probabilities"] for each in found])

        require_close("probabilities", both(), probabilities(), 1e-5)
        yield side_by_side(
            "export",
            f"a model exported with evidence: {measured}",
            "the same without",
            Side(both),
            Side(probabilities),
            rounds,
            0.95,
        )
        keras.backend.clear_session()
