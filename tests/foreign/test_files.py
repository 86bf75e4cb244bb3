"""Model files of other people: every kind is read as the network that it is, and nothing in one is run."""

import json
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

import evidrift.networks.start_tensorflow  # noqa: F401 - deterministic kernels
from evidrift.base.errors import UserError
from evidrift.foreign.files import load_model_file
from evidrift.foreign.input_range import prepare_for
from evidrift.networks.backbone import build_backbone
from evidrift.networks.checkpoint import save_weights
from evidrift.networks.classifier import build_classifier, network_input
from evidrift.zoo import densenet_mini
from tests.foreign.kinds import KINDS, SIZE, images, model_of, with_weights

kl = keras.layers
QUICK = ("functional", "nested", "sequential", "sigmoid", "preprocessing inside", "softmax layer")


def classifier(*layers, shape=(SIZE, SIZE, 3), outputs=3):
    """A small network with these layers at its beginning."""
    body = [kl.Conv2D(4, 3, activation="relu"), kl.Conv2D(4, 3), kl.ReLU(), kl.GlobalAveragePooling2D()]
    return keras.Sequential([keras.Input(shape), *layers, *body, kl.Dense(outputs)])


def saved(path, model=None):
    (model or with_weights(classifier())).save(path)
    return path


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        pytest.param(name, ending, marks=[] if name in QUICK else [pytest.mark.slow])
        for name, kind in KINDS.items()
        for ending in kind.formats
    ],
)
def test_each_kind_of_model_is_read_to_the_logits_of_the_network_built_flat(name, ending, tmp_path):
    kind = KINDS[name]
    path = saved(tmp_path / f"model.{ending}", with_weights(kind.build()))
    file = load_model_file(path, preprocessing="unit")
    flat = with_weights(kind.flat())
    expected = flat(images(), training=False)
    np.testing.assert_allclose(file.model(images(), training=False), expected, atol=1e-5)
    assert (file.size, file.channels) == (SIZE, 3)
    assert file.n_classes == max(2, expected.shape[1])
    assert file.n_parameters == flat.count_params()


@pytest.mark.parametrize(("channels", "shape"), [(1, (2, 4, 4, 1)), (3, (2, 4, 4, 3))])
def test_grey_films_become_one_or_three_equal_channels(channels, shape):
    pixels = np.arange(32, dtype=np.uint8).reshape(2, 4, 4)
    inputs = prepare_for("none", channels)(pixels)
    assert inputs.shape == shape
    assert inputs.dtype == np.float32
    np.testing.assert_array_equal(inputs, np.repeat(pixels[..., None], channels, axis=-1))


def test_each_range_by_hand():
    white = np.full((1, 1, 1), 255, np.uint8)
    assert prepare_for("unit", 1)(white).item() == 1
    assert prepare_for("tf", 1)(white).item() == 1
    assert prepare_for("tf", 1)(np.zeros((1, 1, 1), np.uint8)).item() == -1
    # (1 - mean) / sd of red, green, blue
    np.testing.assert_allclose(
        prepare_for("torch", 3)(white)[0, 0, 0], [0.515 / 0.229, 0.544 / 0.224, 0.594 / 0.225], rtol=1e-6
    )
    # 255 - mean of blue, green, red
    np.testing.assert_allclose(prepare_for("caffe", 3)(white)[0, 0, 0], [151.061, 138.221, 131.32], rtol=1e-6)
    zoo = prepare_for("densenet_mini", 3)(white)
    np.testing.assert_array_equal(zoo, network_input(white, densenet_mini))


def test_a_grey_model_is_read(tmp_path):
    model = with_weights(classifier(shape=(SIZE, SIZE, 1)))
    file = load_model_file(saved(tmp_path / "grey.keras", model), preprocessing="unit")
    assert file.channels == 1
    pixels = np.full((1, SIZE, SIZE), 255, np.uint8)
    expected = model(np.ones((1, SIZE, SIZE, 1)), training=False)
    np.testing.assert_allclose(file.model(file.prepare(pixels), training=False), expected, atol=1e-6)


@pytest.mark.slow
def test_weights_of_the_zoo_are_read_with_their_own_preprocessing(tmp_path):
    model = build_classifier(build_backbone("densenet_mini", 64, {}), 3, dropout=0, seed=1)
    save_weights(model, tmp_path / "tuned.weights.h5")
    file = load_model_file(tmp_path / "tuned.weights.h5", architecture="densenet_mini", size=64)
    assert (file.size, file.n_classes, file.notes) == (64, 3, ())
    pixels = np.arange(64 * 64, dtype=np.uint8).reshape(1, 64, 64)
    expected = model(network_input(pixels, densenet_mini), training=False)
    np.testing.assert_allclose(file.model(file.prepare(pixels), training=False), expected, atol=1e-5)


def test_a_model_without_scaling_is_noted_where_no_range_is_named(tmp_path):
    bare = saved(tmp_path / "bare.keras")
    assert "Nothing at the beginning of bare.keras scales its input" in load_model_file(bare).notes[0]
    assert load_model_file(bare, preprocessing="unit").notes == ()
    for name, layer in (("rescaling", kl.Rescaling(1 / 255)), ("normalised", kl.BatchNormalization())):
        inside = saved(tmp_path / f"{name}.keras", with_weights(classifier(layer)))
        assert load_model_file(inside).notes == ()
    caffe = model_of(lambda x: kl.Dense(3)(kl.Flatten()(keras.applications.resnet.preprocess_input(x))))
    assert load_model_file(saved(tmp_path / "caffe.keras", caffe)).notes == ()


def test_the_same_file_has_the_same_hash_and_is_left_as_it_was(tmp_path):
    path = saved(tmp_path / "a.keras")
    before = path.read_bytes()
    assert load_model_file(path).sha256 == load_model_file(path).sha256
    assert path.read_bytes() == before


def lambda_model(trap):
    """A model whose Lambda layer writes a file when it is called."""

    def spring(x):
        Path(trap).touch()
        return x

    return classifier(kl.Lambda(spring, name="spring", output_shape=(SIZE, SIZE, 3)))


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_python_code_in_a_file_is_refused_by_name_and_not_run(tmp_path, ending):
    trap = tmp_path / "sprung"
    path = saved(tmp_path / f"evil.{ending}", lambda_model(str(trap)))
    trap.unlink(missing_ok=True)  # building it has sprung it
    with pytest.raises(UserError) as error:
        load_model_file(path)
    assert "spring (Lambda), which is code in the file" in str(error.value)
    assert "Rescaling" in str(error.value)
    assert not trap.exists()


def with_config(path, change):
    """A .keras file with another description of its network."""
    source = saved(path.with_name("source.keras"))
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "config.json":
                config = json.loads(data)
                change(config)
                data = json.dumps(config).encode()
            new.writestr(name, data)
    return path


def first_layer(config):
    return config["config"]["layers"][1]


@pytest.mark.parametrize(
    "activation",
    [
        {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"},
        {"module": "builtins", "class_name": "function", "config": "eval", "registered_name": "function"},
        {"class_name": "__lambda__", "config": {"value": "4wEAAAA="}},
    ],
)
def test_functions_of_any_module_are_refused(tmp_path, activation):
    path = with_config(
        tmp_path / "evil.keras", lambda config: first_layer(config)["config"].update(activation=activation)
    )
    with pytest.raises(UserError, match=r"not Keras's own|code in the file"):
        load_model_file(path)


@keras.saving.register_keras_serializable(package="theirs")
class Swirl(kl.Layer):
    """A layer that only its author has."""

    def call(self, x):
        return x


def test_a_layer_that_only_its_author_has_is_named(tmp_path):
    path = saved(tmp_path / "custom.keras", classifier(Swirl(name="swirl")))
    with pytest.raises(UserError, match=r"swirl \(Swirl\), which is not Keras's own"):
        load_model_file(path)


def weights_only(path):
    with h5py.File(path, "w") as file:
        file["x"] = 1


def two_inputs():
    one, other = keras.Input((SIZE, SIZE, 3)), keras.Input((SIZE, SIZE, 3))
    x = kl.GlobalAveragePooling2D()(kl.Conv2D(4, 3)(kl.Add()([one, other])))
    return keras.Model([one, other], kl.Dense(3)(x))


@pytest.mark.parametrize(
    ("name", "make", "sentence"),
    [
        ("missing.keras", lambda path: None, "does not exist. Expected was a Keras model (.keras, .h5)"),
        ("folder", lambda path: path.mkdir(), "is a folder, not a file"),
        ("model.pt", lambda path: path.write_bytes(b"x"), "is a PyTorch file"),
        ("model.onnx", lambda path: path.write_bytes(b"x"), "is an ONNX file"),
        ("notes.txt", lambda path: path.write_bytes(b"x"), "is no model file that is known"),
        ("empty.keras", lambda path: path.write_bytes(b""), "is empty"),
        ("no.keras", lambda path: path.write_bytes(b"no zip"), "is no Keras model, or is damaged"),
        ("no.h5", lambda path: path.write_bytes(b"no hdf5"), "is no HDF5 file of a Keras model"),
        ("other.keras", lambda path: zipfile.ZipFile(path, "w").close(), "is no Keras model"),
        ("data.h5", weights_only, "holds weights alone, or no model"),
        ("some.weights.h5", weights_only, "Name their architecture (`architecture`)"),
        ("any.keras", lambda path: saved(path, classifier(shape=(None, None, 3))), "images of any size"),
        ("five.keras", lambda path: saved(path, classifier(shape=(16, 16, 5))), "images of 5 channels"),
        ("two.keras", lambda path: saved(path, two_inputs()), "has 2 inputs"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_sentence_that_names_the_file(tmp_path, name, make, sentence):
    path = tmp_path / name
    make(path)
    with pytest.raises(UserError) as error:
        load_model_file(path)
    assert str(path) in str(error.value)
    assert sentence in str(error.value)


def test_a_truncated_file_is_said_to_be_damaged(tmp_path):
    for ending in ("keras", "h5"):
        path = saved(tmp_path / f"model.{ending}")
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        with pytest.raises(UserError, match=r"is damaged|cannot be read"):
            load_model_file(path)


@pytest.mark.parametrize(
    ("name", "channels", "sentence"),
    [("unti", 3, "Did you mean unit?"), ("torch", 1, "is of three colours")],
)
def test_a_wrong_preprocessing_says_what_there_is(name, channels, sentence):
    with pytest.raises(UserError) as error:
        prepare_for(name, channels)
    assert sentence in str(error.value)


def test_a_softmax_over_one_class_is_no_classifier(tmp_path):
    model = model_of(lambda x: kl.Dense(1, "softmax", name="softmax")(kl.Flatten()(kl.Conv2D(2, 3)(x))))
    with pytest.raises(UserError, match="tells a single class apart"):
        load_model_file(saved(tmp_path / "one.keras", model))
