"""Regions of a film."""

from dataclasses import replace

import numpy as np

from evidrift.images.marker import BOX, CORNERS, paint
from evidrift.reliance.markers import find_markers
from evidrift.reliance.params import REGIONS
from evidrift.reliance.regions import image_regions, strongest
from tests.reliance.films import SIZE, films


def test_corners_are_fifteen_per_cent_of_a_side_and_the_border_five():
    found = {name: masks[0] for name, masks in image_regions(films(1)).items()}
    side = round(0.15 * SIZE)
    assert found["lower_left_corner"][-side:, :side].all()
    assert found["lower_left_corner"].sum() == side**2
    assert found["corners"].sum() == 4 * side**2
    assert found["border"].sum() == SIZE**2 - (SIZE - 4) ** 2
    assert set(found) < set(REGIONS)


def test_padding_belongs_to_no_region():
    images = films(1)
    images = replace(
        images, content=np.array([[10, 0, 30, 40]], np.int32), lungs=np.zeros((1, SIZE, SIZE), bool)
    )
    for name, masks in image_regions(images, {"top": [0, 0, 0.5, 1]}).items():
        assert not masks[0, :10].any(), name
        assert not masks[0, 30:].any(), name
    assert image_regions(images, {"top": [0, 0, 0.5, 1]})["top"][0, 10:20].all()
    assert image_regions(images)["outside_lungs"].sum() == 20 * 40


def test_the_right_lung_lies_on_the_left_of_the_film():
    lungs = np.zeros((1, SIZE, SIZE), bool)
    lungs[:, 10:30, 5:15] = lungs[:, 12:30, 24:36] = True
    found = image_regions(replace(films(1), lungs=lungs))
    assert (found["right_lung"] == (lungs & (np.arange(SIZE) < 20))).all()
    assert (found["left_lung"] == (lungs & (np.arange(SIZE) >= 20))).all()


def test_the_strongest_fifth_is_a_fifth_of_the_content_where_the_map_is_highest():
    signed = np.zeros((1, 4, 4))
    signed[0, 0] = 1
    content = np.array([[0, 0, SIZE, SIZE]])
    found = strongest(signed, content, SIZE)[0]
    assert found.sum() == round(0.2 * SIZE**2)
    assert found[: SIZE // 5].all()
    signed[0, :, 1:] = -1  # a single cell holds something positive: its slopes end at the middle of the next
    assert 0 < strongest(signed, content, SIZE).sum() < 0.2 * SIZE**2
    assert not strongest(np.zeros((1, 4, 4)), content, SIZE).any()


def test_a_painted_letter_is_found_in_its_corner_and_nothing_on_a_clean_film():
    clean = np.random.default_rng(0).integers(60, 100, (128, 128)).astype(np.uint8)
    content = np.array([0, 0, 128, 128])
    painted = np.stack([paint(clean, content, corner) for corner in CORNERS])
    found = find_markers(painted, np.tile(content, (4, 1)))
    left, top, right, bottom = (round(128 * edge) for edge in BOX)
    for mask, film in zip(found, painted, strict=True):
        assert mask[film != clean].mean() > 0.95
        assert mask.sum() < 1.5 * (right - left) * (bottom - top)
    assert not find_markers(clean[np.newaxis], content[np.newaxis]).any()


def test_a_letter_keeps_its_distance_from_the_edges_of_the_content_and_leaves_the_padding():
    film, content = np.zeros((128, 128), np.uint8), np.array([20, 0, 108, 128])
    for corner in CORNERS:
        changed = paint(film, content, corner) > 0
        assert not changed[:20].any()
        assert not changed[108:].any()
        rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
        near = 20 + 88 * 0.14 if corner.startswith("upper") else 108
        assert rows.max() < near
        assert (columns.min() > 100) == corner.endswith("right")
    assert not film.any()
