"""Images that look the same and stand in different splits, found by a perceptual hash."""

from collections.abc import Sequence
from itertools import combinations

import imagehash
import numpy as np
from PIL import Image

from evidrift.base.progress import Progress
from evidrift.images.store import SPLITS, Images
from evidrift.probe.results import NearDuplicate
from evidrift.probe.traits import films

SIDE = 24
# An eighth of the bits. Films of different patients are at least 74 apart (cxr5, 115,921 pairs; phantoms, 1.6
# million); copies that were re-encoded, resized or brightened are nearer, cropped ones mostly: docs/probe.md.
THRESHOLD = 72
BLOCK = 64  # rows of distances at a time, so that they fit into memory
AT_ONCE = 512


def hashes(images: Images) -> np.ndarray:
    """Each film's difference hash (Krawetz 2013): at 24x24 places, is it brighter than just to the left?

    It tells patients apart better than the usual 8x8 places do, and moves less with a crop than the hash of
    the cosine transform (phash).

    Returns:
        (n, 9) uint64, 576 bits a film.
    """
    every = Progress(films(images), "probe images", len(images.ids), unit="image")
    bits = [
        np.packbits(imagehash.dhash(Image.fromarray(film), hash_size=SIDE).hash.ravel()) for film in every
    ]
    return np.asarray(bits, np.uint8).reshape(len(bits), SIDE * SIDE // 8).view(np.uint64)


def distances(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Number of bits in which hashes differ, (n, 9) and (m, 9) uint64 -> (n, m) uint16."""
    apart = np.zeros((len(some), len(others)), np.uint16)
    # a word after the other, and few enough others at once that all stays in the processor's cache: every
    # film is compared with every film of another split, the one step that grows with the square
    for first in range(0, len(others), AT_ONCE):
        columns = slice(first, first + AT_ONCE)
        for mine, theirs in zip(some.T, np.ascontiguousarray(others[columns].T), strict=True):
            apart[:, columns] += np.bitwise_count(mine[:, np.newaxis] ^ theirs)
    return apart


def near_duplicates(
    bits: np.ndarray, image_ids: np.ndarray, splits: np.ndarray, identical_to: Sequence[str]
) -> list[NearDuplicate]:
    """All pairs across splits that are at most THRESHOLD bits apart, sorted.

    Args:
        bits: as `hashes` gives them, (n, 9).
        image_ids: (n,) str.
        splits: (n,) str.
        identical_to: the image whose very pixels each has, or "": such pairs are prepare's to report.
    """
    pixels = np.array([twin or image_id for image_id, twin in zip(image_ids, identical_to, strict=True)])
    found = []
    for split, other_split in combinations(SPLITS, 2):
        rows, others = np.flatnonzero(splits == split), np.flatnonzero(splits == other_split)
        for start in range(0, len(rows), BLOCK):
            block = rows[start : start + BLOCK]
            apart = distances(bits[block], bits[others])
            near = (apart <= THRESHOLD) & (pixels[block, np.newaxis] != pixels[others])
            found += [
                NearDuplicate(
                    str(image_ids[block[i]]), split, str(image_ids[others[j]]), other_split, int(apart[i, j])
                )
                for i, j in np.argwhere(near)
            ]
    return sorted(found)
