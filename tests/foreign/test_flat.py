import hashlib
from functools import cache

import keras
import numpy as np
import pytest
import tensorflow as tf

from evidrift.attribution.network import Network
from evidrift.base.errors import UserError
from evidrift.families.cam import cam
from evidrift.foreign.flat import explainable
from evidrift.networks.target.layers import resolve
from tests.foreign.kinds import CLASSES, KINDS, SHAPE, images, leaves, model_of, residual, trunk, with_weights

kl = keras.layers
METHODS = ("grad_cam", "grad_cam_pp", "layer_cam", "hires_cam")
LABELS = ["penultimate", "last"]
QUICK = (
    "sequential",
    "nested",
    "two levels",
    "sequential of models",
    "names shared between levels",
    "dense softmax",
)


@pytest.fixture(autouse=True)
def eagerly():
    """So many networks run once each that compiling them would take most of the time."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def explained(classifier, names):
    """Maps at two layers, in the order of the names, and the logits."""
    layers = resolve(classifier, names)
    batch = images()
    targets = np.arange(len(batch)) % max(2, classifier.output_shape[-1])
    result = Network(classifier, layers, tf.constant, "centred").run(batch, targets)
    maps = {
        (at, method): cam(method, result.activations[layer.label], result.gradients[layer.label], 1.0)
        for at, layer in enumerate(layers)
        for method in METHODS
        if layer.rectified or method != "grad_cam_pp"
    }
    return maps, result.logits


@cache
def explained_flat(kind):
    return explained(with_weights(kind.flat()), [kind.penultimate, kind.last])


def assert_explained_alike(classifier, kind):
    """The maps and logits are those of the same network built flat."""
    expected, expected_logits = explained_flat(kind)
    maps, logits = explained(classifier, LABELS)
    np.testing.assert_allclose(logits, expected_logits, atol=1e-5)
    assert maps.keys() == expected.keys()
    for (at, method), values in maps.items():
        scale = np.ptp(expected[at, "layer_cam"])
        assert scale > 1e-3  # there is something to compare
        np.testing.assert_allclose(values, expected[at, method], atol=1e-5 * scale, err_msg=f"{at} {method}")


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_of_model_is_explained_like_the_same_network_built_flat_and_left_as_it_was(name):
    model = with_weights(KINDS[name].build())
    calls = [len(layer._inbound_nodes) for layer in leaves(model)]
    config, output = model.get_config(), model(images(), training=False)
    flat = explainable(model)
    assert_explained_alike(flat, KINDS[name])
    assert not any(isinstance(layer, keras.Model) for layer in flat.layers)
    assert {id(variable) for variable in flat.weights} == {id(variable) for variable in model.weights}
    assert [len(layer._inbound_nodes) for layer in leaves(model)] == calls
    assert model.get_config() == config
    # nothing but the softmax or sigmoid is missing
    logits = flat(images(), training=False)
    np.testing.assert_allclose(output, KINDS[name].ending(logits), atol=1e-6)
    np.testing.assert_array_equal(output, model(images(), training=False))


@pytest.mark.parametrize(
    ("name", "ending"),
    [(name, ending) for name in QUICK for ending in KINDS[name].formats],
)
def test_a_file_gives_the_same_maps_and_is_left_as_it_was(name, ending, tmp_path):
    path = tmp_path / f"model.{ending}"
    with_weights(KINDS[name].build()).save(path)
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    loaded = keras.models.load_model(path, safe_mode=True, compile=False)
    assert_explained_alike(explainable(loaded), KINDS[name])
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_what_the_model_learns_later_is_in_the_flat_graph_too():
    model = with_weights(KINDS["dense softmax"].build())
    flat = explainable(model)
    model.get_layer("logits").bias.assign([5.0, 0.0, -5.0])
    np.testing.assert_allclose(
        keras.ops.softmax(flat(images(), training=False)), model(images(), training=False), atol=1e-6
    )


def test_where_levels_share_a_name_the_inner_layers_are_called_after_their_models():
    flat = explainable(KINDS["names shared between levels"].build())
    assert [layer.name for layer in flat.layers][1:7] == [
        "backbone.conv",
        "backbone.relu",
        "backbone.inner.conv",
        "backbone.inner.relu",
        "conv",
        "relu",
    ]
    assert [layer.name for layer in resolve(flat, LABELS)] == ["backbone.inner.relu", "relu"]


def test_a_layer_called_twice_is_one_layer_in_the_flat_graph():
    shared = model_of(lambda x: kl.Conv2D(3, 3, padding="same", name="conv")(x), name="shared")
    model = model_of(lambda x: kl.Dense(2)(kl.GlobalAveragePooling2D()(shared(kl.ReLU()(shared(x))))))
    flat = explainable(with_weights(model))
    assert [layer.name for layer in flat.layers].count("conv") == 1
    np.testing.assert_allclose(flat(images()), model(images()), atol=1e-6)


def test_one_of_the_outputs_of_a_nested_model_can_be_all_that_is_used():
    inputs = keras.Input(SHAPE)
    first = kl.Conv2D(4, 3, activation="relu", name="first")(inputs)
    pyramid = keras.Model(inputs, {"fine": first, "coarse": kl.Conv2D(5, 3, name="second")(first)})
    model = model_of(lambda x: kl.Dense(2)(kl.GlobalAveragePooling2D()(pyramid(x)["coarse"])))
    flat = explainable(with_weights(model))
    np.testing.assert_allclose(flat(images()), model(images()), atol=1e-6)
    assert resolve(flat, ["last"])[0].name == "second"


def test_images_of_whole_numbers_may_be_given_as_fractions():
    inputs = keras.Input(SHAPE, dtype="uint8")
    model = keras.Model(inputs, kl.Dense(2)(kl.GlobalAveragePooling2D()(kl.Rescaling(1.0)(inputs))))
    # the mean of the two is 0.5 a pixel, which uint8 would cut to 0
    zeros, halves, ones = (explainable(model)(np.full((1, *SHAPE), value)) for value in (0.0, 0.5, 1.0))
    np.testing.assert_allclose(halves, (zeros + ones) / 2, atol=1e-6)


class Subclassed(keras.Model):
    """Layers called by Python code."""

    def __init__(self):
        super().__init__(name="own")
        self.end = kl.Dense(CLASSES, activation="softmax")

    def call(self, inputs):
        return self.end(keras.ops.mean(inputs, axis=(1, 2)))


class Overridden(keras.Model):
    """Made of inputs and outputs, but doing something else when called."""

    def call(self, inputs, training=None, mask=None):
        return super().call(inputs) * 0


def refused(model):
    with pytest.raises(UserError) as error:
        explainable(model)
    message = str(error.value)
    assert "\n" not in message
    return message


def test_a_subclassed_model_is_refused():
    model = Subclassed()
    model(images())
    assert refused(model).startswith("own is a subclassed model (Subclassed)")


def test_a_model_made_of_inputs_and_outputs_with_a_call_of_its_own_is_refused():
    inputs = keras.Input(SHAPE)
    model = Overridden(inputs, kl.Dense(2)(kl.GlobalAveragePooling2D()(inputs)), name="odd")
    assert refused(model).startswith("odd is a subclassed model (Overridden)")


def test_a_functional_model_with_its_own_training_step_is_none():
    class Trained(keras.Model):
        def train_step(self, data):
            raise NotImplementedError

    base = residual()
    model = with_weights(Trained(base.input, base.output))
    np.testing.assert_allclose(explainable(model)(images()), model(images(), training=False), atol=1e-6)


def test_a_subclassed_model_at_the_end_may_hide_a_softmax():
    model = model_of(lambda x: Subclassed()(trunk(x)))
    assert "own, at the end of the classifier, is a subclassed model (Subclassed)" in refused(model)


def test_a_subclassed_model_before_the_trunk_is_one_layer_of_the_graph():
    class Brighter(keras.Model):
        def call(self, inputs):
            return inputs * 1.5

    model = with_weights(model_of(lambda x: residual()(Brighter()(x))))
    flat = explainable(model)
    np.testing.assert_allclose(flat(images()), model(images(), training=False), atol=1e-6)
    assert [layer.name for layer in resolve(flat, LABELS)] == ["before", "after"]


def test_a_model_that_is_not_built_is_refused():
    model = keras.Sequential([kl.Conv2D(3, 3), kl.GlobalAveragePooling2D(), kl.Dense(2)], name="late")
    assert refused(model).startswith("late is not built")
    model(images())
    assert explainable(model).output_shape == (None, 2)


def test_several_inputs_or_outputs_are_refused():
    model = residual()
    two_outputs = keras.Model(model.input, [model.output, model.get_layer("pool").output], name="two")
    assert refused(two_outputs).endswith("keras.Model(model.inputs, model.outputs[0]).")
    other = keras.Input(SHAPE)
    two_inputs = keras.Model([model.input, other], model(kl.Add()([model.input, other])), name="two")
    assert refused(two_inputs).startswith("two has 2 inputs (")


def test_what_takes_no_images_of_one_size_or_gives_no_vector_is_refused():
    assert "inputs of shape (5,)" in refused(model_of(kl.Dense(2), (5,)))
    assert "images of any size, (None, None, 3)" in refused(model_of(trunk, (None, None, 3)))
    assert "gives (8, 8, 8) an image" in refused(model_of(trunk))


def test_fixing_the_size_as_the_error_says_mends_it():
    anything = model_of(lambda x: kl.Dense(2)(kl.GlobalAveragePooling2D()(trunk(x))), (None, None, 3))
    flat = explainable(keras.Sequential([keras.Input(SHAPE), anything]))
    assert resolve(flat, ["last"])[0].output.shape == (None, 8, 8, 8)


@pytest.mark.slow
def test_backbones_of_keras_applications_with_their_own_pooling_and_preprocessing():
    expected = {
        "EfficientNetV2B0": ("block6h_add", (2, 2, 192), "top_activation", (2, 2, 1280)),
        "MobileNetV2": ("block_16_depthwise_relu", (2, 2, 960), "out_relu", (2, 2, 1280)),
        "VGG16": ("block5_conv3", (4, 4, 512), "block5_pool", (2, 2, 512)),
    }
    for name, layers in expected.items():
        application = getattr(keras.applications, name)
        backbone = application(weights=None, include_top=False, input_shape=(64, 64, 3), pooling="avg")
        model = model_of(lambda x, b=backbone: kl.Dense(2, "softmax")(b(x, training=False)), (64, 64, 3))
        penultimate, last = resolve(explainable(model), LABELS)
        found = (penultimate.name, penultimate.output.shape[1:], last.name, last.output.shape[1:])
        assert found == layers, name
