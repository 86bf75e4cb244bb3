from importlib import import_module

import keras
import numpy as np
import pytest
import tensorflow as tf

from evidrift.attribution.network import Network
from evidrift.base.errors import UserError
from evidrift.families.cam import hires_cam, is_constant, layer_cam
from evidrift.networks.classifier import build_classifier
from evidrift.networks.target.layers import resolve, target_layers
from tests.attribution.small import small_classifier
from tests.foreign.kinds import images, model_of, squeezed, with_weights

kl = keras.layers


@pytest.mark.slow
@pytest.mark.parametrize(
    ("architecture", "penultimate", "grid", "last"),
    [
        ("mobilenet", "conv_dw_13_relu", (7, 7, 1024), "conv_pw_13_relu"),
        ("mobilenetv2", "block_16_depthwise_relu", (7, 7, 960), "out_relu"),
    ],
)
def test_target_layers_of_the_mobile_networks_at_224_px(architecture, penultimate, grid, last):
    zoo = import_module(f"evidrift.zoo.{architecture}")
    model = build_classifier(zoo.build(224, None), 5, 0.2)
    layers = resolve(model, ["penultimate", "last"])
    assert [layer.name for layer in layers] == [penultimate, last]
    assert [layer.rectified for layer in layers] == [True, True]
    assert layers[0].output.shape[1:] == grid


@pytest.mark.parametrize("architecture", ["densenet_mini", "resnetv2_mini", "inception_mini"])
def test_miniatures_have_a_rectified_8x8_grid_one_stage_before_the_last(architecture):
    zoo = import_module(f"evidrift.zoo.{architecture}")
    layers = resolve(build_classifier(zoo.build(128, None), 5, 0.2), ["penultimate", "last"])
    assert [layer.output.shape[1:3] for layer in layers] == [(8, 8), (4, 4)]
    assert [layer.rectified for layer in layers] == [True, True]


def test_a_gradient_that_comes_back_from_a_single_place_does_not_vary():
    zoo = import_module("evidrift.zoo.densenet_mini")
    # at 32 px `pool4_relu` (2x2) is averaged to 1x1, so its gradient is constant; at 64 px it is not
    layers = [resolve(build_classifier(zoo.build(size, None), 5, 0), ["penultimate"])[0] for size in (32, 64)]
    assert [layer.name for layer in layers] == ["pool3_relu", "pool4_relu"]


def test_an_activation_off_the_skip_connection_is_not_penultimate():
    assert target_layers(small_classifier()) == ("before", "after")


def classifier_of(*layers):
    """Layers in a row on an 8x8x3 input, then pooling and logits."""
    x = inputs = keras.Input((8, 8, 3))
    for layer in layers:
        x = layer(x)
    if len(x.shape) == 4:
        x = kl.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, kl.Dense(2, name="logits")(x), name="row")


@pytest.mark.parametrize(
    "between",
    [
        [kl.Dropout(0.5)],
        [kl.BatchNormalization()],
        [kl.Conv2D(4, 1)],
        [kl.DepthwiseConv2D(1)],
        [kl.Dense(4)],
        [kl.ZeroPadding2D(1)],
        [kl.AveragePooling2D(2)],
        [kl.Conv2D(4, 1), kl.BatchNormalization(), kl.Activation("linear")],
    ],
    ids=lambda layers: layers[-1].__class__.__name__ + str(len(layers)),
)
def test_linear_pointwise_operations_before_the_pooling_keep_the_gradient_constant(between):
    model = classifier_of(kl.Conv2D(4, 3, activation="relu", name="first"), kl.ReLU(name="second"), *between)
    # at `second` the gradient is still constant; the ReLU `second` gates that of `first`
    assert target_layers(model).penultimate == "first"


@pytest.mark.parametrize(
    "between",
    [
        kl.ReLU(),
        kl.Conv2D(4, 3),
        kl.Conv2D(4, 1, strides=2),
        kl.Conv2D(4, 1, activation="relu"),
        kl.AveragePooling2D(3),
        kl.AveragePooling2D(2, strides=1),
        kl.MaxPooling2D(2),
        kl.GlobalMaxPooling2D(),
    ],
    ids=lambda layer: layer.__class__.__name__,
)
def test_all_other_operations_make_the_gradient_vary(between):
    layers = [kl.ReLU(name="first"), kl.ReLU(name="second"), between]
    if isinstance(between, kl.GlobalMaxPooling2D):
        layers.insert(2, kl.Dropout(0.5, name="enters_pooling"))
    assert target_layers(classifier_of(*layers)).penultimate == "second"


@pytest.mark.parametrize(
    ("layer", "rectified"),
    [
        (kl.ReLU(), True),
        (kl.ReLU(max_value=6), True),
        (kl.ReLU(negative_slope=0.1), False),
        (kl.Activation("relu"), True),
        (kl.Activation("relu6"), True),
        (kl.Activation("swish"), False),
        (kl.LeakyReLU(), False),
        (kl.Conv2D(4, 3, activation="relu"), True),
        (kl.Conv2D(4, 3), False),
        (kl.BatchNormalization(), False),
        (kl.MaxPooling2D(2), False),
    ],
)
def test_rectified_is_read_from_the_layer(layer, rectified):
    last = resolve(classifier_of(layer), ["last"])[0]
    assert last.rectified is rectified


@pytest.mark.parametrize(
    "layer", [kl.MaxPooling2D(2), kl.AveragePooling2D(2), kl.ZeroPadding2D(1), kl.Dropout(0.1)]
)
def test_pooling_padding_and_dropout_of_a_rectified_tensor_are_rectified(layer):
    assert resolve(classifier_of(kl.ReLU(), layer), ["last"])[0].rectified


def test_a_concatenation_is_rectified_where_all_its_parts_are():
    inputs = keras.Input((8, 8, 3))
    left, right = kl.ReLU()(inputs), kl.Conv2D(3, 1, activation="relu")(inputs)
    for parts, rectified in (([left, right], True), ([left, kl.Conv2D(3, 1)(inputs)], False)):
        pooled = kl.GlobalAveragePooling2D()(kl.Concatenate()(parts))
        last = resolve(keras.Model(inputs, kl.Dense(2)(pooled)), ["last"])[0]
        assert last.rectified is rectified


def test_relu_called_as_a_function_is_rectified():
    inputs = keras.Input((8, 8, 3))
    for function in (keras.ops.relu, keras.ops.relu6):
        pooled = kl.GlobalAveragePooling2D()(function(kl.Conv2D(3, 1)(inputs)))
        assert resolve(keras.Model(inputs, kl.Dense(2)(pooled)), ["last"])[0].rectified


def test_pooling_inside_a_gate_is_not_the_pooling_before_the_logits():
    inputs = keras.Input((8, 8, 3))
    x = kl.Conv2D(4, 3, activation="relu", name="before")(inputs)
    gate = kl.Reshape((1, 1, 4))(kl.Dense(4, activation="sigmoid")(kl.GlobalAveragePooling2D()(x)))
    x = kl.Conv2D(4, 3, activation="relu", name="after")(kl.Multiply(name="gated")([x, gate]))
    model = keras.Model(inputs, kl.Dense(2)(kl.GlobalAveragePooling2D()(x)))
    assert target_layers(model) == ("gated", "after")


def gated_by(gate):
    """Two ReLUs, a gate on the second, pooling and classes."""

    def part(x):
        x = kl.Conv2D(4, 3, padding="same", activation="relu", name="first")(x)
        x = kl.ReLU(name="second")(kl.Conv2D(4, 3, padding="same", name="conv")(x))
        return kl.Dense(3)(kl.GlobalAveragePooling2D()(kl.Multiply(name="gated")([x, gate(x)])))

    return with_weights(model_of(part))


@pytest.mark.parametrize(
    ("gate", "constant"),
    [
        pytest.param(lambda x: squeezed(x, 4, "se"), True, id="of squeeze-and-excitation"),
        pytest.param(lambda x: kl.Conv2D(4, 1, activation="sigmoid")(x), False, id="at each place"),
        pytest.param(
            lambda x: kl.Dense(4)(kl.GlobalMaxPooling2D(keepdims=True)(x)), False, id="of a maximum"
        ),
    ],
)
def test_a_gate_keeps_the_gradient_constant_where_it_gives_one_number_a_channel(gate, constant):
    model = gated_by(gate)
    gradients = gradients_at(model, ["second"])["second"]
    assert np.abs(gradients).max() > 1e-3
    assert is_constant(gradients) is constant
    assert resolve(model, ["penultimate"])[0].name == ("first" if constant else "second")


def run_at(model, labels):
    network = Network(model, resolve(model, labels), tf.constant, "centred")
    return network.run(images(), np.array([0, 1, 2, 0]))


def gradients_at(model, labels):
    return run_at(model, labels).gradients


def test_a_sum_and_a_product_are_rectified_where_their_parts_are_non_negative():
    inputs = keras.Input((8, 8, 3))
    relu, conv = kl.ReLU()(inputs), kl.Conv2D(3, 1)(inputs)
    gate = kl.Reshape((1, 1, 3))(kl.Dense(3, activation="sigmoid")(kl.GlobalAveragePooling2D()(relu)))
    for tensor, rectified in (
        (kl.Add()([relu, relu]), True),
        (relu + relu, True),
        (kl.Multiply()([relu, gate]), True),
        (relu * gate, True),
        (kl.Add()([relu, conv]), False),
        (relu * conv, False),
        (kl.Multiply()([conv, gate]), False),
        (relu + (-1.0), False),
        (relu * (-1.0), False),
        (relu - relu, False),
    ):
        pooled = kl.GlobalAveragePooling2D()(tensor)
        assert resolve(keras.Model(inputs, kl.Dense(2)(pooled)), ["last"])[0].rectified is rectified


SMOOTH_END = [kl.Conv2D(4, 3, name="top_conv"), kl.BatchNormalization(name="top_bn"), kl.Activation("gelu")]


def block(name):
    """A residual block whose branch ends in a bare convolution."""
    return lambda x: kl.Add(name=name)([x, kl.Conv2D(x.shape[-1], 3, padding="same")(x)])


@pytest.mark.parametrize(
    ("layers", "penultimate"),
    [
        ([block("block"), *SMOOTH_END], "block"),
        ([block("block"), kl.Conv2D(5, 1), kl.Dropout(0.1), kl.AveragePooling2D(2), *SMOOTH_END], "block"),
        ([block("block"), kl.Activation("swish", name="swish"), *SMOOTH_END], "swish"),
        ([block("block"), keras.ops.silu, kl.Dropout(0.1, name="dropped"), *SMOOTH_END], "dropped"),
        ([block("block"), kl.Conv2D(5, 3, activation="gelu", name="gelu"), *SMOOTH_END], "gelu"),
        ([block("block"), kl.Dense(5), kl.LayerNormalization(), *SMOOTH_END], "block"),
    ],
)
def test_without_a_rectified_tensor_penultimate_is_the_last_block_or_activation(layers, penultimate):
    fresh = [type(x).from_config(x.get_config()) if isinstance(x, kl.Layer) else x for x in layers]
    found = resolve(classifier_of(*fresh), ["penultimate", "last"])
    assert (found[0].name, found[0].rectified, found[1].rectified) == (penultimate, False, False)


@pytest.mark.parametrize("signed", [kl.Activation("hard_swish"), keras.ops.gelu, kl.LeakyReLU()])
def test_rectified_tensors_before_the_last_signed_activation_do_not_count(signed):
    stem, end = (
        kl.Conv2D(4, 3, activation="relu", name="stem"),
        kl.Conv2D(4, 3, activation="relu", name="end"),
    )
    found = resolve(classifier_of(stem, block("block"), signed, end), ["penultimate", "last"])
    assert found[0].name not in ("stem", "block")
    assert not found[0].rectified
    found = resolve(
        classifier_of(stem, kl.Conv2D(4, 3, activation="relu", name="then"), end), ["penultimate"]
    )
    assert (found[0].name, found[0].rectified) == ("then", True)


def test_a_signed_activation_inside_a_gate_leaves_the_path_rectified():
    # `squeezed` ends in a sigmoid, after swish on a single place
    model = gated_by(lambda x: squeezed(x, 4, "se"))
    assert [(layer.name, layer.rectified) for layer in resolve(model, ["penultimate", "last"])] == [
        ("first", True),
        ("gated", True),
    ]


def test_hires_cam_vanishes_where_a_layer_normalisation_takes_the_tensor_alone():
    """Its output is the same for A and 2 A, so the derivative along A, sum_k g_k A_k, is 0 at each place."""

    def part(x):
        x = block("block")(kl.Conv2D(8, 3, activation="gelu")(x))
        return kl.Dense(3)(kl.GlobalAveragePooling2D()(kl.LayerNormalization(epsilon=1e-12, name="norm")(x)))

    model = with_weights(model_of(part))
    assert target_layers(model) == ("block", "norm")
    result = run_at(model, ["block"])
    at = result.activations["block"], result.gradients["block"]
    assert np.abs(layer_cam(*at)).max() > 1e-3
    np.testing.assert_array_equal(hires_cam(*at), 0)  # blank, not rounding noise


def test_maximum_pooling_and_a_flatten_head_give_a_gradient_that_varies_at_last():
    for reduce in (kl.GlobalMaxPooling2D(), kl.Flatten()):
        model = with_weights(
            model_of(lambda x, r=reduce: kl.Dense(3)(r(kl.Conv2D(4, 3, activation="relu", name="end")(x))))
        )
        assert resolve(model, ["last"])[0].name == "end"
        assert not is_constant(gradients_at(model, ["last"])["last"])


def test_without_a_tensor_before_last_penultimate_is_an_error_that_lists_candidates():
    model = classifier_of(kl.Conv2D(4, 3, name="bare"), kl.ReLU(name="end"))
    with pytest.raises(
        UserError,
        match=r"row has no layer `penultimate`: no tensor before end.*Name another \(`layer`\)\. "
        r".*end \(6x6x4, rectified\), bare \(6x6x4\)\.",
    ):
        target_layers(model)
    assert resolve(model, ["last"])[0].name == "end"


def attended(x):
    """Mean of tokens that attention has mixed off their grid."""
    tokens = kl.Reshape((36, 4))(x)
    return kl.GlobalAveragePooling1D()(kl.Add()([tokens, kl.MultiHeadAttention(1, 4)(tokens, tokens)]))


def rows_first(x):
    """Mean over rows, then a Flatten of the columns."""
    return kl.Flatten()(keras.ops.mean(x, axis=1))


@pytest.mark.parametrize("reduce", [attended, rows_first])
def test_where_the_grid_is_lost_in_a_way_unknown_the_error_lists_candidates(reduce):
    inputs = keras.Input((8, 8, 3))
    features = reduce(kl.Conv2D(4, 3, activation="relu", name="end")(inputs))
    model = keras.Model(inputs, kl.Dense(2)(features), name="row")
    with pytest.raises(
        UserError,
        match=r"into global pooling or a Flatten, so its layer `last` is not known\. Name another "
        r"\(`layer`\)\. .*end \(6x6x4, rectified\)",
    ):
        resolve(model, ["last"])


def test_the_image_itself_is_no_target_layer():
    inputs = keras.Input((8, 8, 3))
    with pytest.raises(UserError, match="last first: none"):
        resolve(keras.Model(inputs, kl.Dense(2)(kl.Flatten()(inputs))), ["last"])


def test_layers_are_found_by_name_even_off_the_main_path():
    layers = resolve(small_classifier(), ["branch", "sum"])
    assert [(layer.label, layer.name, layer.rectified) for layer in layers] == [
        ("branch", "branch", True),
        ("sum", "sum", False),
    ]


@pytest.mark.parametrize("name", ["brnch", "logits", "pool"])
def test_an_unknown_or_not_spatial_layer_is_refused_with_the_candidates(name):
    with pytest.raises(UserError) as error:
        resolve(small_classifier(), [name])
    assert f"small has no spatial layer {name}." in str(error.value)
    assert "after (8x8x8, rectified), after_bn (8x8x8), sum (8x8x8), before (8x8x6, rectified)" in str(
        error.value
    )
    assert ("Did you mean branch?" in str(error.value)) == (name == "brnch")


def test_a_layer_called_twice_names_no_single_tensor():
    twice = kl.ReLU(name="twice")
    with pytest.raises(UserError, match="row calls the layer twice 2 times"):
        resolve(classifier_of(twice, kl.Conv2D(4, 3), twice), ["twice"])


def test_padding_is_not_penultimate_but_what_it_pads_is():
    inputs = keras.Input((16, 16, 3))
    x = kl.Conv2D(4, 3, padding="same", activation="relu", name="early")(inputs)
    x = kl.ZeroPadding2D(1, name="padded")(x)
    x = kl.Conv2D(4, 3, strides=2, activation="relu", name="late")(x)
    model = keras.Model(inputs, kl.Dense(3)(kl.GlobalAveragePooling2D()(x)))
    assert target_layers(model) == ("early", "late")
