"""Fine-tunings that lost what transfer learning had reached, and learned anew."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

FALL = 0.1  # of validation accuracy below tl's; more is no fine-tuning


class Relearned(NamedTuple):
    """The worst epoch of a fine-tuning that fell.

    Attributes:
        arch: its architecture.
        seed: of training.
        epoch: of fine-tuning, from 1.
        tl: validation accuracy of the transfer-learned network.
        fallen: validation accuracy after that epoch.
    """

    arch: str
    seed: int
    epoch: int
    tl: float
    fallen: float


def relearned(
    training: Mapping[tuple[str, int, str], dict[str, Any]],
    histories: Mapping[tuple[str, int, str], pd.DataFrame],
) -> list[Relearned]:
    """Fine-tunings of which an epoch's validation accuracy lies more than FALL below tl's.

    Args:
        training: see `compare.study.Study`.
        histories: likewise; trainings without one are not judged.

    Returns:
        In the histories' order.
    """
    found = []
    for (arch, seed, checkpoint), history in histories.items():
        if checkpoint != "ft":
            continue
        tl = training[arch, seed, "tl"]["validation"]["accuracy"]
        worst = history.loc[history["validation_accuracy"].idxmin()]
        # both are whole images of the same split, written with six decimals: exactly FALL is not more
        if tl - worst["validation_accuracy"] > FALL + 1e-5:
            fallen = float(worst["validation_accuracy"])
            found.append(Relearned(arch, seed, int(worst["epoch"]), tl, fallen))
    return found
