"""Views: what is random in them, what is not, and how far they may move a film."""

import cv2
import numpy as np

from evidrift.images.views import CONTRAST, ROTATION, SHIFT, augment, choose_views


def film(size=64):
    """A smooth picture with a bright square in the upper left."""
    pixels = np.full((size, size), 60, np.uint8)
    pixels[size // 8 : size // 4, size // 8 : size // 4] = 220
    return cv2.GaussianBlur(pixels, (0, 0), 2)


def test_view_zero_is_the_image_itself():
    np.testing.assert_array_equal(augment(film(), "a.png", 0), film())


def test_a_view_depends_on_the_image_id_and_its_number_alone():
    first = augment(film(), "a.png", 3)
    augment(film(), "b.png", 1)
    np.testing.assert_array_equal(augment(film(), "a.png", 3), first)
    assert not np.array_equal(augment(film(), "a.png", 4), first)
    assert not np.array_equal(augment(film(), "b.png", 3), first)


def test_no_view_is_mirrored():
    """The square stays in the upper left quarter: the heart has a side."""
    for view in range(1, 30):
        row, column = np.unravel_index(np.argmax(augment(film(), "a.png", view)), (64, 64))
        assert row < 32
        assert column < 32


def test_shift_and_contrast_stay_within_their_limits():
    flat = np.full((64, 64), 100, np.uint8)
    levels = [augment(flat, "a.png", view).mean() for view in range(1, 50)]
    # (100 - 127.5) * (1 +- 0.15) + 127.5 +- 12
    assert min(levels) >= 100 - 27.5 * CONTRAST - 12 - 1
    assert max(levels) <= 100 + 27.5 * CONTRAST + 12 + 1
    assert (ROTATION, SHIFT) == (7.0, 0.05)


def test_epochs_choose_among_all_views_and_repeat_their_choice():
    chosen = choose_views(1000, 3, seed=5, epoch=2)
    assert set(chosen) == {0, 1, 2, 3}
    np.testing.assert_array_equal(choose_views(1000, 3, seed=5, epoch=2), chosen)
    assert not np.array_equal(choose_views(1000, 3, seed=5, epoch=3), chosen)
    assert set(choose_views(10, 0, seed=5, epoch=2)) == {0}
