import keras
import numpy as np
import pytest
import tensorflow as tf

from evidrift.attribution.network import Network
from evidrift.base.errors import UserError
from evidrift.families.cam import is_constant
from evidrift.maps.scores import predicted_classes
from evidrift.networks.target.layers import resolve
from tests.attribution.small import N, prepare, small_classifier, small_pixels, small_targets

LAYERS = ["penultimate", "last"]


def run(model, layers=LAYERS, score="centred", n=N):
    network = Network(model, resolve(model, layers), prepare, score)
    return network.run(small_pixels(n), small_targets(n, model.output.shape[-1]))


def full_tape(model, names, coefficients):
    """Activations and gradients of sum_c coefficients[:, c] z_c by one tape over the whole network."""
    probe = keras.Model(model.input, [model.get_layer(name).output for name in names] + [model.output])
    with tf.GradientTape() as tape:
        images = tf.constant(prepare(small_pixels(len(coefficients))))
        tape.watch(images)
        *activations, logits = probe(images, training=False)
        score = tf.reduce_sum(logits * coefficients.astype(np.float32))
    gradients = tape.gradient(score, activations)
    return logits.numpy(), [a.numpy() for a in activations], [g.numpy() for g in gradients]


def one_hot(n=N, n_classes=3):
    return np.eye(n_classes)[small_targets(n, n_classes)]


@pytest.mark.parametrize("score", ["centred", "raw"])
def test_gradients_are_those_of_a_tape_over_the_whole_network(score):
    model = small_classifier()
    # z_c - mean_j z_j = sum_j (delta_cj - 1/3) z_j
    coefficients = one_hot() - (1 / 3 if score == "centred" else 0)
    logits, activations, gradients = full_tape(model, ["before", "after"], coefficients)
    result = run(model, score=score)
    np.testing.assert_allclose(result.logits, logits, atol=1e-5)
    for at, label in enumerate(LAYERS):
        np.testing.assert_allclose(result.activations[label], activations[at], atol=1e-5)
        np.testing.assert_allclose(result.gradients[label], gradients[at], atol=1e-6)
        assert np.abs(gradients[at]).max() > 1e-3


def test_a_layer_on_a_branch_gets_the_gradient_through_that_branch():
    model = small_classifier()
    _, activations, gradients = full_tape(model, ["branch", "shortcut"], one_hot() - 1 / 3)
    result = run(model, ["branch", "last", "shortcut"])
    for at, label in enumerate(["branch", "shortcut"]):
        np.testing.assert_allclose(result.activations[label], activations[at], atol=1e-5)
        np.testing.assert_allclose(result.gradients[label], gradients[at], atol=1e-6)
    assert list(result.gradients) == ["branch", "last", "shortcut"]


def test_one_tensor_under_two_labels_and_the_image_itself_can_be_targets():
    model = small_classifier()
    result = run(model, ["penultimate", "before", model.layers[0].name])
    np.testing.assert_array_equal(result.gradients["penultimate"], result.gradients["before"])
    assert result.gradients[model.layers[0].name].shape == (N, 16, 16, 3)
    assert np.abs(result.gradients[model.layers[0].name]).max() > 1e-3


def test_the_gradient_at_the_pooling_is_the_heads_weights_less_their_mean_over_the_places():
    model = small_classifier()
    kernel, _ = model.get_layer("logits").get_weights()
    expected = (kernel[:, small_targets()] - kernel.mean(axis=1, keepdims=True)).T / 64
    gradients = run(model).gradients["last"]
    np.testing.assert_allclose(
        gradients, np.broadcast_to(expected[:, None, None], gradients.shape), atol=1e-7
    )


def test_the_gradient_before_the_last_block_agrees_with_finite_differences():
    model = small_classifier()
    result = run(model, n=1)
    rest = keras.Function(model.get_layer("before").output, model.output)
    at = result.activations["penultimate"].astype(np.float64)
    step = np.zeros_like(at)
    step[0, 3, 4] = 1e-3  # at one place, all channels, each in turn
    for channel in range(at.shape[-1]):
        only = np.where(np.arange(at.shape[-1]) == channel, step, 0)
        up, down = (np.asarray(rest((at + sign * only).astype(np.float32)))[0] for sign in (1, -1))
        difference = ((up - up.mean()) - (down - down.mean()))[0] / 2e-3
        assert result.gradients["penultimate"][0, 3, 4, channel] == pytest.approx(
            difference, abs=2e-4, rel=0.02
        )


def test_a_single_sigmoid_output_is_explained_as_plus_z_for_class_1_and_minus_z_for_class_0():
    model = small_classifier(n_classes=1)
    network = Network(model, resolve(model, LAYERS), prepare, "centred")
    _, _, gradients = full_tape(model, ["before", "after"], np.ones((N, 1)))
    for target, sign in ((1, 1), (0, -1)):
        result = network.run(small_pixels(), np.full(N, target))
        np.testing.assert_allclose(result.gradients["penultimate"], sign * gradients[0], atol=1e-6)
        np.testing.assert_allclose(result.gradients["last"], sign * gradients[1], atol=1e-6)


@pytest.mark.parametrize("n_classes", [1, 3])
def test_a_target_below_zero_is_the_class_that_the_network_predicts(n_classes):
    model = small_classifier(n_classes=n_classes)
    network = Network(model, resolve(model, LAYERS), prepare, "centred")
    predicted = predicted_classes(network.run(small_pixels(N), small_targets(N, n_classes)).logits)
    asked, told = (network.run(small_pixels(N), targets) for targets in (np.full(N, -1), predicted))
    for label in LAYERS:
        np.testing.assert_array_equal(asked.gradients[label], told.gradients[label])


def test_an_image_alone_and_among_others_gives_the_same_and_nothing_is_compiled_anew():
    model = small_classifier()
    network = Network(model, resolve(model, LAYERS), prepare, "centred")
    pixels, targets = small_pixels(), small_targets()
    together = network.run(pixels, targets)
    apart = [network.run(pixels[at : at + 1], targets[at : at + 1]) for at in range(N)]
    batches = [network.run(pixels[at : at + 3], targets[at : at + 3]) for at in range(0, N, 3)]
    for parts in (apart, batches):
        np.testing.assert_allclose(np.concatenate([p.logits for p in parts]), together.logits, atol=1e-5)
        for label in LAYERS:
            gradients = np.concatenate([part.gradients[label] for part in parts])
            np.testing.assert_allclose(gradients, together.gradients[label], atol=1e-7)
    assert network._cam_pass.experimental_get_tracing_count() == 1


def test_dropout_is_off_even_where_the_graph_was_built_with_it_on():
    model = small_classifier()
    noisy = keras.layers.Dropout(0.9)(model.get_layer("before").output, training=True)
    pooled = keras.layers.GlobalAveragePooling2D(name="pool")(keras.layers.ReLU(name="end")(noisy))
    noisy_model = keras.Model(model.input, model.get_layer("logits")(keras.layers.Dense(8)(pooled)))
    first, second = run(noisy_model, ["before"]), run(noisy_model, ["before"])
    np.testing.assert_array_equal(first.logits, second.logits)
    assert (first.gradients["before"] != 0).mean() > 0.4


@pytest.mark.parametrize(
    ("between", "constant"),
    [
        (keras.layers.Conv2D(4, 1), True),
        (keras.layers.AveragePooling2D(2), True),
        (keras.layers.AveragePooling2D(2, padding="same"), True),
        (keras.layers.ZeroPadding2D(1), True),
        (keras.layers.AveragePooling2D(3), False),
        (keras.layers.Conv2D(4, 3), False),
        (keras.layers.DepthwiseConv2D(3, padding="same"), False),
        (keras.layers.MaxPooling2D(2), False),
        (keras.layers.Conv2D(4, 1, activation="relu"), False),
    ],
)
def test_the_graph_knows_where_gradients_are_constant(between, constant):
    inputs = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="first")(inputs)
    x = keras.layers.GlobalAveragePooling2D()(between(keras.layers.ReLU(name="second")(x)))
    model = keras.Model(inputs, keras.layers.Dense(3)(x))
    assert is_constant(run(model, ["second"]).gradients["second"]) is constant
    assert (resolve(model, ["penultimate"])[0].name == "first") is constant


def test_scores_are_the_centred_logits_of_the_targets():
    model = small_classifier()
    network = Network(model, resolve(model, LAYERS), prepare, "centred")
    logits = model(prepare(small_pixels()), training=False).numpy()
    inputs = network.inputs(small_pixels())
    np.testing.assert_allclose(network.logits(inputs), logits, atol=1e-5)
    expected = logits[np.arange(N), small_targets()] - logits.mean(axis=1)
    np.testing.assert_allclose(network.scores(inputs, small_targets()), expected, atol=1e-5)


def test_the_gradient_at_the_image_is_that_of_the_input_layer_as_a_target():
    model = small_classifier()
    network = Network(model, resolve(model, [model.layers[0].name]), prepare, "centred")
    expected = network.run(small_pixels(), small_targets()).gradients[model.layers[0].name]
    found = network.input_gradients(network.inputs(small_pixels()), small_targets())
    np.testing.assert_allclose(found, expected, atol=1e-7)


@pytest.mark.parametrize("label", LAYERS)
def test_scores_from_a_layers_own_activations_are_the_images_scores(label):
    model = small_classifier()
    network = Network(model, resolve(model, LAYERS), prepare, "centred")
    activations = network.run(small_pixels(), small_targets()).activations[label]
    scores = network.scores(network.inputs(small_pixels()), small_targets())
    np.testing.assert_allclose(network.scores_from(label, activations, small_targets()), scores, atol=1e-5)
    assert network.grid(label) == activations.shape[1:3]


def test_scores_cannot_be_had_from_a_layer_that_a_path_goes_around():
    model = small_classifier()
    network = Network(model, resolve(model, ["branch"]), prepare, "centred")
    with pytest.raises(UserError, match="branch of small is not passed by every path"):
        network.scores_from("branch", np.zeros((1, 8, 8, 5), np.float32), small_targets(1))
