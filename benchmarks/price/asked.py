"""What a checkpoint says of the test films, in memory and on disk. Needs no TensorFlow."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Asked:
    """What one checkpoint says of n test films.

    Attributes:
        clean: logits of the films without the letter, (n, classes).
        lettered: logits of the same films, the letter painted into all of them.
        reliance: of the marked class's films with the letter, on its corner, (fills, n of that class): by how
            much more the centred score falls there than at random places.
        moved: share of the strongest evidence that lies elsewhere than under tl on clean films, (n,); NaN
            without a map.
    """

    clean: np.ndarray
    lettered: np.ndarray
    reliance: np.ndarray
    moved: np.ndarray


def save(path: Path, asked: Mapping[str, Asked]) -> None:
    """Keep what checkpoints said."""
    arrays = {f"{name}/{key}": value for name, each in asked.items() for key, value in asdict(each).items()}
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, **arrays)
    partial.replace(path)


def load(path: Path) -> dict[str, Asked]:
    """What was kept, by checkpoint."""
    with np.load(path) as file:
        names = dict.fromkeys(key.rpartition("/")[0] for key in file.files)
        keys = Asked.__dataclass_fields__
        return {name: Asked(**{key: file[f"{name}/{key}"] for key in keys}) for name in names}
