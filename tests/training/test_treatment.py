"""What a treatment changes of a training: the rates, the loss, what a step leaves; and what tl is asked."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import evidrift.networks.start_tensorflow  # noqa: F401 - deterministic kernels
from evidrift.base.errors import UserError
from evidrift.training import treatment as module
from evidrift.training.examples import Examples
from evidrift.training.loop import fit
from evidrift.training.params import Training
from evidrift.training.treatment import PLAIN, Penalty, Teacher, Treatment, frozen_copy

N = 12
LOOP = {"batch_size": 4, "learning_rate": 0.01, "warmup_epochs": 0, "dropout": 0.0, "checkpoint": "last"}


def examples(n_views=0):
    generator = np.random.default_rng(0)
    features = generator.normal(size=(N, 1 + n_views, 5)).astype(np.float32)
    return Examples(np.arange(N) % 3, n_views, lambda rows, views: features[rows, views])


def network():
    inputs = keras.Input((5,))
    initial = {"kernel_initializer": keras.initializers.GlorotUniform(seed=3)}
    hidden = keras.layers.Dense(4, activation="relu", name="hidden", **initial)(inputs)
    return keras.Model(inputs, keras.layers.Dense(3, name="logits", **initial)(hidden))


def trained(treatment, epochs=2, n_views=0):
    params = Training(epochs=epochs, **LOOP)
    model = network()
    data = examples(n_views)
    fit(model, model.trainable_variables, data, examples(), params, 1, "test", treatment=treatment)
    return model.get_weights()


def differs(one, other):
    return [not np.array_equal(a, b) for a, b in zip(one, other, strict=True)]


def test_a_rate_of_nothing_leaves_its_variable_where_it_was_and_the_others_move():
    start = network().get_weights()
    rates = Treatment(rates=lambda model, variables: [0.0, 0.0, 1.0, 1.0])
    assert differs(start, trained(rates)) == [False, False, True, True]


def test_factors_of_one_change_no_bit():
    ones = Treatment(rates=lambda model, variables: [1.0] * len(variables))
    assert not any(differs(trained(PLAIN), trained(ones)))


def test_a_penalty_of_nothing_changes_no_bit():
    nothing = Penalty(loss=lambda seen: 0.0 * tf.reduce_sum(seen.logits))
    assert not any(differs(trained(PLAIN), trained(Treatment(penalty=nothing))))


def test_a_penalty_sees_this_step_s_activations_labels_and_what_tl_said_of_the_same_images():
    model, data, batches = network(), examples(), []

    def loss(seen):
        def note(*values):
            batches.append(values)
            return np.float32(0)

        return tf.numpy_function(note, [seen.labels, *seen.taps, *seen.teacher], tf.float32)

    penalty = Penalty(loss, [model.get_layer("hidden").output], lambda inputs, labels: [inputs])
    params = Training(epochs=1, **LOOP | {"learning_rate": 1e-9})
    fit(model, model.trainable_variables, data, data, params, 1, "", treatment=Treatment(penalty=penalty))
    label_of = {
        row.tobytes(): label for row, label in zip(data.plain(np.arange(N)), data.labels, strict=True)
    }
    kernel, bias = network().get_layer("hidden").get_weights()
    assert len(batches) == N / 4
    for labels, hidden, said in batches:
        assert [label_of[row.tobytes()] for row in said] == labels.tolist()
        np.testing.assert_allclose(hidden, np.maximum(said @ kernel + bias, 0), atol=1e-5)


def gradients_of_bias(penalty, epochs=2):
    """At each step, by the logits' bias: what the optimiser is given."""
    seen = []

    def after_step(variable, before, gradient):
        if variable.path == "logits/bias":
            tf.numpy_function(lambda value: seen.append(value), [gradient], [])

    treatment = Treatment(penalty=penalty, after_step=after_step)
    params = Training(epochs=epochs, **LOOP | {"learning_rate": 1e-9})
    model, data = network(), examples()
    fit(model, model.trainable_variables, data, data, params, 1, "test", treatment=treatment)
    return np.array(seen)


def test_a_penalty_now_and_then_is_in_every_so_manieth_gradient_once_and_in_no_other():
    """The weights stand still, and the gradient of sum(logits) by a bias is the batch's size, 4."""
    linear = Penalty(lambda seen: 10 * tf.reduce_sum(seen.logits), every=3)
    added = gradients_of_bias(linear) - gradients_of_bias(None)
    expected = np.outer([0, 0, 1, 0, 0, 1], [40, 40, 40])
    np.testing.assert_allclose(added, expected, atol=1e-4)


def test_a_penalty_that_no_step_would_have_is_refused_before_training():
    never = Penalty(lambda seen: tf.reduce_sum(seen.logits), every=7)
    with pytest.raises(UserError, match=r"comes every 7 batches, but the training has 6 in all.* Lower"):
        trained(Treatment(penalty=never), epochs=2)


def test_where_a_penalty_may_be_the_cause_its_strength_is_named():
    infinite = Penalty(lambda seen: np.inf * tf.reduce_sum(seen.logits))
    with pytest.raises(UserError, match=r"diverged.*0\.01, or the strength of the strategy's penalty\."):
        trained(Treatment(penalty=infinite))


@pytest.mark.parametrize("bytes_kept", [1 << 30, 1])
def test_tl_is_asked_once_or_at_each_step_and_says_the_same(monkeypatch, bytes_kept):
    monkeypatch.setattr(module, "KEPT_BYTES", bytes_kept)
    asked = []

    def ask(inputs, labels):
        asked.append(1)  # as the graph is traced
        return [inputs * 2, tf.cast(labels, tf.float32)]

    data = examples()
    teacher = Teacher(Penalty(lambda seen: 0.0, teacher=ask), data, (None, 5))
    rows = np.array([7, 2, 5])
    doubled, labels = teacher.of(rows, data.plain(rows))
    np.testing.assert_array_equal(np.asarray(doubled), 2 * data.plain(rows))
    np.testing.assert_array_equal(np.asarray(labels), data.labels[rows])
    assert (teacher._kept is None) == (bytes_kept == 1)
    assert [spec.shape.as_list() for spec in teacher.specs] == [[None, 5], [None]]


def test_with_views_tl_is_asked_about_the_view_at_hand():
    data = examples(n_views=2)
    teacher = Teacher(Penalty(lambda seen: 0.0, teacher=lambda inputs, labels: [inputs]), data, (None, 5))
    rows, views = np.array([3, 4]), np.array([2, 1])
    inputs = data.inputs(rows, views)
    np.testing.assert_array_equal(np.asarray(teacher.of(rows, inputs)[0]), inputs)


def test_a_frozen_copy_keeps_its_weights_while_the_classifier_trains():
    model = network()
    copy = frozen_copy(model)
    before = copy.get_weights()
    model.set_weights([value + 1 for value in model.get_weights()])
    assert not any(differs(before, copy.get_weights()))
    assert copy.trainable_variables == []
