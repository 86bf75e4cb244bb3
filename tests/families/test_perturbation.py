"""Each method on the toy network, against values worked out from its formula; what holds of any masks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidrift.base.errors import UserError
from evidrift.base.section import validate
from evidrift.families import perturbation
from evidrift.families.perturbation import Masks
from tests.attribution.toy import SHAPES, SQUARE, explain, network, params, parts


def occluded_by_hand(image, grey):
    """F(s) of each cell less F of the cell in one grey: the cells' parts add up, so no other cell matters."""
    return parts(image) - parts(np.full(image.shape, grey))


def test_occlusion_by_hand():
    # F: -1.5, 0, 1.5, 2.25, and -1.5 of a black cell; the mean is 34 / 64, its cell 2.125, F = 27 / 32
    black = explain("perturbation", "occlusion", SQUARE)
    np.testing.assert_allclose(black, [[0, 1.5], [3, 3.75]], atol=1e-5)
    mean = explain("perturbation", "occlusion", SQUARE, baseline="mean")
    np.testing.assert_allclose(mean, np.array([[-75, -27], [21, 45]]) / 32, atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("baseline", ["black", "white", "mean"])
def test_occlusion_is_what_the_score_loses_with_a_cell(shape, baseline):
    image = SHAPES[shape]
    grey = {"black": 0, "white": 255, "mean": image.mean()}[baseline]
    found = explain("perturbation", "occlusion", image, baseline=baseline)
    np.testing.assert_allclose(found, occluded_by_hand(image, grey), atol=1e-4)
    against = explain("perturbation", "occlusion", image, target=1, baseline=baseline)
    np.testing.assert_allclose(against, -found, atol=1e-4)


def test_a_cell_that_is_its_own_baseline_is_exactly_zero():
    assert explain("perturbation", "occlusion", SQUARE)[0, 0] == 0
    for target in (0, 1):
        flat = np.full((4, 4), 77, np.uint8)
        for baseline in ("mean", "blur"):
            assert (explain("perturbation", "occlusion", flat, target, baseline=baseline) == 0).all()
            assert (explain("perturbation", "rise", flat, target, baseline=baseline) == 0).all()


class EveryMask:
    """Every mask of whole cells once: 2 ** cells of them."""

    keep = 0.5

    def __init__(self, grid):
        cells = grid[0] * grid[1]
        bits = (np.arange(2**cells)[:, None] >> np.arange(cells)) & 1
        self.values = bits.reshape(-1, *grid).repeat(2, 1).repeat(2, 2).astype(np.float32)

    def __len__(self):
        return len(self.values)

    def draw(self, which):
        return self.values[which]


def rise(image, masks, score="centred", bias=(1, 0, 2), target=0):
    net = network(image.shape, score, bias)
    hidden = np.zeros((1, *image.shape), np.float32)
    return perturbation.rise(net, image[None], np.array([target]), hidden, masks, 7)[0]


@pytest.mark.parametrize("shape", SHAPES)
def test_rise_over_every_mask_is_half_of_occlusion(shape):
    """Cells' parts add up: showing one adds F(s) - F(0), and it is shown in half of the masks anyway.

    E[S | shown] - E[S] = (F(s) - F(0)) / 2.
    """
    image = SHAPES[shape]
    masks = EveryMask((image.shape[0] // 2, image.shape[1] // 2))
    np.testing.assert_allclose(rise(image, masks), occluded_by_hand(image, 0) / 2, atol=1e-5)


def test_a_constant_added_to_the_score_leaves_rise_as_it_is():
    masks = Masks(40, 2, 0.5, 1, (4, 4))
    before, after = (rise(SQUARE, masks, "raw", bias) for bias in ((1, 0, 2), (101, 0, 2)))
    np.testing.assert_allclose(after, before, atol=1e-4)
    assert np.abs(before).max() > 0.1
    # the paper's mean of S_j m_j would be lifted by the constant, 100, everywhere


def test_rise_is_the_covariance_of_score_and_mask_over_the_share_shown():
    masks = Masks(9, 3, 0.4, 5, (4, 4))
    drawn = masks.draw(np.arange(9)).astype(float)
    scores = np.array([parts(mask * SQUARE).sum() for mask in drawn])
    products = [np.cov(scores, drawn[:, y, x], bias=True)[0, 1] for y in range(4) for x in range(4)]
    expected = np.reshape(products, (2, 2, 2, 2)).mean(axis=(1, 3)) / 0.4
    np.testing.assert_allclose(rise(SQUARE, masks), expected, atol=1e-5)


def test_a_mask_by_hand():
    """One cell of ones beside one of zeros, on an image of 4: enlarged to 3 cells of 2 pixels.

    The centres of 6 pixels lie at (Y + 1/2) / 3 - 1/2 in units of the coarse cells: -1/3, 0, 1/3, 2/3, 1,
    4/3; so the weights of the second cell are 0, 0, 1/3, 2/3, 1, 1, of which the image's four begin at the
    first or the second.
    """
    line = np.array([0, 0, 1, 2, 3, 3]) / 3
    masks = Masks(200, 2, 0.5, 0, (4, 4))
    drawn = masks.draw(np.arange(200))
    split = [at for at in range(200) if masks._coarse[at].tolist() == [[0, 1], [0, 1]]]
    assert len(split) > 3
    for at in split:
        start = masks._starts[at, 1]
        np.testing.assert_allclose(drawn[at], np.tile(line[start : start + 4], (4, 1)), atol=1e-6)
    assert {masks._starts[at, 1] for at in split} == {0, 1}


@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    cells=st.integers(1, 9),
    keep=st.floats(0.05, 0.95),
    seed=st.integers(0, 9),
)
def test_masks_lie_between_0_and_1_and_depend_on_the_seed_alone(size, cells, keep, seed):
    masks = Masks(12, cells, keep, seed, size)
    drawn = masks.draw(np.arange(12))
    assert drawn.shape == (12, *size)
    assert drawn.min() >= 0
    assert drawn.max() <= 1 + 1e-6
    np.testing.assert_array_equal(Masks(12, cells, keep, seed, size).draw(np.array([7, 2])), drawn[[7, 2]])


def test_masks_show_the_share_that_was_asked_for_at_every_pixel():
    drawn = Masks(6000, 3, 0.3, 0, (10, 12)).draw(np.arange(6000))
    np.testing.assert_allclose(drawn.mean(axis=0), 0.3, atol=0.03)


def test_another_seed_gives_other_masks_and_every_image_the_same():
    net, pixels, targets = network(), np.stack([SQUARE, SQUARE]), np.zeros(2, int)
    found = [
        perturbation.explain(net, pixels, targets, params("perturbation", ["rise"], seed=seed), 1.0)
        for seed in (1, 2)
    ]
    first, other = (result.layers["penultimate"].methods["rise"] for result in found)
    np.testing.assert_array_equal(first[0], first[1])
    assert np.abs(first - other).max() > 0.01


def test_no_pass_is_larger_than_the_batch_whatever_the_number_of_masks(monkeypatch):
    net, passes = network(), []
    whole = net.scores
    monkeypatch.setattr(net, "scores", lambda x, t: passes.append(len(x)) or whole(x, t))
    explain("perturbation", "rise", SQUARE, net=net, masks=23)
    assert passes == [5, 5, 5, 5, 3]
    passes.clear()
    explain("perturbation", "occlusion", SQUARE, net=net, batch_size=3)
    assert passes == [3, 1, 1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"methods": ["lime"]}, "methods.0 is 'lime'"),
        ({"baseline": "grey"}, "baseline is 'grey'"),
        ({"masks": 1}, "masks is 1"),
        ({"cells": 0}, "cells is 0"),
        ({"keep": 1.0}, "keep is 1.0"),
    ],
)
def test_wrong_parameters_are_refused_by_name(change, message):
    valid = params("perturbation", ["occlusion", "rise"]).model_dump()
    assert validate(valid, perturbation.Params, "").layers == ("penultimate",)
    with pytest.raises(UserError, match=message):
        validate(valid | change, perturbation.Params, "explain.perturbation: ")
