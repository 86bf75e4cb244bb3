import numpy as np
import pytest

from evidrift.maps.scores import centred_logits, logit_scale, predicted_classes


def test_centred_logits_lose_what_is_added_to_all_of_them():
    logits = np.array([[1.0, 2.0, 6.0], [0.0, 0.0, 3.0]])
    assert centred_logits(logits).tolist() == [[-2, -1, 3], [-1, -1, 2]]
    np.testing.assert_allclose(
        centred_logits(logits + np.array([[5], [-7]])), centred_logits(logits), atol=1e-12
    )


def test_one_sigmoid_output_stands_for_minus_and_plus_z():
    assert centred_logits(np.array([[2.0], [-3.0]])).tolist() == [[-2, 2], [3, -3]]
    assert predicted_classes(np.array([[2.0], [-3.0]])).tolist() == [1, 0]


def test_logit_scale_is_the_standard_deviation_over_images_and_classes():
    # centred: -2, -1, 3 and -1, -1, 2; mean 0, squares 4 + 1 + 9 + 1 + 1 + 4 = 20 over 6
    assert logit_scale(np.array([[1.0, 2.0, 6.0], [0.0, 0.0, 3.0]])) == pytest.approx((20 / 6) ** 0.5)


def test_an_image_whose_logits_are_not_finite_leaves_the_scale_to_the_others():
    logits = np.array([[1.0, 2.0, 6.0], [np.nan, 0, 0], [0.0, 0.0, 3.0], [np.inf, 0, 0]])
    assert logit_scale(logits) == pytest.approx((20 / 6) ** 0.5)
    assert np.isnan(logit_scale(logits[[1]]))
