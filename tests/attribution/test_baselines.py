import numpy as np
import pytest

from evidrift.attribution.baselines import baseline

IMAGES = np.stack([np.tile(np.arange(0, 240, 10, np.uint8), (16, 1)), np.full((16, 24), 77, np.uint8)])


def test_black_white_and_the_images_own_mean():
    assert (baseline("black", IMAGES) == 0).all()
    assert (baseline("white", IMAGES) == 255).all()
    means = baseline("mean", IMAGES)
    assert (means[0] == 115).all()  # of 0, 10 ... 230
    assert (means[1] == 77).all()


@pytest.mark.parametrize("name", ["black", "white", "mean", "blur"])
def test_every_baseline_has_the_images_shape_and_stays_in_the_range(name):
    found = baseline(name, IMAGES)
    assert (found.shape, found.dtype) == (IMAGES.shape, np.float32)
    assert found.min() >= 0
    assert found.max() <= 255


def test_blur_by_hand_a_point_spreads_as_the_gaussian_of_an_eighth_of_the_shorter_side():
    point = np.zeros((1, 48, 80), np.uint8)
    point[0, 24, 40] = 255
    found = baseline("blur", point)[0]
    y, x = np.mgrid[:48, :80]
    expected = 255 / (2 * np.pi * 36) * np.exp(-((y - 24) ** 2 + (x - 40) ** 2) / (2 * 36))  # 48 / 8 = 6
    np.testing.assert_allclose(found[18:31, 34:47], expected[18:31, 34:47], rtol=1e-2)


def test_blur_takes_a_nodule_away_and_leaves_the_outline():
    chest = np.zeros((1, 128, 128), np.uint8)
    chest[:, :, 32:] = 100
    nodule = chest.copy()
    nodule[:, 60:66, 80:86] = 200
    without, with_it = baseline("blur", chest), baseline("blur", nodule)
    assert np.abs(with_it - without).max() < 3  # of 100
    assert without[0, 64, 127] - without[0, 64, 0] > 90


@pytest.mark.parametrize("grey", range(0, 256, 15))
@pytest.mark.parametrize("name", ["mean", "blur"])
def test_a_constant_image_is_its_own_mean_and_blur_exactly(name, grey):
    image = np.full((1, 33, 47), grey, np.uint8)
    np.testing.assert_array_equal(baseline(name, image), image)


@pytest.mark.parametrize("name", ["mean", "blur"])
def test_an_images_baseline_does_not_depend_on_its_batch(name):
    np.testing.assert_array_equal(baseline(name, IMAGES)[1:], baseline(name, IMAGES[1:]))
