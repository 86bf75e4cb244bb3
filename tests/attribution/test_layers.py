from importlib import import_module

import keras
import pytest

from evidrift.attribution.layers import resolve, target_layers
from evidrift.errors import UserError
from evidrift.models.classifier import build_classifier
from tests.attribution.small import small_classifier

kl = keras.layers


@pytest.mark.parametrize(
    ("architecture", "penultimate", "grid", "last"),
    [
        pytest.param("densenet201", "pool4_relu", (14, 14, 1792), "relu", marks=pytest.mark.slow),
        ("densenet121", "pool4_relu", (14, 14, 1024), "relu"),
        ("resnet50v2", "conv5_block1_preact_relu", (7, 7, 1024), "post_relu"),
        ("inceptionv3", "mixed9", (5, 5, 2048), "mixed10"),
        ("mobilenetv2", "block_16_depthwise_relu", (7, 7, 960), "out_relu"),
    ],
)
def test_target_layers_of_the_full_networks_at_224_px(architecture, penultimate, grid, last):
    zoo = import_module(f"evidrift.models.zoo.{architecture}")
    model = build_classifier(zoo.build(224, None), 5, 0.2)
    layers = resolve(model, ["penultimate", "last"])
    assert [layer.name for layer in layers] == [penultimate, last]
    assert [layer.rectified for layer in layers] == [True, True]
    assert layers[0].output.shape[1:] == grid


@pytest.mark.parametrize("architecture", ["densenet_mini", "resnetv2_mini", "inception_mini"])
def test_miniatures_have_a_rectified_8x8_grid_one_stage_before_the_last(architecture):
    zoo = import_module(f"evidrift.models.zoo.{architecture}")
    layers = resolve(build_classifier(zoo.build(128, None), 5, 0.2), ["penultimate", "last"])
    assert [layer.output.shape[1:3] for layer in layers] == [(8, 8), (4, 4)]
    assert [layer.rectified for layer in layers] == [True, True]


def test_a_gradient_that_comes_back_from_a_single_place_does_not_vary():
    zoo = import_module("evidrift.models.zoo.densenet_mini")
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
    x = kl.Conv2D(4, 3, activation="relu", name="after")(kl.Multiply()([x, gate]))
    model = keras.Model(inputs, kl.Dense(2)(kl.GlobalAveragePooling2D()(x)))
    assert target_layers(model) == ("before", "after")


def test_without_a_rectified_tensor_penultimate_is_an_error_that_lists_candidates():
    model = classifier_of(kl.Conv2D(4, 3, activation="swish", name="smooth"), kl.ReLU(name="end"))
    with pytest.raises(
        UserError, match=r"row has no layer `penultimate`.*end \(6x6x4, rectified\), smooth \(6x6x4\)"
    ):
        target_layers(model)
    assert resolve(model, ["last"])[0].name == "end"


def test_without_global_pooling_the_error_lists_candidates():
    model = classifier_of(kl.Conv2D(4, 3, activation="relu", name="end"), kl.Flatten())
    with pytest.raises(UserError, match=r"no global pooling.*end \(6x6x4, rectified\)"):
        resolve(model, ["last"])


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
