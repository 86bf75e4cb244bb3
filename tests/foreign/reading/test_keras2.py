"""Files of Keras 2 are read as the networks that they were there; what Keras 3 cannot compute is named."""

import json
import shutil
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.src.utils.image_utils import smart_resize

import evidrift.networks.start_tensorflow  # noqa: F401 - deterministic kernels
from evidrift.base.errors import UserError
from evidrift.foreign.reading.keras2_operations import FUNCTIONS, operation
from evidrift.foreign.reading.loading import load

FILES = Path(__file__).parent / "files"
EXPECTED = json.loads((FILES / "expected.json").read_text())
REFUSED = ("lambda", "own_layer", "hard_sigmoid", "standardised", "local")


def film(model):
    _, height, width, channels = model.input_shape
    levels = (np.arange(height * width) * 37 % 251).reshape(1, height, width, 1)
    return np.repeat(levels, channels, axis=-1).astype(np.float32)


@pytest.mark.parametrize("name", [name for name in EXPECTED if not name.startswith(REFUSED)])
def test_a_kept_file_gives_the_probabilities_of_the_version_that_saved_it(name):
    model = load(FILES / name).model
    given = np.asarray(model(film(model), training=False)).ravel()
    tolerance = 1e-3 if "float16" in name else 1e-5
    np.testing.assert_allclose(given, EXPECTED[name], atol=tolerance)
    assert max(EXPECTED[name]) < 0.96  # none is certain: a wrong weight would show


@pytest.mark.parametrize(
    ("name", "thing"),
    [
        ("hard_sigmoid-2.15.h5", "the activation hard_sigmoid (Activation)"),
        ("standardised-2.15.h5", "the operation tf.image.per_image_standardization"),
        ("local-2.15.h5", "the layer locally_connected2d (LocallyConnected2D)"),
    ],
)
def test_what_keras_3_does_not_compute_is_named_with_the_version_and_a_way(name, thing):
    with pytest.raises(UserError) as error:
        load(FILES / name)
    told = str(error.value)
    assert f"was saved by Keras 2.15.0 and holds {thing}" in told
    assert "pip install tensorflow==2.15.1" in told
    assert told.endswith("save that: new.save('name.h5').")


@pytest.mark.parametrize(
    ("name", "thing"),
    [
        ("lambda-2.15.h5", "holds scale (Lambda), which is code in the file"),
        ("own_layer-2.15.keras", "holds swirl (Swirl), which is not Keras's own but its author's code"),
    ],
)
def test_code_in_a_file_of_keras_2_is_refused_as_in_any(name, thing):
    with pytest.raises(UserError) as error:
        load(FILES / name)
    assert thing in str(error.value)


def with_config(path, name, change):
    """A kept .h5 file with another description."""
    shutil.copy(FILES / name, path)
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        change(config)
        file.attrs["model_config"] = json.dumps(config)
    return path


def test_a_crop_in_training_resizes_in_inference_as_in_keras_2(tmp_path):
    """Keras 2: `smart_resize(inputs, [height, width])`. Keras 3's layer would leave the film as it is."""

    def crop(config):
        layers = config["config"]["layers"]
        first = layers[0]
        height, width = first["config"]["batch_input_shape"][1:3]
        first["config"]["batch_input_shape"][1:3] = [height + 6, width + 10]
        setting = {"name": "crop", "trainable": True, "dtype": "float32", "seed": None}
        made = {"class_name": "RandomCrop", "config": setting | {"height": height, "width": width}}
        layers[1]["inbound_nodes"], inbound = [[["crop", 0, 0, {}]]], layers[1]["inbound_nodes"]
        layers.insert(1, made | {"name": "crop", "inbound_nodes": inbound})

    model = load(with_config(tmp_path / "crop.h5", "functional-2.15.h5", crop)).model
    whole = load(FILES / "functional-2.15.h5").model
    inputs = film(model)
    expected = whole(smart_resize(inputs, whole.input_shape[1:3]), training=False)
    np.testing.assert_allclose(model(inputs, training=False), expected, atol=1e-6)


def test_the_oldest_form_of_teachable_machine_is_read_too(tmp_path):
    """Layers that say their input's shape instead of an input layer, models called Model, a bare list."""

    def age(config):
        body, dense = config["config"]["layers"][1:]
        trunk = body["config"]["layers"][1]
        trunk["class_name"] = "Model"
        body["config"]["layers"] = body["config"]["layers"][1:]
        first, *others = dense["config"]["layers"][1:]
        first["config"]["batch_input_shape"] = [None, 5]
        dense["config"] = [first, *others]  # as before Keras 2.2
        dense["name"] = "sequential_3"
        config["config"]["layers"] = [body, dense]

    path = with_config(tmp_path / "keras_model.h5", "teachable-2.15.h5", age)
    model = load(path).model
    given = np.asarray(model(film(model), training=False)).ravel()
    np.testing.assert_allclose(given, EXPECTED["teachable-2.15.h5"], atol=1e-5)


def test_an_argument_that_would_change_what_is_computed_is_not_dropped(tmp_path):
    def grouped(config):
        for layer in config["config"]["layers"][1]["config"]["layers"]:
            if layer["class_name"] == "DepthwiseConv2D":
                layer["config"]["groups"] = 5

    path = with_config(tmp_path / "grouped.h5", "nested-2.15.h5", grouped)
    with pytest.raises(UserError, match=r"expanded_conv_depthwise \(DepthwiseConv2D\) with groups = 5"):
        load(path)


def test_weights_of_other_layers_are_refused(tmp_path):
    path = tmp_path / "swapped.h5"
    shutil.copy(FILES / "functional-2.15.h5", path)
    with h5py.File(path, "r+") as file:
        group = file["model_weights/batch_normalization"]
        group.attrs["weight_names"] = group.attrs["weight_names"][::-1]  # by name, in any order
    np.testing.assert_allclose(
        load(path).model.get_layer("batch_normalization").gamma,
        load(FILES / "functional-2.15.h5").model.get_layer("batch_normalization").gamma,
    )
    with h5py.File(path, "r+") as file:
        del file["model_weights/conv2d/conv2d/bias:0"]
    with pytest.raises(UserError, match=r"was saved by Keras 2\.15\.0 and cannot be read by Keras"):
        load(path)


def renamed(path, order):
    """A kept file whose nested weights are named by layers that the model does not have, in some order."""
    shutil.copy(FILES / "nested-2.15.h5", path)
    with h5py.File(path, "r+") as file:
        group = file["model_weights/backbone"]
        old = [name.decode() if isinstance(name, bytes) else name for name in group.attrs["weight_names"]]
        new = [f"scope_{number}/{name.rsplit('/')[-1]}" for number, name in enumerate(old)]
        for before, after in zip(old, new, strict=True):
            group.move(before, after)
        group.attrs["weight_names"] = [new[number].encode() for number in order(len(new))]
    return path


def test_weights_of_nameless_layers_are_taken_in_their_order(tmp_path):
    model = load(renamed(tmp_path / "renamed.h5", range)).model
    given = np.asarray(model(film(model), training=False)).ravel()
    np.testing.assert_allclose(given, EXPECTED["nested-2.15.h5"], atol=1e-5)
    with pytest.raises(UserError, match="has other weights than its file, or has them in another order"):
        load(renamed(tmp_path / "turned.h5", lambda n: reversed(range(n))))


def test_a_link_to_another_file_is_not_followed(tmp_path):
    path = tmp_path / "linked.h5"
    shutil.copy(FILES / "functional-2.15.h5", path)
    with h5py.File(path, "r+") as file:
        del file["model_weights/dense"]
        place = str(FILES / "functional-2.15.h5")
        file["model_weights/dense"] = h5py.ExternalLink(place, "/model_weights/dense")
    with pytest.raises(UserError, match="a link to another place"):
        load(path)


def test_a_damaged_description_is_an_error_of_its_file(tmp_path):
    path = with_config(
        tmp_path / "odd.h5", "functional-2.15.h5", lambda config: config["config"].pop("layers")
    )
    with pytest.raises(UserError, match=r"odd\.h5"):
        load(path)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_function_of_tensorflow_computes_what_its_operation_does(function):
    """Against TensorFlow itself, with arguments that change something."""
    x = np.linspace(0.1, 0.9, 2 * 4 * 4 * 1, dtype=np.float32).reshape(2, 4, 4, 1)
    given = {
        "nn.bias_add": {"bias": [0.5], "data_format": "NHWC"},
        "nn.softmax": {"axis": 1},
        "clip_by_value": {"clip_value_min": 0.3, "clip_value_max": 0.6},
        "cast": {"dtype": "float16"},
        "concat": {"axis": -1},
        "expand_dims": {"axis": 1},
        "squeeze": {"axis": -1},
        "repeat": {"repeats": 2, "axis": 1},
        "image.resize": {
            "size": [3, 5],
            "method": "bilinear",
            "preserve_aspect_ratio": False,
            "antialias": False,
        },
        "__operators__.getitem": {
            "slice_spec": [{"class_name": "__ellipsis__"}, {"start": None, "stop": None, "step": -1}]
        },
    }.get(function, {"y": 2.5} if FUNCTIONS[function].tensors == ("x", "y") else {})
    if function.startswith("math.reduce"):
        given = {"axis": [1, 2], "keepdims": True}
    place = [["input", 0, 0, given]] * 2 if function == "concat" else ["input", 0, 0, given]
    described, node = operation(function, "op", place, {})
    member = described | {"name": "op", "inbound_nodes": [node]}
    inputs = {"class_name": "InputLayer", "config": {"batch_shape": [None, 4, 4, 1], "name": "input"}}
    graph = {"name": "m", "layers": [inputs | {"name": "input", "inbound_nodes": []}, member]}
    model = keras.Model.from_config(graph | {"input_layers": ["input", 0, 0], "output_layers": ["op", 0, 0]})
    theirs = tf
    for part in [] if function.startswith("__operators__") else function.split("."):
        theirs = getattr(theirs, part)
    by_hand = {
        "__operators__.truediv": lambda: x / 2.5,
        "__operators__.sub": lambda: x - 2.5,
        "__operators__.mul": lambda: x * 2.5,
        "__operators__.add": lambda: x + 2.5,
        "__operators__.getitem": lambda: x[..., ::-1],
        "concat": lambda: np.concatenate([x, x], axis=-1),
    }
    expected = by_hand[function]() if function in by_hand else theirs(tf.constant(x), **given)
    np.testing.assert_allclose(np.asarray(model(x)), np.asarray(expected), rtol=1e-6)
