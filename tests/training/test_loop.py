"""The epoch loop: what it learns, which epoch it keeps, and that (seed, epoch) fix everything."""

import keras
import numpy as np
import pytest

import evidrift.networks.start_tensorflow  # noqa: F401 - deterministic kernels
from evidrift.base.errors import UserError
from evidrift.training.examples import Examples
from evidrift.training.loop import compile_forward, evaluate, fit, predict, seed_dropout
from evidrift.training.params import Training


def params(**changes):
    values = {
        "epochs": 4,
        "batch_size": 8,
        "learning_rate": 0.05,
        "warmup_epochs": 0,
        "dropout": 0.5,
        "checkpoint": "last",
    }
    return Training(**{**values, **changes})


def examples(n=24, n_views=0, noise=0.3):
    generator = np.random.default_rng(0)
    labels = np.arange(n) % 3
    features = generator.normal(scale=noise, size=(n, 1 + n_views, 5)).astype(np.float32)
    features[np.arange(n), :, labels] += 1
    return Examples(labels, n_views, lambda rows, views: features[rows, views])


def head(dropout=0.5):
    inputs = keras.Input((5,))
    kernel = keras.initializers.GlorotUniform(seed=7)
    outputs = keras.layers.Dense(3, kernel_initializer=kernel)(keras.layers.Dropout(dropout)(inputs))
    return keras.Model(inputs, outputs)


def train(seed=1, dropout_rate=0.5, **changes):
    model = head(dropout_rate)
    history, chosen = fit(
        model, model.trainable_variables, examples(), examples(9), params(**changes), seed, "test"
    )
    return model, history, chosen


def test_it_learns():
    _, history, _ = train(epochs=30, dropout_rate=0.0)
    assert history[-1].train_loss < history[0].train_loss / 2
    assert history[-1].validation_accuracy >= 0.8  # chance is 1/3


def test_the_same_seed_gives_the_same_weights_bit_for_bit():
    first, second = train()[0], train()[0]
    for a, b in zip(first.variables, second.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_another_seed_gives_other_weights():
    assert not np.array_equal(train(seed=1)[0].variables[0].numpy(), train(seed=2)[0].variables[0].numpy())


def test_dropout_of_an_epoch_does_not_depend_on_what_ran_before():
    model, inputs = head(), np.ones((4, 5), np.float32)
    seed_dropout(model, 3, 2)
    expected = model(inputs, training=True).numpy()
    for _ in range(5):
        model(inputs, training=True)
    seed_dropout(model, 3, 2)
    np.testing.assert_array_equal(model(inputs, training=True).numpy(), expected)
    seed_dropout(model, 3, 1)
    assert not np.array_equal(model(inputs, training=True).numpy(), expected)


def test_best_leaves_the_weights_of_the_epoch_with_the_lowest_validation_loss():
    model, history, chosen = train(checkpoint="best", epochs=6, learning_rate=2.0)
    losses = [row.validation_loss for row in history]
    assert chosen == 1 + int(np.argmin(losses))
    assert chosen < 6  # the rate is too high to improve steadily: otherwise this test shows nothing
    assert evaluate(compile_forward(model), examples(9))[0] == pytest.approx(min(losses), abs=1e-12)


def test_last_leaves_the_weights_of_the_last_epoch():
    model, history, chosen = train(epochs=3, learning_rate=2.0)
    assert chosen == 3
    assert evaluate(compile_forward(model), examples(9))[0] == pytest.approx(
        history[-1].validation_loss, abs=1e-12
    )


@pytest.mark.parametrize("split", ["train", "validation"])
def test_training_that_diverges_stops_with_a_sentence(split):
    given = {"train": examples(), "validation": examples(9)}
    labels = given[split].labels
    given[split] = Examples(labels, 0, lambda rows, views: np.full((len(rows), 5), np.nan, np.float32))
    model = head()
    said = (
        r"finetune a seed 1: training diverged in epoch 1: the loss is .*nan.* Lower learning_rate, now 0.05"
    )
    with pytest.raises(UserError, match=said):
        fit(model, model.trainable_variables, *given.values(), params(), 1, "finetune a seed 1")


def test_a_watcher_sees_the_weights_of_every_epoch_and_changes_nothing():
    seen = []
    model = head()
    fit(
        model,
        model.trainable_variables,
        examples(),
        examples(9),
        params(epochs=3),
        1,
        "test",
        lambda epoch, watched: seen.append((epoch, watched.get_weights())),
    )
    assert [epoch for epoch, _ in seen] == [1, 2, 3]
    for epoch, weights in seen:
        assert (epoch == 3) == all(map(np.array_equal, weights, model.get_weights()))
    unwatched = train(epochs=3)[0]
    assert all(map(np.array_equal, model.get_weights(), unwatched.get_weights()))


@pytest.mark.parametrize("checkpoint", ["best", "last"])
def test_an_averaged_training_takes_the_same_steps_and_shows_validates_and_keeps_their_average(checkpoint):
    runs = {}
    for averaging in (0, 2):
        model, seen = head(), []
        history, chosen = fit(
            model,
            model.trainable_variables,
            examples(),
            examples(9),
            params(batch_size=24, learning_rate=0.5, epochs=5, checkpoint=checkpoint),  # a step an epoch
            1,
            "test",
            lambda epoch, watched, seen=seen: seen.append(watched.get_weights()),
            averaging,
        )
        forward = compile_forward(model)
        assert evaluate(forward, examples(9))[0] == pytest.approx(history[chosen - 1].validation_loss)
        runs[averaging] = (history, seen)
    (steps, weights), (averaged, averages) = runs.values()
    assert [row.train_loss for row in averaged] == [row.train_loss for row in steps]
    expected = head().get_weights()
    for epoch in range(5):
        pairs = zip(expected, weights[epoch], strict=True)
        expected = [old + (1 - np.exp(-0.5)) * (new - old) for old, new in pairs]
        for found, value in zip(averages[epoch], expected, strict=True):
            np.testing.assert_allclose(found, value, rtol=1e-5, atol=1e-6)
        assert averaged[epoch].validation_loss != steps[epoch].validation_loss


def test_only_the_given_variables_move():
    model = head()
    kernel, bias = model.trainable_variables
    before = bias.numpy().copy()
    fit(model, [kernel], examples(), examples(9), params(), 1, "test")
    np.testing.assert_array_equal(bias.numpy(), before)


def test_views_are_chosen_among_all_and_validation_sees_the_image_itself():
    seen = {"train": set(), "validation": set()}

    def watch(name, n_views):
        source = examples(n_views=n_views)

        def inputs(rows, views):
            seen[name].update(views.tolist())
            return source.inputs(rows, views)

        return Examples(source.labels, n_views, inputs)

    model = head()
    fit(model, model.trainable_variables, watch("train", 2), watch("validation", 0), params(), 1, "test")
    assert seen == {"train": {0, 1, 2}, "validation": {0}}


def test_evaluation_is_mean_cross_entropy_and_accuracy_by_hand():
    identity = keras.Sequential([keras.Input((2,)), keras.layers.Activation("linear")])
    logits = np.log(np.array([[0.25, 0.75], [0.5, 0.5]], np.float32))
    given = Examples(np.array([1, 1]), 0, lambda rows, views: logits[rows])
    loss, accuracy = evaluate(compile_forward(identity), given)
    assert loss == pytest.approx(-(np.log(0.75) + np.log(0.5)) / 2, rel=1e-6)
    assert accuracy == 0.5  # a tie goes to the first class


def test_predictions_come_in_order_and_without_dropout():
    model = head()
    given = examples(10)
    everything = given.inputs(np.arange(10), np.zeros(10, int))
    expected = everything @ model.trainable_variables[0].numpy() + model.trainable_variables[1].numpy()
    np.testing.assert_allclose(
        predict(compile_forward(model), given, batch_size=3), expected, rtol=1e-5, atol=1e-6
    )
