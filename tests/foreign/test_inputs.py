"""What other people's networks take: other precision, other shapes, layers of one's own."""

import keras
import numpy as np
import pytest

import evidrift.networks.start_tensorflow  # noqa: F401 - deterministic kernels
from evidrift.auditing.explaining import explain_file
from evidrift.auditing.methods import families_of
from evidrift.base.errors import UserError
from evidrift.foreign.files import load_model_file
from tests.foreign.kinds import SHAPE, SIZE, head, model_of, run, trunk, with_weights
from tests.foreign.own import Attention

kl = keras.layers
FILMS = np.random.default_rng(7).integers(0, 256, (3, SIZE, SIZE), dtype=np.uint8)
SCALED = (FILMS / 255.0)[..., np.newaxis].repeat(3, axis=-1).astype(np.float32)


def attending(x):
    """A head with attention over space, with layers inside layers."""
    tokens = kl.MultiHeadAttention(2, 4, attention_axes=(1, 2), name="attention")(x, x)
    return run(head("softmax"), kl.ReLU(name="last")(kl.Add()([x, tokens])))


@pytest.fixture
def policy():
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize(
    ("name", "precision", "tolerance"),
    [("mixed_bfloat16", "bfloat16", 0.02), ("float16", "float16", 0.003)],
)
def test_half_precision_is_explained_in_float32(name, precision, tolerance, tmp_path, policy):
    """Its probabilities to half precision, and exactly those of the float32 network with its weights."""
    exact = model_of(lambda x: attending(trunk(x)))
    with_weights(exact)
    policy(name)
    half = model_of(lambda x: attending(trunk(kl.Normalization(mean=[0.0] * 3, variance=[1.0] * 3)(x))))
    policy("float32")
    half.set_weights(exact.get_weights())
    exact.set_weights(half.get_weights())  # rounded, where weights are half too
    half.save(tmp_path / "half.keras")
    file = load_model_file(tmp_path / "half.keras", preprocessing="unit")
    assert f"half.keras computes in {precision}; here it was computed in float32." in file.notes
    inputs = file.prepare(FILMS)
    found = file.probabilities(np.asarray(file.model(inputs, training=False)))
    np.testing.assert_allclose(found, exact(SCALED, training=False), atol=1e-5)
    np.testing.assert_allclose(found, np.asarray(half(SCALED), np.float32), atol=tolerance)
    each_family = ["layer_cam", "score_cam", "occlusion", "integrated_gradients"]
    explained = explain_file(
        file, families_of(each_family, "penultimate", 16), "penultimate", FILMS, None, "", True
    )
    layers = [maps.layers["penultimate"] for maps in explained.maps.values()]
    signed = [each for layer in layers for each in layer.methods.values()]
    assert len(signed) == len(each_family)
    assert np.isfinite(signed).all()


def test_a_layer_of_ones_own_is_read_from_a_loaded_model(tmp_path, policy):
    policy("mixed_bfloat16")
    model = with_weights(model_of(lambda x: run(head("softmax"), Attention(name="own")(trunk(x)))))
    policy("float32")
    file = load_model_file(model, preprocessing="unit")
    assert (file.path.name, file.size) == (model.name, SIZE)
    assert any("was given as an object: its sha256 is of its description" in note for note in file.notes)
    assert file.sha256 == load_model_file(model).sha256
    raw = np.asarray(file.model(file.prepare(FILMS), training=False))
    np.testing.assert_allclose(file.probabilities(raw), np.asarray(model(SCALED), np.float32), atol=0.02)
    families = families_of(["layer_cam", "occlusion"], "penultimate", 8)
    explained = explain_file(file, families, "penultimate", FILMS, None, "", True)
    assert explained.layer_name == "after"
    weights = model.get_weights()
    model.set_weights([weights[0] * 2, *weights[1:]])
    assert load_model_file(model).sha256 != file.sha256
    model.save(tmp_path / "own.keras")
    with pytest.raises(UserError, match=r"author's code.*audit\(before=model\)"):
        load_model_file(tmp_path / "own.keras")


@pytest.mark.parametrize("crop", [kl.RandomCrop, kl.CenterCrop, kl.Resizing])
def test_layers_whose_shape_changes_give_what_the_model_itself_gives(crop, tmp_path):
    model = with_weights(model_of(lambda x: run(head("softmax"), trunk(crop(12, 12)(x)))))
    model.save(tmp_path / "crop.keras")
    file = load_model_file(tmp_path / "crop.keras", preprocessing="unit")
    families = families_of(["layer_cam", "integrated_gradients"], "penultimate", 8)
    explained = explain_file(file, families, "penultimate", FILMS, None, "", True)
    np.testing.assert_allclose(file.probabilities(explained.raw), model.predict(SCALED, verbose=0), atol=1e-5)


@pytest.mark.parametrize("shape", [(16, 12, 3), (12, 16, 3)])
def test_films_are_squashed_to_a_rectangle_and_maps_lie_on_the_whole_film(shape, tmp_path):
    """A spot in a corner of the film is found in that corner of the map, whatever the input's shape."""
    inputs = keras.Input(shape)
    x = kl.Conv2D(2, 3, padding="same", activation="relu", name="seen")(inputs)
    x = kl.Conv2D(2, 3, padding="same", activation="relu")(x)
    model = keras.Model(inputs, kl.Dense(2)(kl.GlobalAveragePooling2D()(x)))
    model.set_weights([np.abs(weight) if weight.ndim == 4 else weight for weight in model.get_weights()])
    model.layers[-1].set_weights([np.array([[1.0, -1.0]] * 2), np.zeros(2)])
    model.save(tmp_path / "tall.keras")
    file = load_model_file(tmp_path / "tall.keras")
    assert (file.size, file.shape[:2]) == (16, shape[:2])
    films = np.zeros((2, 16, 16), np.uint8)
    films[0, :4, 12:] = 200  # top right
    films[1, 8:, :] = 100  # the lower half
    own = np.zeros((2, *shape), np.float32)
    rows, columns = shape[:2]
    own[0, : rows // 4, 3 * columns // 4 :] = 200
    own[1, rows // 2 :, :] = 100
    raw = np.asarray(file.model(file.prepare(films), training=False))
    np.testing.assert_allclose(raw, model(own, training=False), rtol=1e-5)
    methods = ["layer_cam", "integrated_gradients", "occlusion"]
    targets = np.zeros(2, int)
    found = explain_file(
        file, families_of(methods, "penultimate", 8), "penultimate", films, targets, "", True
    )
    for maps in found.maps.values():
        for signed in maps.layers["penultimate"].methods.values():
            assert signed.shape == (2, *shape[:2])
            strongest = np.unravel_index(signed[0].argmax(), shape[:2])
            assert strongest[0] < rows // 4 + 1
            assert strongest[1] >= 3 * columns // 4 - 1
    with pytest.raises(UserError, match=f"takes images of {rows} x {columns} px, so a film that was padded"):
        file.check_padding(True)


def test_channels_that_come_first_are_named_with_a_way_out(tmp_path):
    first = {"data_format": "channels_first"}
    inputs = keras.Input((3, SIZE, SIZE))
    x = kl.GlobalAveragePooling2D(**first)(kl.Conv2D(4, 3, name="conv", **first)(inputs))
    keras.Model(inputs, kl.Dense(2, "softmax")(x)).save(tmp_path / "first.keras")
    with pytest.raises(UserError, match=r"channels_first, .* in its layer conv.*set_image_data_format"):
        load_model_file(tmp_path / "first.keras")


def test_several_inputs_and_outputs_are_named(tmp_path):
    film, age = keras.Input(SHAPE, name="film"), keras.Input((1,), name="age")
    x = kl.GlobalAveragePooling2D()(trunk(film))
    finding = kl.Dense(2, "softmax", name="finding")(kl.Concatenate()([x, age]))
    keras.Model([film, age], finding).save(tmp_path / "two.keras")
    with pytest.raises(UserError, match=r"2 inputs \(film, age\) and 1 output \(finding\).*at a constant"):
        load_model_file(tmp_path / "two.keras")
    box = kl.Dense(4, name="box")
    keras.Model(film, [kl.Dense(2, "softmax", name="finding")(x), box(x)]).save(tmp_path / "box.keras")
    with pytest.raises(UserError, match=r"1 input \(film\) and 2 outputs \(finding, box\).*outputs\[0\]"):
        load_model_file(tmp_path / "box.keras")


def test_a_single_output_may_stand_in_a_dictionary(tmp_path):
    film = keras.Input(SHAPE)
    probabilities = run(head("softmax"), trunk(film))
    with_weights(keras.Model(film, {"finding": probabilities})).save(tmp_path / "named.keras")
    file = load_model_file(tmp_path / "named.keras", preprocessing="unit")
    raw = np.asarray(file.model(file.prepare(FILMS), training=False))
    own = keras.models.load_model(tmp_path / "named.keras").predict(SCALED, verbose=0)
    np.testing.assert_allclose(file.probabilities(raw), own["finding"], atol=1e-5)
