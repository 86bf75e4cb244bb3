"""Count the errors of the test for inverted films, both ways, on phantoms and on a folder of real ones.

python -m tools.formats.inverted [FOLDER]
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from evidrift.prepare.films.inverted import CLEAR, DOUBTFUL, polarity
from evidrift.prepare.phantoms.draw import draw
from evidrift.prepare.phantoms.recipe import load_recipe, patients
from evidrift.prepare.read import read_grey

RECIPE = Path("phantoms/default.yaml")
SIDE = 128  # px of a phantom
Change = Callable[[np.ndarray], np.ndarray]


def main() -> None:
    """Print a table: how many films were turned or doubted as they are, and once they are inverted."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", help="of real films, ordinary ones")
    folder = parser.parse_args().folder
    recipe = load_recipe(RECIPE)
    drawn = [draw(recipe, label, patient, SIDE).image for patient, label, _ in patients(recipe)]
    rows = [row("phantoms", name, drawn, change) for name, change in changes()]
    if folder:
        paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
        real = [read_grey(path.read_bytes()) for path in paths]
        rows += [row("real", name, real, change) for name, change in changes()]
    print(pd.DataFrame(rows).to_markdown(index=False))


def changes() -> Iterator[tuple[str, Change]]:
    """What films meet: exposures, crops, frames, and how they lie."""
    rng = np.random.default_rng(0)

    def power(exponent: float) -> Change:
        return lambda film: np.rint(255 * (film / 255) ** exponent).astype(np.uint8)

    def noise(film: np.ndarray) -> np.ndarray:
        return np.clip(film + rng.normal(0, 40, film.shape), 0, 255).astype(np.uint8)

    def crop(share: float) -> Change:
        def cut(film: np.ndarray) -> np.ndarray:
            height, width = (int(share * side) for side in film.shape)
            top, left = (
                rng.integers(0, side - part + 1)
                for side, part in zip(film.shape, (height, width), strict=True)
            )
            return film[top : top + height, left : left + width]

        return cut

    def frame(value: int, top: float, bottom: float, side: float) -> Change:
        def put(film: np.ndarray) -> np.ndarray:
            height, width = film.shape
            widths = (int(top * height), int(bottom * height), int(side * width), int(side * width))
            return cv2.copyMakeBorder(film, *widths, cv2.BORDER_CONSTANT, value=[value])

        return put

    yield "as they are", lambda film: film
    yield "darker (power 3)", power(3)
    yield "brighter (power 1/3)", power(1 / 3)
    yield "noise of 40 grey levels", noise
    yield "cropped to 85 %", crop(0.85)
    yield "cropped to 70 %", crop(0.7)
    yield "black frame of 12 %", frame(0, 0.12, 0.12, 0.12)
    yield "white frame of 12 %", frame(255, 0.12, 0.12, 0.12)
    yield "a black third below", frame(0, 0, 0.33, 0)
    yield "lying on the side", lambda film: np.rot90(film).copy()
    yield "upside down", lambda film: film[::-1].copy()


def row(source: str, name: str, films: list[np.ndarray], change: Change) -> dict[str, str | int]:
    """Counts of one change; turning a film turns the sign of its polarity."""
    found = np.array([polarity(change(film)) for film in films])
    return {
        "films": source,
        "how": name,
        "n": len(films),
        "ordinary: turned": int((found <= CLEAR).sum()),
        "ordinary: doubted": int(((found > CLEAR) & (found <= DOUBTFUL)).sum()),
        "inverted: turned": int((-found <= CLEAR).sum()),
        "inverted: doubted": int(((-found > CLEAR) & (-found <= DOUBTFUL)).sum()),
    }


if __name__ == "__main__":
    main()
