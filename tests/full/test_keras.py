"""ConvNeXt and EfficientNetV2: what Keras computes from pixels, as one flat graph with stable names."""

import keras
import numpy as np
import pytest

from evidrift.base.errors import UserError
from evidrift.networks.backbone import build_backbone
from evidrift.networks.catalogue import check, find
from evidrift.networks.checkpoint import load_weights, save_weights, weights_hash
from evidrift.networks.classifier import build_classifier
from tests.full.sizes import SMALL

# Weights: those of the whole network as published (28,589,128 and 7,200,312) less its 1000 classes.
NETWORKS = {
    "convnext_tiny": (keras.applications.ConvNeXtTiny, 28_589_128 - 769_000, 768),
    "efficientnetv2_b0": (keras.applications.EfficientNetV2B0, 7_200_312 - 1_281_000, 1280),
}
DOWNLOADED = {
    "convnext_tiny": "convnext_tiny_notop.h5",
    "efficientnetv2_b0": "efficientnetv2-b0_notop.h5",
}
SIZE = SMALL
PIXELS = np.random.default_rng(0).uniform(0, 255, (2, SIZE, SIZE, 3)).astype(np.float32)


@pytest.fixture(scope="module", params=NETWORKS)
def theirs(request):
    """A network as Keras builds it, with its preprocessing inside, and its name."""
    keras.utils.set_random_seed(2)
    application = NETWORKS[request.param][0]
    model = application(include_top=False, weights=None, input_shape=(SIZE, SIZE, 3))
    rng = np.random.default_rng(1)
    for variable in model.weights:  # also away from their start: layer scales of 1e-6 hide the branches
        if len(variable.shape) == 1:
            variable.assign(variable + rng.uniform(0.1, 0.3, variable.shape))
    return model, request.param


@pytest.fixture(scope="module")
def rebuilt(trunks):
    """The same once more, after layers and operations of another model and with another global seed."""
    keras.utils.set_random_seed(5)
    keras.ops.add(keras.Input((1,)), keras.Input((1,)))
    keras.layers.LayerNormalization()
    return {name: build_backbone(name, SIZE, {}) for name in NETWORKS}


@pytest.mark.slow
def test_imagenet_weights_in_kerass_file_give_what_keras_computes_from_pixels(theirs, tmp_path, monkeypatch):
    """Keras pins its files by hash, so one of the same layout, with its preprocessing, stands in for it."""
    theirs, name = theirs
    theirs.save(tmp_path / DOWNLOADED[name])
    asked = []

    def get_file(file, origin, **kwargs):
        asked.append((file, kwargs["cache_subdir"]))
        return str(tmp_path / file)

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", get_file)
    ours = build_backbone(name, SIZE, {}, weights="imagenet")

    assert asked == [(DOWNLOADED[name], "models")]
    expected = theirs(PIXELS).numpy()
    computed = ours(find(name).preprocess(PIXELS)).numpy()
    np.testing.assert_allclose(computed, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())
    assert np.ptp(expected) > 0.1


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_the_trunk_has_its_published_weights_and_a_cell_for_32_px(name, trunks):
    _, n_weights, channels = NETWORKS[name]
    assert trunks[name].count_params() == n_weights
    assert trunks[name].output.shape == (None, SIZE // 32, SIZE // 32, channels)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_the_graph_is_flat_and_made_of_layers_alone(name, trunks):
    model = trunks[name]
    assert not any(isinstance(layer, keras.Model) for layer in model.layers)
    # keras.ops are no layers: their names depend on what the process built before
    assert len(model.operations) == len(model.layers)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_names_and_random_weights_do_not_depend_on_what_was_built_before(name, trunks, rebuilt):
    assert [layer.name for layer in rebuilt[name].layers] == [layer.name for layer in trunks[name].layers]
    assert weights_hash(rebuilt[name]) == weights_hash(trunks[name])


@pytest.mark.slow
def test_the_residual_sums_are_named_after_their_blocks(trunks):
    names = [layer.name for layer in trunks["convnext_tiny"].layers]
    sums = [f"convnext_tiny_stage_{s}_block_{b}_add" for s, n in enumerate((3, 3, 9, 3)) for b in range(n)]
    assert [name for name in names if name.endswith("_add")] == sums
    assert names[-2:] == [sums[-1], "layer_normalization"]
    assert trunks["efficientnetv2_b0"].layers[-1].name == "top_activation"


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_weights_survive_a_round_trip(name, trunks, rebuilt, tmp_path):
    path = tmp_path / "backbone.weights.h5"
    save_weights(trunks[name], path)
    for variable in rebuilt[name].weights:
        variable.assign(variable + 0.25)
    assert weights_hash(rebuilt[name]) != weights_hash(trunks[name])
    load_weights(rebuilt[name], path)
    assert weights_hash(rebuilt[name]) == weights_hash(trunks[name])


@pytest.mark.slow
def test_branches_are_dropped_while_efficientnet_is_trained_and_only_then(trunks, tmp_path):
    classifier = build_classifier(trunks["efficientnetv2_b0"], 5, dropout=0)
    for layer in classifier.layers:  # batch statistics would differ too
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
    images = find("efficientnetv2_b0").preprocess(PIXELS)
    first, second = (classifier(images, training=False).numpy() for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert not np.allclose(classifier(images, training=True).numpy(), first, rtol=1e-4)
    # the state of the random streams is no weight: it must not enter the file
    save_weights(classifier, tmp_path / "a.weights.h5")
    classifier(images, training=True)
    save_weights(classifier, tmp_path / "b.weights.h5")
    assert (tmp_path / "a.weights.h5").read_bytes() == (tmp_path / "b.weights.h5").read_bytes()


@pytest.mark.parametrize("name", NETWORKS)
def test_both_have_imagenet_weights_and_take_images_from_32_px(name):
    check(name, 32, {}, "imagenet")
    with pytest.raises(UserError, match=f"{name} needs at least 32 px"):
        check(name, 31, {}, "imagenet")
