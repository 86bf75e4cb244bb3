"""How far apart are the hashes of different patients' films, and those of a film and its changed copy?

    python -m benchmarks.near_duplicates data/images/store.h5

Prints the smallest distances between films of different patients, and for each kind of change the distances
of all films to their copies and the share of copies that the threshold finds.
"""

import argparse
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from evidrift.base.seeds import stream
from evidrift.images.store import SPLITS, Images, ImageStore
from evidrift.probe.duplicates import THRESHOLD, distances, hashes


def reencoded(film: np.ndarray) -> np.ndarray:
    """JPEG of quality 50."""
    data = io.BytesIO()
    Image.fromarray(film).save(data, "JPEG", quality=50)
    return np.asarray(Image.open(data))


def resized(film: np.ndarray, scale: float) -> np.ndarray:
    """Made smaller, and back."""
    small = cv2.resize(film, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, film.shape[::-1], interpolation=cv2.INTER_LINEAR)


def cropped(film: np.ndarray, top: float, bottom: float, left: float, right: float) -> np.ndarray:
    """Shares of the sides cut off, and resized to what it was."""
    height, width = film.shape
    rows = slice(round(top * height), height - round(bottom * height))
    columns = slice(round(left * width), width - round(right * width))
    return cv2.resize(film[rows, columns], (width, height), interpolation=cv2.INTER_LINEAR)


def brightened(film: np.ndarray, by: float | np.ndarray) -> np.ndarray:
    """With other grey values, clipped."""
    return np.clip(film + np.float64(by), 0, 255).astype(np.uint8)


def noisy(film: np.ndarray) -> np.ndarray:
    """With noise of 5 grey values, the same on every film."""
    return brightened(film, stream("near duplicates").normal(0, 5, film.shape))


CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "JPEG, quality 50": reencoded,
    "half the size": lambda film: resized(film, 0.5),
    "a quarter of the size": lambda film: resized(film, 0.25),
    "30 grey values brighter": lambda film: brightened(film, 30),
    "30 grey values darker": lambda film: brightened(film, -30),
    "20 % more contrast, clipped": lambda film: brightened(film, 0.2 * film),
    "histogram equalised": cv2.equalizeHist,
    "noise of 5 grey values": noisy,
    "1 % cropped off each side": lambda film: cropped(film, 0.01, 0.01, 0.01, 0.01),
    "2 % cropped off the top": lambda film: cropped(film, 0.02, 0, 0, 0),
    "2 % cropped off the left": lambda film: cropped(film, 0, 0, 0.02, 0),
    "2 % cropped off each side": lambda film: cropped(film, 0.02, 0.02, 0.02, 0.02),
    "5 % cropped off each side": lambda film: cropped(film, 0.05, 0.05, 0.05, 0.05),
}


def changed(images: Images, change: Callable[[np.ndarray], np.ndarray]) -> Images:
    """All films changed in the same way."""
    return replace(images, pixels=np.stack([change(film) for film in images.pixels]))


def main() -> None:
    """Print the distances."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("store", type=Path)
    store = ImageStore(parser.parse_args().store)
    parts = [store.split(split) for split in SPLITS]
    bits = [hashes(part) for part in parts]
    every, patients = np.concatenate(bits), np.concatenate([part.patient_ids for part in parts])
    pairs = np.triu(patients[:, np.newaxis] != patients)
    apart = np.sort(distances(every, every)[pairs])
    print(
        f"{len(apart):,} pairs of films of different patients: median {np.median(apart):g} bits apart, ",
        end="",
    )
    print(f"the nearest {', '.join(map(str, apart[:5]))}; threshold {THRESHOLD}")
    for name, change in CHANGES.items():
        copies = [hashes(changed(part, change)) for part in parts]
        moved = np.bitwise_count(every ^ np.concatenate(copies)).sum(axis=1, dtype=np.int64)
        print(f"{name}: median {np.median(moved):g}, at most {moved.max()}; ", end="")
        print(f"{np.mean(moved <= THRESHOLD):.1%} found")


if __name__ == "__main__":
    main()
