"""The CAM family on a real network, by way of `explain_checkpoints`."""

import keras
import numpy as np
import pytest

from evidrift.attribution.explain import explain, explain_checkpoints
from evidrift.attribution.family import Family
from evidrift.attribution.network import Network
from evidrift.base.errors import UserError
from evidrift.base.unfinished.memo import Memo
from evidrift.families import cam, gradients
from evidrift.images.store import Images
from evidrift.maps.arrays import as_arrays
from evidrift.maps.scores import logit_scale
from evidrift.networks.target.layers import resolve
from tests.attribution.small import SIZE, N, prepare, small_classifier, small_pixels, small_targets
from tests.stopped import stopped_after_every

METHODS = ["grad_cam", "grad_cam_pp", "grad_cam_pp_unit", "layer_cam", "hires_cam"]
CLASSES = ("a", "b", "c")
ALL = np.arange(N)


def params(**changes):
    settings = {
        "methods": METHODS,
        "layers": ["penultimate", "last"],
        "score": "centred",
        "target": "label",
        "batch_size": 3,
        "images_per_class": None,
    }
    return cam.Params(**(settings | changes))


def of_cam(**changes):
    return Family("cam", cam, params(**changes))


def images():
    return Images(
        ids=np.array([f"a/{at}.png" for at in range(N)]),
        patient_ids=np.array([str(at) for at in range(N)]),
        labels=small_targets(),
        pixels=small_pixels(),
        content=np.tile([0, 0, SIZE, SIZE], (N, 1)),
        classes=CLASSES,
    )


def logits_of(model):
    return np.array(model(prepare(small_pixels()), training=False))


def explained(model, chosen=ALL, **changes):
    """What `explain_checkpoints` gives for one checkpoint."""
    recorded = {"tl": logits_of(model)}
    return explain_checkpoints(
        of_cam(**changes), model, {"tl": model.get_weights()}, images(), prepare, recorded, chosen
    )["tl"]


def with_head(change):
    """The small classifier with its head's kernel and bias changed."""
    model = small_classifier()
    head = model.get_layer("logits")
    head.set_weights(change(*head.get_weights()))
    return model


def normalised(maps):
    """What is used of maps: the positive part, divided by its sum."""
    positive = np.maximum(maps, 0)
    return positive / positive.sum(axis=(1, 2), keepdims=True)


GRADIENT_INPUT = gradients.Params(
    methods=["gradient_input"],
    **{"images_per_class": None, "score": "centred", "target": "label", "batch_size": 3},
    **{"steps": 2, "baselines": ["black"], "samples": 1, "noise": 0.1, "seed": 1},
)


@pytest.mark.parametrize(
    ("family", "own"),
    [(of_cam(methods=["grad_cam"]), 0), (Family("gradients", gradients, GRADIENT_INPUT), 3)],
)
def test_a_target_that_is_not_given_costs_the_cam_family_no_forward_pass(monkeypatch, family, own):
    """Seven images in batches of three are three passes; `own` are those that the family makes itself."""
    passes = []
    forward = Network.logits
    monkeypatch.setattr(Network, "logits", lambda *given: passes.append(1) or forward(*given))
    model = small_classifier()
    network = Network(model, resolve(model, ["penultimate"]), prepare, "centred")
    found = explain(network, family, small_pixels())
    np.testing.assert_array_equal(found.targets, logits_of(model).argmax(axis=1))
    assert len(passes) == 2 * own
    passes.clear()
    told = explain(network, family, small_pixels(), found.targets)
    assert len(passes) == own
    for method, maps in told.layers["penultimate"].methods.items():
        np.testing.assert_array_equal(maps, found.layers["penultimate"].methods[method])


def test_the_unit_form_takes_the_scale_of_all_images_and_a_given_one_saves_the_pass(monkeypatch):
    model = small_classifier()
    network = Network(model, resolve(model, ["penultimate"]), prepare, "centred")
    family = of_cam(methods=["grad_cam_pp_unit"], layers=["penultimate"])
    found = explain(network, family, small_pixels(), small_targets())
    monkeypatch.setattr(Network, "logits", None)
    told = explain(network, family, small_pixels(), small_targets(), logit_scale(logits_of(model)))
    np.testing.assert_allclose(
        told.layers["penultimate"].methods["grad_cam_pp_unit"],
        found.layers["penultimate"].methods["grad_cam_pp_unit"],
        rtol=1e-4,
        atol=1e-6,
    )


def test_each_batch_is_seen_with_its_place():
    model = small_classifier()
    network = Network(model, resolve(model, ["penultimate"]), prepare, "centred")
    seen = []
    family = of_cam(methods=["grad_cam"], layers=["penultimate"])
    explain(
        network, family, small_pixels(), small_targets(), seen=lambda part, maps: seen.append((part, maps))
    )
    assert [np.arange(N)[part].tolist() for part, _ in seen] == [[0, 1, 2], [3, 4, 5], [6]]
    for part, maps in seen:
        np.testing.assert_array_equal(maps.targets, small_targets()[part])


def test_every_image_is_explained_in_order_whatever_the_batch_size():
    model = small_classifier()
    whole, parts = explained(model, batch_size=100), explained(model, batch_size=3)
    np.testing.assert_array_equal(whole.targets, small_targets())
    np.testing.assert_allclose(parts.logits, logits_of(model), atol=1e-5)
    for label, grid in (("penultimate", (8, 8)), ("last", (8, 8))):
        assert list(whole.layers[label].methods) == METHODS
        for method in METHODS:
            assert whole.layers[label].methods[method].shape == (N, *grid)
            assert whole.layers[label].methods[method].dtype == np.float32
            np.testing.assert_allclose(
                parts.layers[label].methods[method], whole.layers[label].methods[method], rtol=1e-4, atol=1e-6
            )


def test_only_the_chosen_images_are_explained_each_as_among_all():
    model = small_classifier()
    some, whole = explained(model, np.array([1, 4, 5, 6])), explained(model)
    np.testing.assert_array_equal(some.targets, small_targets()[[1, 4, 5, 6]])
    for method, maps in some.layers["penultimate"].methods.items():
        np.testing.assert_allclose(
            maps, whole.layers["penultimate"].methods[method][[1, 4, 5, 6]], rtol=1e-4, atol=1e-6
        )


def test_the_gradient_is_constant_at_last_and_varies_at_penultimate():
    layers = explained(small_classifier()).layers
    assert (layers["last"].name, layers["last"].constant_gradient) == ("after", True)
    assert (layers["penultimate"].name, layers["penultimate"].constant_gradient) == ("before", False)


def test_closed_form_at_the_pooling_layer():
    """There g_k = w_k / HW, with w_k = dS / dpool_k the head's centred weight and S_k = HW pool_k.

    Grad-CAM and HiResCAM: sum_k w_k A_k / HW; LayerCAM: sum_k ReLU(w_k) A_k / HW; Grad-CAM++: LayerCAM's
    terms times HW / (2 + pool_k w_k).
    """
    model = small_classifier()
    probe = keras.Model(model.input, [model.get_layer("after").output, model.get_layer("pool").output])
    activations, pool = (np.asarray(x, float) for x in probe(prepare(small_pixels()), training=False))
    kernel = model.get_layer("logits").get_weights()[0].astype(float)
    weight = (kernel[:, small_targets()] - kernel.mean(axis=1, keepdims=True)).T
    positive, hw = np.maximum(weight, 0), 64
    scale = logit_scale(logits_of(model))

    def combined(factor):
        return (activations * factor[:, None, None, :]).sum(axis=-1)

    expected = {
        "grad_cam": combined(weight / hw),
        "hires_cam": combined(weight / hw),
        "layer_cam": combined(positive / hw),
        "grad_cam_pp": combined(positive / hw * (hw / (2 + pool * positive))),
        "grad_cam_pp_unit": combined(positive / scale / (2 + pool * positive / scale)),
    }
    maps = explained(model).layers["last"].methods
    for method in METHODS:
        np.testing.assert_allclose(maps[method], expected[method], rtol=1e-4, atol=1e-6)
    assert not np.allclose(normalised(maps["layer_cam"]), normalised(maps["grad_cam_pp"]), rtol=0.01)


def test_logits_times_10_leave_every_method_but_plain_grad_cam_pp_unchanged():
    models = small_classifier(), with_head(lambda kernel, bias: [10 * kernel, 10 * bias])
    layers = [explained(model).layers for model in models]
    for before, after in ([each[name].methods for each in layers] for name in ("penultimate", "last")):
        for method, factor in (
            ("grad_cam", 10),
            ("layer_cam", 10),
            ("hires_cam", 10),
            ("grad_cam_pp_unit", 1),
        ):
            np.testing.assert_allclose(after[method], factor * before[method], rtol=1e-3, atol=1e-5)
        plus_plus = [normalised(methods["grad_cam_pp"]) for methods in (before, after)]
        assert np.abs(plus_plus[1] - plus_plus[0]).sum(axis=(1, 2)).max() > 0.02


def test_a_term_added_to_all_logits_changes_nothing():
    term = np.linspace(-1, 1, 8, dtype=np.float32)[:, None]
    model = with_head(lambda kernel, bias: [kernel + term, bias + np.float32(0.7)])
    before, after = explained(small_classifier()), explained(model)
    for layer in ("penultimate", "last"):
        for method in METHODS:
            np.testing.assert_allclose(
                after.layers[layer].methods[method],
                before.layers[layer].methods[method],
                rtol=1e-3,
                atol=1e-5,
            )
    assert np.abs(after.logits - before.logits).min() > 0.1
    # what the centring removes: under the raw logit the same term moves the maps
    raw = [explained(each, score="raw").layers for each in (small_classifier(), model)]
    for layer in ("penultimate", "last"):
        one, other = (each[layer].methods["grad_cam"] for each in raw)
        assert np.abs(one - other).max() > 0.01


def test_the_predicted_class_is_that_of_the_recorded_predictions():
    model = small_classifier()
    result = explained(model, target="prediction")
    np.testing.assert_array_equal(result.targets, logits_of(model).argmax(axis=1))
    assert (result.targets != small_targets()).any()


def test_grad_cam_pp_is_not_defined_on_a_tensor_with_negative_values(caplog):
    layer = explained(small_classifier(), layers=["sum"]).layers["sum"]
    assert layer.not_defined == ("grad_cam_pp", "grad_cam_pp_unit")
    assert list(layer.methods) == ["grad_cam", "layer_cam", "hires_cam"]
    assert "tl: layer sum can be negative" in caplog.text


def test_both_checkpoints_are_explained_with_their_own_weights_and_scale():
    models = {"tl": small_classifier(), "ft": with_head(lambda kernel, bias: [-3 * kernel, bias])}
    recorded = {checkpoint: logits_of(model) for checkpoint, model in models.items()}
    weights = {checkpoint: model.get_weights() for checkpoint, model in models.items()}
    result = explain_checkpoints(of_cam(), small_classifier(), weights, images(), prepare, recorded, ALL)
    assert list(result) == ["tl", "ft"]
    for checkpoint, model in models.items():
        alone = explained(model).layers["penultimate"].methods
        for method in METHODS:
            np.testing.assert_allclose(
                result[checkpoint].layers["penultimate"].methods[method], alone[method], rtol=1e-4, atol=1e-6
            )


def test_a_checkpoint_that_does_not_give_the_recorded_logits_is_refused():
    model = small_classifier()
    recorded = logits_of(model)
    recorded[4, 1] += 0.01 * logit_scale(recorded)
    with pytest.raises(UserError, match=r"tl: image a/4.png now gives logits .* `dvc repro --force`"):
        explain_checkpoints(
            of_cam(), model, {"tl": model.get_weights()}, images(), prepare, {"tl": recorded}, ALL
        )
    recorded[4, 1] -= 0.0099 * logit_scale(recorded)
    explain_checkpoints(
        of_cam(), model, {"tl": model.get_weights()}, images(), prepare, {"tl": recorded}, ALL
    )


def test_recorded_logits_of_another_number_of_images_are_refused():
    model = small_classifier()
    with pytest.raises(UserError, match="predictions of 6 images, but 7 images to explain"):
        explain_checkpoints(
            of_cam(),
            model,
            {"tl": model.get_weights()},
            images(),
            prepare,
            {"tl": logits_of(model)[:6]},
            ALL,
        )


@pytest.mark.filterwarnings("error")
def test_a_network_of_nan_weights_gives_nan_maps():
    result = explained(with_head(lambda kernel, bias: [kernel * np.nan, bias]))
    assert np.isnan(result.logits).all()
    assert all(np.isnan(maps).all() for maps in result.layers["last"].methods.values())


def test_a_checkpoint_that_has_turned_nan_is_not_the_recorded_one():
    broken = with_head(lambda kernel, bias: [kernel * np.nan, bias])
    recorded = {"tl": logits_of(small_classifier())}
    with pytest.raises(UserError, match=r"image a/0.png now gives logits nan nan nan"):
        explain_checkpoints(of_cam(), broken, {"tl": broken.get_weights()}, images(), prepare, recorded, ALL)


def test_stopped_again_and_again_it_ends_with_the_same_maps(tmp_path):
    model = small_classifier()
    recorded = {name: logits_of(model) for name in ("tl", "ft")}
    weights = {name: model.get_weights() for name in recorded}
    family = of_cam(batch_size=2)

    def work(memo):
        return explain_checkpoints(family, model, weights, images(), prepare, recorded, ALL, memo)

    found, stops = stopped_after_every(3, work, tmp_path)
    assert stops == 2  # within either checkpoint's maps
    whole = work(Memo())
    for name in ("tl", "ft"):
        expected, again = (as_arrays(maps[name]) for maps in (whole, found))
        assert list(again) == list(expected)
        assert all(np.array_equal(again[key], expected[key]) for key in expected)
