"""Every formula against exact fractions, written out place by place from its paper."""

from fractions import Fraction

import numpy as np
import pytest

from evidrift.attribution.network import Pass
from evidrift.base.errors import UserError
from evidrift.base.section import validate
from evidrift.families import cam
from evidrift.networks.target.layers import TargetLayer

# Two channels on a 2x2 grid, as rows
FIELD_A = [[[0, 4], [31, 40]], [[0, 0], [6, 15]]]
FIELD_G = [[[1, 1], [1, 1]], [[1, -1], [-1, -1]]]
FIELD_EXPECTED = {
    "grad_cam": [0, 4, 28, 32.5],
    "hires_cam": [0, 4, 25, 25],
    "layer_cam": [0, 4, 31, 40],
    "grad_cam_pp": [0, 0.20779, 1.87126, 2.73010],
    # by hand: w_1 = 75/75 = 1, w_2 = (-6 - 15)/21 = -1
    "xgrad_cam": [0, 4, 25, 25],
}

# three channels on a 2x3 grid; g varies in each, has zeros, and is -2 / S_k at one place (S_2 = 8)
OWN_A = [
    [[1, 0, 2], [3, 5, 0]],
    [[0, 4, 0], [1, 2, 1]],
    [[Fraction(1, 2), 0, 0], [0, Fraction(1, 4), 0]],
]
OWN_G = [
    [[Fraction(1, 2), 2, -1], [0, Fraction(1, 4), 1]],
    [[Fraction(-1, 4), 3, 1], [-2, Fraction(1, 8), 0]],
    [[4, -4, 0], [8, -1, Fraction(1, 2)]],
]
FORMULAS = ["grad_cam", "grad_cam_pp", "layer_cam", "hires_cam", "xgrad_cam"]


def relu(value):
    return max(value, Fraction(0))


def alpha(a, g, k, i, j):
    """g^2 / (2 g^2 + (sum A) g^3), as the paper has it; ReLU(g) is 0 where it is not defined."""
    total = sum(sum(map(Fraction, row)) for row in a[k])
    g = Fraction(g[k][i][j])
    denominator = 2 * g**2 + total * g**3
    return g**2 / denominator if denominator else Fraction(0)


def by_hand(method, a, g):
    places = [(i, j) for i in range(len(a[0])) for j in range(len(a[0][0]))]
    channels = range(len(a))

    def weight(k, i, j):
        if method == "hires_cam":
            return Fraction(g[k][i][j])
        if method == "layer_cam":
            return relu(Fraction(g[k][i][j]))
        if method == "grad_cam":
            return sum(Fraction(g[k][y][x]) for y, x in places) / len(places)
        if method == "xgrad_cam":
            total = sum(Fraction(a[k][y][x]) for y, x in places)
            products = sum(Fraction(a[k][y][x]) * Fraction(g[k][y][x]) for y, x in places)
            return products / total if total else Fraction(0)
        return sum(alpha(a, g, k, y, x) * relu(Fraction(g[k][y][x])) for y, x in places)

    return [sum(weight(k, i, j) * Fraction(a[k][i][j]) for k in channels) for i, j in places]


def array(channels):
    """(1, h, w, channels) float32 of nested rows by channel."""
    return np.moveaxis(np.array(channels, float), 0, -1)[None].astype(np.float32)


def computed(method, a, g, scale=1.0):
    return cam.cam(method, array(a), array(g), scale).ravel()


@pytest.mark.parametrize("method", FORMULAS)
def test_formulas_give_the_values_of_field_md_recomputed_here(method):
    expected = by_hand(method, FIELD_A, FIELD_G)
    np.testing.assert_allclose([float(v) for v in expected], FIELD_EXPECTED[method], atol=5e-6)
    np.testing.assert_allclose(computed(method, FIELD_A, FIELD_G), np.array(expected, float), rtol=1e-6)


def test_grad_cam_pp_weights_of_field_md_are_4_77ths_and_1_23rd():
    # S_1 = 75, four gradients of 1: 4 / (2 + 75). S_2 = 21, one gradient above 0: 1 / (2 + 21).
    expected = [Fraction(4, 77) * a1 + Fraction(1, 23) * a2 for a1, a2 in ((0, 0), (4, 0), (31, 6), (40, 15))]
    assert by_hand("grad_cam_pp", FIELD_A, FIELD_G) == expected


@pytest.mark.parametrize("method", FORMULAS)
def test_formulas_give_exact_fractions_where_the_gradient_varies(method):
    expected = by_hand(method, OWN_A, OWN_G)
    np.testing.assert_allclose(computed(method, OWN_A, OWN_G), np.array(expected, float), rtol=1e-6)


def test_own_values_of_grad_cam_pp_worked_out():
    # S_1 = 11: (1/2)/(2 + 11/2) + 2/24 + (1/4)/(2 + 11/4) + 1/13
    w1 = Fraction(1, 15) + Fraction(1, 12) + Fraction(1, 19) + Fraction(1, 13)
    # S_2 = 8: 3/26 + 1/10 + (1/8)/3; -1/4 = -2/8 is where the denominator vanishes
    w2 = Fraction(3, 26) + Fraction(1, 10) + Fraction(1, 24)
    # S_3 = 3/4: 4/5 + 8/8 + (1/2)/(2 + 3/8)
    w3 = Fraction(4, 5) + 1 + Fraction(4, 19)
    expected = [w1 + w3 / 2, 4 * w2, 2 * w1, 3 * w1 + w2, 5 * w1 + 2 * w2 + w3 / 4, w2]
    assert by_hand("grad_cam_pp", OWN_A, OWN_G) == expected


def test_the_unit_form_is_grad_cam_pp_of_the_logits_over_their_scale():
    expected = by_hand("grad_cam_pp", OWN_A, [[[Fraction(v) / 3 for v in row] for row in c] for c in OWN_G])
    np.testing.assert_allclose(
        computed("grad_cam_pp_unit", OWN_A, OWN_G, 3.0), np.array(expected, float), rtol=1e-6
    )


def test_a_channel_without_activation_or_gradient_adds_nothing():
    silent = [[[0, 0], [0, 0]]]
    for method in FORMULAS:
        assert computed(method, silent, [[[0, -1], [-3, 0]]]).tolist() == [0, 0, 0, 0]
        both = computed(method, FIELD_A + silent, [*FIELD_G, [[0, -1], [2, 0]]])
        np.testing.assert_array_equal(both, computed(method, FIELD_A, FIELD_G))


def test_images_do_not_mix():
    a, g = np.concatenate([array(FIELD_A), array(FIELD_G) ** 2]), np.concatenate([array(FIELD_G)] * 2)
    for method in FORMULAS:
        together = cam.cam(method, a, g, 1.0)
        assert together.shape == (2, 2, 2)
        assert together.dtype == np.float32
        np.testing.assert_array_equal(together[0].ravel(), computed(method, FIELD_A, FIELD_G))


def test_a_gradient_is_constant_when_no_channel_varies_by_a_millionth():
    gradients = np.ones((3, 4, 4, 2), np.float32) * np.array([5.0, -1e-9], np.float32)
    assert cam.is_constant(gradients)
    gradients[1, 2, 2, 1] *= 1 + 1e-5
    assert not cam.is_constant(gradients)


def test_an_image_without_finite_gradients_does_not_hide_that_the_others_are_constant():
    gradients = np.ones((2, 4, 4, 2), np.float32)
    gradients[0, 1, 1, 0] = np.nan
    assert cam.is_constant(gradients)


class FixedNetwork:
    """Returns a given pass over three images, at one rectified layer."""

    layers = (TargetLayer("last", "relu", 1, None, rectified=True),)

    def __init__(self, activations, gradients):
        self.result = Pass(np.zeros((3, 2), np.float32), {"last": activations}, {"last": gradients})

    def run(self, pixels, targets):
        return self.result


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("broken", ["activations", "gradients"])
def test_what_is_not_finite_goes_into_the_maps_of_its_image_alone(broken, value):
    whole = {
        "activations": np.repeat(array(OWN_A), 3, 0),
        "gradients": np.repeat(array(FIELD_G[:1] * 3), 3, 0),
    }
    whole["activations"] = whole["activations"][:, :, :2]
    settings, pixels, targets = cam.Params(**VALID), np.zeros((3, 4, 4), np.uint8), np.zeros(3, int)
    expected = cam.explain(FixedNetwork(**whole), pixels, targets, settings, 2.0).layers["last"]
    whole[broken] = whole[broken].copy()
    whole[broken][1, :, :, 0] = value
    result = cam.explain(FixedNetwork(**whole), pixels, targets, settings, 2.0).layers["last"]
    for method, maps in result.methods.items():
        np.testing.assert_array_equal(maps[[0, 2]], expected.methods[method][[0, 2]])
        assert not np.isfinite(maps[1]).all()
    assert result.constant_gradient == expected.constant_gradient


VALID = {
    "images_per_class": None,
    "methods": ["grad_cam", "grad_cam_pp", "grad_cam_pp_unit", "layer_cam", "hires_cam", "xgrad_cam"],
    "layers": ["penultimate", "last"],
    "score": "centred",
    "target": "label",
    "batch_size": 16,
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"methods": []}, "methods is"),
        ({"methods": ["gradcam"]}, r"methods.0 is 'gradcam'. Input should be 'grad_cam', "),
        ({"methods": ["grad_cam", "grad_cam"]}, "grad_cam stands in it more than once"),
        ({"layers": ["last", "last"]}, "last stands in it more than once"),
        ({"score": "probability"}, "score is 'probability'"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"images_per_class": 0}, "images_per_class is 0"),
    ],
)
def test_wrong_parameters_are_refused_by_name(change, message):
    assert validate(VALID, cam.Params, "").methods == VALID["methods"]
    with pytest.raises(UserError, match=message):
        validate(VALID | change, cam.Params, "explain.cam: ")
