"""The small vision transformer: a grid of tokens throughout, attention as published, places that it knows."""

from itertools import pairwise

import keras
import numpy as np
import pytest

from evidrift.networks.backbone import build_backbone
from evidrift.networks.catalogue import ZOO, find
from evidrift.networks.checkpoint import load_weights, save_weights, weights_hash
from evidrift.networks.classifier import build_classifier, network_input
from evidrift.networks.target.graph import articulations, trace
from evidrift.zoo.vit_mini import position

pytestmark = pytest.mark.slow

WEIGHTS = ZOO / "weights"
PIXELS = np.random.default_rng(0).integers(0, 256, (2, 64, 64), np.uint8)


@pytest.fixture(scope="module")
def trunk():
    """For images of 64 px: a grid of 4 x 4 tokens. Only to be read."""
    return build_backbone("vit_mini", 64, {})


@pytest.fixture(scope="module")
def other():
    """For images of 128 px, to be given other weights."""
    return build_backbone("vit_mini", 128, {})


def part(model, first, last):
    """The network between the outputs of two layers."""
    return keras.Model(model.get_layer(first).output, model.get_layer(last).output)


def test_tokens_stand_16_px_apart(trunk, other):
    assert trunk.output.shape == (None, 4, 4, 64)
    assert other.output.shape == (None, 8, 8, 64)
    # 3x3 convolutions with bias and four numbers a channel of normalisation; then, a block, four square
    # matrices and two of 64 x 192 with biases, and two layer normalisations; one more at the end
    widths = [3, 16, 32, 32, 48, 48, 64]
    stem = sum(9 * before * after + after + 4 * after for before, after in pairwise(widths))
    block = 4 * (64 * 64 + 64) + (64 * 192 + 192) + (192 * 64 + 64) + 2 * 2 * 64
    assert trunk.count_params() == stem + 4 * block + 2 * 64 == 244_704


def test_between_blocks_the_tokens_are_a_grid_that_every_path_passes(trunk):
    steps = trace(build_classifier(trunk, 5, dropout=0))
    passed = {steps[at].name: steps[at].output.shape for at in articulations(steps)}
    sums = [f"block{block}_{half}_add" for block in range(1, 5) for half in ("attention", "mlp")]
    assert {name: passed[name] for name in sums} == dict.fromkeys(sums, (None, 4, 4, 64))
    assert [name for name in passed if name.startswith("block")] == sums


def test_a_block_computes_what_the_papers_say(trunk):
    x = np.random.default_rng(1).normal(0, 1, (2, 4, 4, 64))
    weights = [value.astype(float) for value in trunk.get_layer("block2_attention").get_weights()]
    tokens = x.reshape(2, 16, 64)
    normalised = (tokens - tokens.mean(-1, keepdims=True)) / tokens.std(-1, keepdims=True)
    query, key, value = (
        np.einsum("ntc,chd->nhtd", normalised, weights[at]) + weights[at + 1][:, None] for at in (0, 2, 4)
    )
    scores = np.exp(query @ key.swapaxes(2, 3) / np.sqrt(16))
    mixed = scores / scores.sum(-1, keepdims=True) @ value
    expected = tokens + np.einsum("nhtd,hdc->ntc", mixed, weights[6]) + weights[7]
    computed = part(trunk, "block1_mlp_add", "block2_attention_add")(x).numpy()
    np.testing.assert_allclose(computed, expected.reshape(x.shape), rtol=1e-3, atol=1e-4)
    assert scores.std() > 0.1  # attention is not uniform, or the order of its heads would not show


def test_blocks_know_places_from_the_position_embedding_alone(trunk):
    rng = np.random.default_rng(2)
    tokens, order = rng.normal(0, 1, (1, 4, 4, 64)).astype(np.float32), rng.permutation(16)

    def moved(grid):
        return grid.reshape(1, 16, 64)[:, order].reshape(1, 4, 4, 64)

    blocks = part(trunk, "position", "norm")
    np.testing.assert_allclose(blocks(moved(tokens)), moved(blocks(tokens).numpy()), rtol=1e-3, atol=1e-4)
    with_position = part(trunk, "tokens_bn", "norm")
    assert not np.allclose(with_position(moved(tokens)), moved(with_position(tokens).numpy()), atol=1e-2)


def test_position_is_the_sine_and_cosine_of_row_and_column():
    grid = position(3, 5, 8)
    assert grid.dtype == np.float32
    # two frequencies, 1 and 1 / 10,000, for column 4 and row 2
    column, row = np.array([4, 0.0004]), np.array([2, 0.0002])
    expected = np.concatenate([np.sin(column), np.cos(column), np.sin(row), np.cos(row)])
    np.testing.assert_allclose(grid[2, 4], expected, atol=1e-6)
    places = grid.reshape(15, 8)
    distances = np.linalg.norm(places[:, None] - places, axis=-1) + 9 * np.eye(15)
    assert distances.min() > 0.4  # no two places look alike: sin and cos of 5 and of 3 steps


def test_query_key_and_value_start_apart_and_the_same_in_every_process(trunk):
    keras.utils.set_random_seed(7)
    keras.layers.MultiHeadAttention(1, 1)
    again = build_backbone("vit_mini", 64, {})
    assert weights_hash(again) == weights_hash(trunk)
    query, _, key, _, value, *_ = trunk.get_layer("block1_attention").get_weights()
    for first, second in ((query, key), (query, value), (key, value)):
        assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.1


def test_weights_survive_a_round_trip_and_another_size(trunk, other, tmp_path):
    path = tmp_path / "backbone.weights.h5"
    save_weights(trunk, path)
    for variable in other.weights:
        variable.assign(variable + 0.25)
    assert weights_hash(other) != weights_hash(trunk)
    load_weights(other, path)
    assert weights_hash(other) == weights_hash(trunk)


def test_it_is_loaded_from_a_keras_file_without_custom_objects(trunk, tmp_path):
    trunk.save(tmp_path / "vit.keras")
    loaded = keras.saving.load_model(tmp_path / "vit.keras")
    images = network_input(PIXELS, find("vit_mini"))
    np.testing.assert_allclose(loaded(images), trunk(images), rtol=1e-4, atol=1e-5)


def test_the_miniatures_pretrained_weights_are_small_and_fit(trunk, other):
    files = {path.name: path.stat().st_size for path in WEIGHTS.glob("*.h5")}
    assert files.pop("vit_mini.weights.h5") < 0.7e6
    assert sum(files.values()) < 3e6  # what the three of the default study may take in git
    load_weights(other, WEIGHTS / "vit_mini.weights.h5")
    assert weights_hash(other) != weights_hash(trunk)
    films = network_input(np.zeros((1, 128, 128), np.uint8), find("vit_mini"))
    assert np.isfinite(other(films).numpy()).all()
