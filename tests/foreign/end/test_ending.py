"""What stands at the end of a classifier: the given probabilities are the model's own, or it is refused."""

import keras
import numpy as np
import pytest
from scipy.special import expit, softmax

from evidrift.base.errors import UserError
from evidrift.foreign.end.check import noise
from evidrift.foreign.files import load_model_file
from evidrift.foreign.flat import flattened
from tests.foreign.kinds import SIZE, model_of, run, with_weights

kl, ops = keras.layers, keras.ops
SHAPE = (SIZE, SIZE, 3)


def features(x):
    """A small body, (n, 5)."""
    body = [kl.Rescaling(1 / 255), kl.Conv2D(5, 3, activation="relu"), kl.GlobalAveragePooling2D()]
    return run(body, x)


def ends(*layers):
    """A classifier whose features go through these."""
    return model_of(lambda x: run(layers, features(x)), SHAPE)


def members(n, activation, classes=3):
    """Classifiers whose weights differ."""
    made = [ends(kl.Dense(classes, activation)) for _ in range(n)]
    for seed, model in enumerate(made):
        with_weights(model)
        model.layers[-1].set_weights([(1 + seed) * each for each in model.layers[-1].get_weights()])
    return made


def of_members(models, join):
    return model_of(lambda x: join([model(x) for model in models]), SHAPE)


def one_and_other(join):
    def build(x):
        p = kl.Dense(1, "sigmoid")(features(x))
        return join(p)

    return model_of(build, SHAPE)


def heads(n):
    def build(x):
        x = features(x)
        return kl.Concatenate()([kl.Dense(1, "sigmoid", name=f"finding{at}")(x) for at in range(n)])

    return model_of(build, SHAPE)


def weighted(models):
    first, other = models
    return model_of(lambda x: 0.3 * first(x) + other(x) * 0.7, SHAPE)


READ = {
    "softmax": ("softmax", lambda: ends(kl.Dense(3, "softmax"))),
    "sigmoid": ("sigmoid", lambda: ends(kl.Dense(1), kl.Activation("sigmoid"))),
    "sigmoids": ("sigmoids", lambda: ends(kl.Dense(4, "sigmoid"))),
    "two sigmoids": ("sigmoids", lambda: ends(kl.Dense(2, "sigmoid"))),
    "logits": ("logits", lambda: ends(kl.Dense(3))),
    "scaled logits": ("logits", lambda: ends(kl.Dense(3), kl.Rescaling(0.5), kl.BatchNormalization())),
    "one logit": ("logits", lambda: ends(kl.Dense(1))),
    "logarithms": ("softmax", lambda: ends(kl.Dense(3, "log_softmax"))),
    "average of softmaxes": ("softmax", lambda: of_members(members(2, "softmax"), kl.Average())),
    "sum over their number": ("softmax", lambda: of_members(members(2, "softmax"), lambda p: sum(p) / 2)),
    "mean over a stack": (
        "softmax",
        lambda: of_members(members(2, "softmax"), lambda p: ops.mean(ops.stack(p, axis=1), axis=1)),
    ),
    "weighted": ("softmax", lambda: weighted(members(2, "softmax"))),
    "average of sigmoids": ("sigmoids", lambda: of_members(members(2, "sigmoid", 4), kl.Average())),
    "average of one sigmoid": ("sigmoid", lambda: of_members(members(2, "sigmoid", 1), kl.Average())),
    "average of logits": (
        "softmax",
        lambda: of_members(members(2, None), lambda z: kl.Softmax()(kl.Average()(z))),
    ),
    "1 - p and p": ("softmax", lambda: one_and_other(lambda p: kl.Concatenate()([1 - p, p]))),
    "p and 1 - p": ("softmax", lambda: one_and_other(lambda p: ops.concatenate([p, 1.0 - p], axis=-1))),
    "1 - p": ("sigmoid", lambda: one_and_other(lambda p: 1 - p)),
    "a head a finding": ("sigmoids", lambda: heads(3)),
    "clip": (
        "softmax",
        lambda: model_of(lambda x: ops.clip(kl.Dense(3, "softmax")(features(x)), 1e-7, 1 - 1e-7)),
    ),
    "nothing but a layer": (
        "softmax",
        lambda: ends(kl.Dense(3, "softmax"), kl.Rescaling(1.0), kl.Dropout(0.5)),
    ),
    "twice there and back": (
        "softmax",
        lambda: ends(kl.Dense(3, "softmax"), kl.Rescaling(4.0), kl.Rescaling(0.25)),
    ),
    "reshaped": ("softmax", lambda: ends(kl.Dense(3, "softmax"), kl.Reshape((1, 3)), kl.Flatten())),
}


@pytest.mark.parametrize("name", READ)
def test_the_probabilities_given_are_those_that_the_model_predicts(name, tmp_path):
    kind, build = READ[name]
    model = build()
    if "average" not in name and name not in ("weighted", "sum over their number", "mean over a stack"):
        with_weights(model)
    model.save(tmp_path / "model.keras")
    file = load_model_file(tmp_path / "model.keras")
    assert file.ending == kind
    inputs = file.prepare(noise(SIZE))
    raw = np.asarray(file.model(inputs, training=False))
    found, own = file.probabilities(raw), np.asarray(model(inputs, training=False), float)
    if kind == "logits":
        own = softmax(own, axis=1) if own.shape[1] > 1 else expit(np.concatenate([-own, own], axis=1))
    elif kind == "sigmoid":
        own = np.concatenate([1 - own, own], axis=1)
    elif name == "logarithms":
        own = np.exp(own)
    assert found.shape == (len(inputs), file.n_classes)
    assert np.ptp(own, axis=0).max() > 1e-3  # there is something to compare
    np.testing.assert_allclose(found, own, atol=1e-5)


def test_a_mean_of_sure_members_keeps_logits_that_tell_them_apart():
    """Where a member is certain, its softmax in float32 is 1 and 0; the logits of the mean are finite."""
    sure = [ends(kl.Dense(2, "softmax", kernel_initializer="zeros")) for _ in range(2)]
    for model, bias in zip(sure, (300.0, 200.0), strict=True):
        model.layers[-1].set_weights([np.zeros((5, 2)), np.array([bias, 0.0])])
    flat = flattened(of_members(sure, kl.Average()))
    raw = np.asarray(flat.model(np.zeros((1, *SHAPE)), training=False), float)
    # log of the mean of exp(-300) and exp(-200)
    np.testing.assert_allclose(raw, [[0.0, -200 - np.log(2)]], atol=1e-4)


REFUSED = {
    "has batch_normalization": lambda: ends(
        kl.Dense(3, "softmax"), kl.BatchNormalization(name="batch_normalization")
    ),
    "are 0.5 times those of a softmax and +0.25": lambda: ends(
        kl.Dense(3, "softmax"), kl.Rescaling(0.5, 0.25)
    ),
    "has double (Softmax) behind a softmax": lambda: ends(kl.Dense(3, "softmax"), kl.Softmax(name="double")),
    "(Clip) behind a softmax": lambda: model_of(
        lambda x: ops.clip(kl.Dense(3, "softmax")(features(x)), 0.1, 0.9)
    ),
    "(Multiply) behind a softmax": lambda: of_members(members(2, "softmax"), kl.Multiply()),
    "has beside (Concatenate) behind a softmax": lambda: of_members(
        members(2, "softmax"), kl.Concatenate(name="beside")
    ),
    "(Sum) behind a softmax": lambda: model_of(
        lambda x: ops.sum(kl.Dense(3, "softmax")(features(x)), axis=-1, keepdims=True)
    ),
    "has pool (GlobalAveragePooling2D) behind a sigmoid": lambda: model_of(
        lambda x: kl.GlobalAveragePooling2D(name="pool")(kl.Conv2D(3, 3, activation="sigmoid")(x))
    ),
    "a tanh: of its values no probabilities are known": lambda: ends(kl.Dense(1, "tanh")),
    "probabilities, not logits": lambda: model_of(
        lambda x: (lambda e: e / ops.sum(e, axis=-1, keepdims=True))(ops.square(kl.Dense(3)(features(x))))
    ),
    "(Exp) near its end": lambda: model_of(lambda x: 1 / (1 + ops.exp(-kl.Dense(3)(features(x))))),
    "has squashed (Dense) near its end": lambda: ends(
        kl.Dense(1, "tanh", name="squashed"), kl.Rescaling(0.5, 0.5)
    ),
    "tells a single class apart": lambda: ends(kl.Dense(1, "softmax")),
    "its outputs add up to 1": lambda: one_and_other(
        lambda p: kl.Concatenate()([kl.Flatten()(1 - p), kl.Reshape((1,))(p)])
    ),
}


class OwnHead(kl.Layer):
    """Findings, or logits, in a layer of one's own."""

    def __init__(self, activation):
        super().__init__(name="own_head")
        self.dense = kl.Dense(3, activation)

    def build(self, shape):
        self.dense.build(shape)

    def call(self, x):
        return 9 * self.dense(x) if self.dense.activation is keras.activations.linear else self.dense(x)


def test_a_layer_of_ones_own_that_gives_probabilities_does_not_give_logits():
    inside = [lambda: OwnHead("sigmoid"), lambda: kl.Lambda(ops.sigmoid, name="own_head")]
    for head in inside:
        with pytest.raises(UserError, match=r"ends in own_head \((OwnHead|Lambda)\), its owner's code"):
            load_model_file(with_weights(ends(kl.Dense(3), head())))
    assert load_model_file(with_weights(ends(OwnHead(None)))).ending == "logits"


@pytest.mark.parametrize("sentence", REFUSED)
def test_what_cannot_be_traced_back_is_refused_with_the_reason(sentence, tmp_path):
    with_weights(REFUSED[sentence]()).save(tmp_path / "model.keras")
    with pytest.raises(UserError) as error:
        load_model_file(tmp_path / "model.keras")
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)
