"""Ranges of input: each by hand, each mistake by its sentence."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import evidrift.networks.start_tensorflow  # noqa: F401 - deterministic kernels
from evidrift.base.errors import UserError
from evidrift.foreign.files import load_model_file
from evidrift.foreign.input_range import minmax, prepare_for, read_range, samplewise
from tests.foreign.kinds import SHAPE, SIZE, head, model_of, run, trunk, with_weights

WHITE = np.full((1, 1, 1), 255, np.uint8)
FILMS = np.random.default_rng(4).integers(20, 200, (3, SIZE, SIZE), dtype=np.uint8)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mean=55,std=50", [4, 4, 4]),
        ("std=51", [5, 5, 5]),
        ("unit, mean=0.5, std=0.25", [2, 2, 2]),
        ("none,mean=5/55/155,std=50/100/25", [5, 2, 4]),
        ("bgr,mean=5/55/155,std=50/100/25", [4, 2, 5]),
        ("torch,bgr", [0.594 / 0.225, 0.544 / 0.224, 0.515 / 0.229]),
    ],
)
def test_numbers_are_taken_off_and_divided_by_red_green_blue(text, expected):
    np.testing.assert_allclose(prepare_for(text, 3)(WHITE)[0, 0, 0], expected, rtol=1e-6)


def test_one_number_does_for_a_grey_model():
    assert prepare_for("mean=5,std=50", 1)(WHITE).item() == 5


def test_each_film_of_its_own_is_as_keras_and_tensorflow_have_it():
    films = np.repeat(FILMS[..., np.newaxis].astype(np.float32), 3, axis=-1)
    generator = keras.src.legacy.preprocessing.image.ImageDataGenerator(
        samplewise_center=True, samplewise_std_normalization=True
    )
    ours = np.asarray(samplewise(films))
    theirs = np.stack([generator.standardize(film.copy()) for film in films])
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    np.testing.assert_allclose(ours, tf.image.per_image_standardization(films), atol=1e-5)
    assert (np.asarray(samplewise(np.full((1, 4, 4, 3), 9, np.float32))) == 0).all()
    stretched = np.asarray(minmax(films))
    low, high = FILMS[1].min(), FILMS[1].max()
    np.testing.assert_allclose(stretched[1, ..., 0], (FILMS[1] - float(low)) / (high - low), rtol=1e-6)


@pytest.mark.parametrize("name", ["samplewise", "minmax"])
def test_what_is_of_each_film_stands_in_the_networks_graph(name, tmp_path):
    """Its derivative by a pixel is that of the whole, as differences show; brightness then means nothing."""
    model = with_weights(model_of(lambda x: run(head("softmax"), trunk(x)), SHAPE))
    model.save(tmp_path / "a.keras")
    file = load_model_file(tmp_path / "a.keras", preprocessing=name)
    films = tf.constant(file.prepare(FILMS))
    expected = model({"samplewise": samplewise, "minmax": minmax}[name](films))
    np.testing.assert_allclose(keras.ops.softmax(file.model(films, training=False)), expected, atol=1e-5)
    np.testing.assert_allclose(file.model(0.5 * films + 7), file.model(films), atol=1e-3)
    with tf.GradientTape() as tape:
        tape.watch(films)
        score = file.model(films, training=False)[:, 0]
    by_brightness = tf.reduce_sum(tape.gradient(score, films), axis=(1, 2, 3))
    np.testing.assert_allclose(by_brightness, 0, atol=1e-4)
    assert file.bare is not file.model
    assert (file.preprocessing, file.notes) == (name, ())


@pytest.mark.parametrize(
    ("text", "channels", "sentence"),
    [
        ("zero_one", 3, "zero_one is no preprocessing"),
        ("samplwise", 3, "Did you mean samplewise"),
        ("", 3, "An empty word is no preprocessing"),
        ("tf,none", 3, "names two ranges, tf and none: give one. .* before:tf after:none"),
        ("mean=5,mean=6", 3, "mean=6 is not understood"),
        ("sd=5", 3, "sd=5 is not understood"),
        ("mean=5/6", 3, "must be one number, or three"),
        ("mean=nan", 3, "must be one number, or three"),
        ("std=0", 3, "a deviation is above 0"),
        ("mean=0.5,std=0.25", 3, "say so: unit,mean=0.5,std=0.25"),
        ("torch,mean=5", 3, "torch has its own scaling"),
        ("caffe,bgr", 3, "blue first already"),
        ("mean=1/2/3", 1, "takes one channel"),
        ("torch", 1, "takes one channel"),
    ],
)
def test_each_mistake_has_its_sentence(text, channels, sentence):
    with pytest.raises(UserError, match=sentence):
        prepare_for(text, channels)


def test_a_range_is_the_same_in_any_order():
    assert read_range("std=7,bgr,unit,mean=2") == read_range("unit,mean=2,std=7,bgr")
