"""Parameters of the stage train_tl."""

from pathlib import Path

from evidrift.params.section import load_section
from evidrift.params.training import Training


class TrainTl(Training):
    """Transfer learning: the head on the frozen backbone's features."""


def load_train_tl(path: Path, architecture: str) -> TrainTl:
    """The section `train_tl.<architecture>` of a parameter file."""
    return load_section(path, TrainTl, "train_tl", architecture)
