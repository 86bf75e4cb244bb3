"""Each network's preprocessing against Keras's own, on what it may be given."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from evidrift.networks.catalogue import find, names

KERAS = {
    "densenet121": keras.applications.densenet,
    "densenet201": keras.applications.densenet,
    "resnet50v2": keras.applications.resnet_v2,
    "inceptionv3": keras.applications.inception_v3,
    "mobilenet": keras.applications.mobilenet,
    "mobilenetv2": keras.applications.mobilenet_v2,
}
IMAGES = np.random.default_rng(0).uniform(0, 255, (2, 5, 4, 3)).astype(np.float32)


@pytest.mark.parametrize("name", KERAS)
def test_it_equals_keras(name):
    expected = KERAS[name].preprocess_input(IMAGES.copy())  # Keras writes into its argument
    np.testing.assert_array_equal(find(name).preprocess(IMAGES), expected)


@pytest.mark.parametrize("name", names())
def test_arrays_tensors_and_symbolic_tensors_give_the_same_and_stay_as_they_were(name):
    preprocess, images = find(name).preprocess, IMAGES.copy()
    on_array = preprocess(images)
    assert on_array.dtype == np.float32
    np.testing.assert_array_equal(images, IMAGES)
    np.testing.assert_allclose(preprocess(tf.constant(images)).numpy(), on_array, rtol=1e-6, atol=1e-6)
    symbolic = keras.Input((5, 4, 3))
    model = keras.Model(symbolic, preprocess(symbolic))
    np.testing.assert_allclose(model(images).numpy(), on_array, rtol=1e-6, atol=1e-6)
