import numpy as np

from evidrift.probe.traits import acquisition, one_hot, thumbnails
from tests.prepare.films import film
from tests.probe.stores import images


def padded(pixels, top, left, size=64):
    square = np.zeros((size, size), np.uint8)
    height, width = pixels.shape
    square[top : top + height, left : left + width] = pixels
    return square, (top, left, top + height, left + width)


def test_a_thumbnail_is_the_mean_of_each_of_its_16x16_areas():
    pixels = film(1, 64, 64)
    expected = [[pixels[4 * i : 4 * i + 4, 4 * j : 4 * j + 4].mean() for j in range(16)] for i in range(16)]
    assert np.abs(thumbnails(images([pixels]))[0].reshape(16, 16) - expected).max() <= 0.5


def test_padding_is_no_part_of_the_image():
    pixels = film(2, 64, 32)
    square, box = padded(pixels, 0, 16)
    bare, within = images([pixels]), images([square], [box])
    assert np.array_equal(thumbnails(bare), thumbnails(within))
    size = np.array([32]), np.array([64])
    assert np.array_equal(acquisition(bare, *size), acquisition(within, *size))


def test_traits_of_a_film_with_a_white_left_side_by_hand():
    pixels = np.full((100, 50), 17, np.uint8)
    pixels[:, :2] = 255  # 4 % of 50 columns
    found = acquisition(images([pixels]), np.array([200]), np.array([100]))[0]
    assert np.allclose(found[:2], [np.log(2), np.log(20_000)])
    # 2 of 50 pixels of the rows at the top and at the bottom are white
    mixed = [17 + 238 * 0.04, 238 * np.sqrt(0.04 * 0.96)]
    assert np.allclose(found[2:10], [*mixed, *mixed, 255, 0, 17, 0])
    expected = np.zeros(32)
    expected[17 // 8], expected[31] = 0.96, 0.04
    assert np.allclose(found[10:], expected)


def test_each_source_has_its_column_and_an_unnamed_one_is_a_source_too():
    table = one_hot(["x", "", "y"] * 10)
    assert table.tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1]] * 10


def test_sources_of_fewer_than_ten_images_share_a_column():
    table = one_hot(["a"] * 10 + ["b"] * 9 + ["c"] * 3 + ["d"] * 12)
    assert table.sum(axis=0).tolist() == [10, 12, 12]
    assert table[10:22, 2].all()


def test_the_rarest_of_many_sources_share_a_column():
    frequent = [f"{at:03d}" for at in range(63)]
    table = one_hot(frequent * 11 + [f"{at:03d}" for at in range(63, 100)] * 10)
    assert table.sum(axis=0).tolist() == [11] * 63 + [370]
