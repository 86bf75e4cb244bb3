import keras
import numpy as np
import pytest

from evidrift.check.cascade import cascade, weights_kept
from tests.check.study import SIDE, disc_classifier, disc_images, grey

# from the top: logits, batch normalisation, two convolutions; their weights
LAYERS = ["logits", "norm", "spread", "bright"]
COUNTS = [10, 16, 148, 40]


def weights_of(model):
    return {name: model.get_layer(name).get_weights() for name in LAYERS}


def changed(before, after):
    return [
        name
        for name in LAYERS
        if any(not np.array_equal(one, other) for one, other in zip(before[name], after[name], strict=True))
    ]


def test_the_head_alone_comes_first_then_growing_shares_and_at_last_everything():
    model = disc_classifier()
    model.get_layer("norm").set_weights(np.full((4, 4), 0.5))
    before = weights_of(model)
    shares, layers = [], []
    with weights_kept(model):
        for share in cascade(model, 4, "a"):
            shares.append(share)
            layers.append(changed(before, weights_of(model)))
    assert layers == [LAYERS[: at + 1] for at in range(4)]
    np.testing.assert_allclose(shares, np.cumsum(COUNTS) / 214)


def test_two_steps_are_the_head_and_everything():
    model = disc_classifier()
    assert list(cascade(model, 2, "a")) == [10 / 214, 1]


def test_a_single_step_is_everything_at_once():
    assert list(cascade(disc_classifier(), 1, "a")) == [1]


def test_weights_are_restored_bit_for_bit_also_after_an_error():
    model = disc_classifier()
    before = [values.tobytes() for values in model.get_weights()]
    logits = model(grey(disc_images().pixels), training=False).numpy()
    with weights_kept(model):
        for _ in cascade(model, 3, "a"):
            pass
        assert [values.tobytes() for values in model.get_weights()] != before
    assert [values.tobytes() for values in model.get_weights()] == before
    np.testing.assert_array_equal(model(grey(disc_images().pixels), training=False).numpy(), logits)
    with pytest.raises(RuntimeError), weights_kept(model):
        next(cascade(model, 3, "a"))
        raise RuntimeError
    assert [values.tobytes() for values in model.get_weights()] == before


def randomised(model, *names):
    list(cascade(model, 2, *names))
    return weights_of(model)


def test_weights_are_drawn_from_their_initialisers_and_batch_normalisation_starts_anew():
    model = disc_classifier()
    model.get_layer("norm").set_weights(np.full((4, 4), 0.5))
    found = randomised(model, "a")
    for name, fan in (("logits", 4 + 2), ("spread", 9 * (4 + 4)), ("bright", 9 * (1 + 4))):
        kernel, bias = found[name]
        limit = np.sqrt(6 / fan)  # Glorot and Bengio 2010, eq. 16: Keras's default
        assert 0.5 * limit < np.abs(kernel).max() < limit
        np.testing.assert_array_equal(bias, 0)
    np.testing.assert_array_equal(found["norm"], [np.ones(4), np.zeros(4), np.zeros(4), np.ones(4)])


def test_the_draw_depends_on_its_names_and_not_on_what_the_process_drew_before():
    one = randomised(disc_classifier(), "densenet_mini", 1, "tl")
    np.random.default_rng().random()
    keras.utils.set_random_seed(3)
    keras.layers.Dense(3).build((None, 2))
    same = randomised(disc_classifier(), "densenet_mini", 1, "tl")
    other = randomised(disc_classifier(), "densenet_mini", 1, "ft")
    assert changed(one, same) == []
    assert changed(one, other) == ["logits", "spread", "bright"]


def seeded(seed):
    inputs = keras.Input((SIDE,))
    start = keras.initializers.GlorotUniform(seed=seed)
    outputs = keras.layers.Dense(2, kernel_initializer=start, name="logits")(inputs)
    return keras.Model(inputs, outputs)


def test_a_layers_own_seed_is_not_used_or_the_draw_could_be_what_it_was_trained_from():
    model = seeded(5)
    start = model.get_weights()[0]
    list(cascade(model, 2, "a"))
    first = model.get_weights()[0]
    list(cascade(model, 2, "b"))
    assert (first != start).all()
    assert (model.get_weights()[0] != first).all()


def test_parts_of_attention_do_not_begin_as_copies_of_each_other():
    inputs = keras.Input((3, 4))
    outputs = keras.layers.MultiHeadAttention(2, 4, name="attention")(inputs, inputs)
    model = keras.Model(inputs, outputs)
    list(cascade(model, 2, "a"))
    kernels = [values for values in model.get_weights() if values.ndim == 3]
    assert len(kernels) == 4  # query, key, value, output
    assert len({np.sort(kernel, axis=None)[:3].tobytes() for kernel in kernels}) == 4
