"""Images that look the same and stand in different splits, found by a perceptual hash."""

import sys
from collections.abc import Sequence
from itertools import combinations

import imagehash
import numpy as np
from PIL import Image
from tqdm import tqdm

from evidrift.images.store import SPLITS, Images
from evidrift.probe.results import NearDuplicate
from evidrift.probe.traits import films

SIDE = 24
# An eighth of the bits. Films of different patients are at least 74 apart (cxr5, 115,921 pairs; phantoms, 1.6
# million); copies that were re-encoded, resized or brightened are nearer, cropped ones mostly: docs/probe.md.
THRESHOLD = 72
BLOCK = 64  # rows of distances at a time, so that they fit into memory


def hashes(images: Images) -> np.ndarray:
    """Each film's difference hash (Krawetz 2013): at 24x24 places, is it brighter than just to the left?

    It tells patients apart better than the usual 8x8 places do, and moves less with a crop than the hash of
    the cosine transform (phash).

    Returns:
        (n, 9) uint64, 576 bits a film.
    """
    bits = [
        imagehash.dhash(Image.fromarray(film), hash_size=SIDE).hash.ravel()
        for film in tqdm(films(images), "probe images", unit="image", disable=None, file=sys.stderr)
    ]
    return np.packbits(np.asarray(bits, bool).reshape(len(bits), SIDE * SIDE), axis=1).view(np.uint64)


def distances(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Number of bits in which hashes differ, (n, 9) and (m, 9) uint64 -> (n, m)."""
    return np.bitwise_count(some[:, np.newaxis] ^ others).sum(axis=-1, dtype=np.int64)


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
