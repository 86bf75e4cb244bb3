import io

import cv2
import numpy as np
import pytest
from PIL import Image

from evidrift.base.seeds import stream
from evidrift.probe.duplicates import THRESHOLD, distances, hashes, near_duplicates
from evidrift.probe.results import NearDuplicate
from tests.prepare.films import film
from tests.probe.stores import images


def reencoded(pixels):
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "JPEG", quality=50)
    return np.asarray(Image.open(data))


def half_size(pixels):
    small = cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, pixels.shape[::-1], interpolation=cv2.INTER_LINEAR)


def brightened(pixels):
    return cv2.add(pixels, 30)


def cropped(pixels):
    """1 % off each side."""
    height, width = pixels.shape
    inner = pixels[round(0.01 * height) : -round(0.01 * height), round(0.01 * width) : -round(0.01 * width)]
    return cv2.resize(inner, (width, height), interpolation=cv2.INTER_LINEAR)


FILMS = [film(seed, 200, 160) for seed in range(40)]


@pytest.mark.parametrize("change", [reencoded, half_size, brightened, cropped])
def test_a_changed_copy_is_near_and_another_film_is_far(change):
    originals, copies = hashes(images(FILMS)), hashes(images([change(pixels) for pixels in FILMS]))
    apart = distances(originals, copies)
    same = np.eye(len(FILMS), dtype=bool)
    assert apart[same].max() <= THRESHOLD < apart[~same].min()


def test_the_distance_is_the_number_of_bits_that_differ():
    some, others = (stream(name).integers(0, 2**64, (3, 9), dtype=np.uint64) for name in ("some", "others"))
    expected = [
        [sum((int(a) ^ int(b)).bit_count() for a, b in zip(x, y, strict=True)) for y in others] for x in some
    ]
    assert distances(some, others).tolist() == expected


def test_a_hash_is_the_places_that_are_brighter_than_to_their_left():
    rising = np.tile(np.arange(100, dtype=np.uint8), (100, 1))
    found = np.unpackbits(hashes(images([rising, rising[:, ::-1]])).view(np.uint8), axis=1)
    assert found.tolist() == [[1] * 576, [0] * 576]


def bits(*n_set):
    """A hash each, with its first so many bits set."""
    rows = [[1] * n + [0] * (576 - n) for n in n_set]
    return np.packbits(np.array(rows, bool), axis=1).view(np.uint64)


def test_pairs_across_splits_up_to_the_threshold_are_found_the_earlier_split_first():
    ids = np.array(["d", "c", "b", "a"])
    splits = np.array(["train", "train", "validation", "test"])
    found = near_duplicates(bits(0, 200, THRESHOLD, THRESHOLD + 1), ids, splits, [""] * 4)
    assert found == [
        NearDuplicate("b", "validation", "a", "test", 1),
        NearDuplicate("d", "train", "b", "validation", THRESHOLD),
    ]


def test_a_near_duplicate_within_a_split_is_not_reported():
    ids, splits = np.array(["a", "b", "c"]), np.array(["train", "train", "test"])
    assert near_duplicates(bits(0, 1, 300), ids, splits, [""] * 3) == []


def test_images_of_the_same_pixels_are_left_to_prepare_but_not_what_resembles_them():
    """a, b and c are one film in three splits; d is a copy that was changed."""
    ids = np.array(["a", "d", "b", "c"])
    splits = np.array(["train", "train", "validation", "test"])
    found = near_duplicates(bits(5, 6, 5, 5), ids, splits, ["", "", "a", "a"])
    assert [(pair.image_id, pair.other, pair.distance) for pair in found] == [("d", "b", 1), ("d", "c", 1)]


def test_more_images_than_are_compared_at_a_time():
    n = 600
    ids = np.array([f"{at:04d}" for at in range(n)])
    splits = np.where(np.arange(n) < 590, "train", "test")
    codes = stream("codes").integers(0, 2**64, (n, 9), dtype=np.uint64)
    codes[595] = codes[580]
    assert near_duplicates(codes, ids, splits, [""] * n) == [
        NearDuplicate("0580", "train", "0595", "test", 0)
    ]
