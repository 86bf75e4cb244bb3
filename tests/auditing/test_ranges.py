"""A model that is fed on another range than its own: the range that fits it is named, and no other."""

from dataclasses import replace
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from evidrift.attribution.explain import logits_of
from evidrift.attribution.network import Network
from evidrift.auditing.films.calls import scores_of
from evidrift.auditing.films.images import AuditImages
from evidrift.auditing.models import Given
from evidrift.auditing.ranges import range_notes
from evidrift.base.sentence import spelled
from evidrift.cli.spelling import FLAGS
from evidrift.foreign.files import load_model_file
from evidrift.foreign.input_range import prepare_for
from evidrift.images.store import Images

kl = keras.layers
SIDE, N = 8, 28
SAMPLEWISE_SPOT = 2.0  # deviations above the mean


def pixels():
    """Films of two classes: grey or dark and bright in turn, and a small bright spot in the grey ones."""
    random = np.random.default_rng(3)
    level = np.where(np.arange(N) % 2, 128, np.where(np.arange(N) % 4, 60, 200))
    films = level[:, None, None] + random.uniform(-12, 12, (N, SIDE, SIDE))
    films[1::2, 2, 2] = 250
    return films.astype(np.uint8)


def audited(labels):
    truth = np.arange(N, dtype=np.int32) % 2 if labels else np.full(N, -1, np.int32)
    ids = np.array([f"{number}.png" for number in range(N)])
    content = np.tile([0, 0, SIDE, SIDE], (N, 1)).astype(np.int32)
    images = Images(ids, ids, truth, pixels(), content, ("no", "yes"))
    return AuditImages(
        images,
        loaded=(),
        labels_known=labels,
        patients_known=False,
        n_listed=N,
        exclusions=(),
        notes=(),
        ignored={},
    )


def network(name, turned=False):
    """Says "yes" to films of middle grey in this range; of `samplewise`, to those with a bright spot."""
    films = keras.Input((SIDE, SIDE, 3))
    if name == "samplewise":
        bright = kl.Conv2D(1, 1, activation="relu", name="seen")
        score = kl.GlobalAveragePooling2D()(bright(films))
        out = kl.Dense(1, activation="sigmoid")
        model = keras.Model(films, out(score))
        bright.set_weights([np.full((1, 1, 3, 1), 1 / 3), np.array([-SAMPLEWISE_SPOT])])
        out.set_weights([np.array([[900.0]]), np.array([-20.0])])
        return model
    black, grey, white = (
        prepare_for(name, 3)(np.full((1, 1, 1), level, np.uint8)).mean() for level in (0, 128, 255)
    )
    away = kl.Dense(2, activation="relu")
    out = kl.Dense(1, activation="sigmoid")
    mean = kl.GlobalAveragePooling2D()(kl.Activation("linear")(films))
    model = keras.Model(films, out(away(mean)))
    away.set_weights([np.array([[1.0, -1.0]] * 3) / 3, np.array([-grey, grey])])
    sign = -1 if turned else 1
    width = white - black
    out.set_weights([np.full((2, 1), -sign * 80 / width), np.array([sign * 8.0])])
    return model


def notes(model, fed, seen=None, other=None, beside=None):
    """What is said of a model, of which a copy stands on the other side, fed as `other` says.

    With `beside` another model stands on its own side.
    """
    seen = seen or audited(labels=True)
    parts = {"before 1": Given(model, fed)} | ({} if other is None else {"after 1": Given(model, other)})
    parts |= {} if beside is None else {"before 2": Given(beside, fed)}
    files = {
        given: load_model_file(given.source, preprocessing=given.preprocessing) for given in parts.values()
    }
    runs = {}
    for given, file in files.items():
        raw = logits_of(Network(file.model, (), file.prepare, "raw"), seen.images.pixels, 16)
        runs[given] = SimpleNamespace(scores=scores_of(file, raw))
    models = SimpleNamespace(files=files, parts=parts)
    tried = SimpleNamespace(runs=runs, audited=seen)
    return [spelled(note, FLAGS) for note in range_notes(models, tried, 16)]


@pytest.mark.parametrize("name", ["none", "unit", "tf", "torch", "caffe", "samplewise"])
def test_the_range_that_a_model_was_trained_on_is_named_and_a_right_one_is_let_be(name):
    model = network(name)
    fed = "unit" if name == "none" else "none"
    (note,) = notes(model, fed)
    assert f"than it was trained on ({fed}): 14 of 28 films are called rightly; with {name} 28 of 28" in note
    assert f"--preprocessing {name}" in note
    assert notes(model, name) == []


def test_without_labels_a_range_is_named_under_which_films_are_told_apart():
    model = network("unit")
    (note,) = notes(model, "none", audited(labels=False))
    assert "of 28 films 28 are called the same; with unit of 28 films 14 are called the same" in note
    assert "say so: --preprocessing unit." in note
    assert notes(model, "unit", audited(labels=False)) == []


def test_only_the_side_that_is_fed_wrongly_is_changed():
    (note,) = notes(network("tf"), "none", other="tf")
    assert "say so: --preprocessing tf." in note
    both = notes(network("tf"), "none", other="unit")
    assert [("say so: --preprocessing tf." in note, "(none)" in note) for note in both] == [
        (True, True),
        (True, False),
    ]
    (note,) = notes(network("none"), "unit", other="mean=0,std=1")
    assert "say so: --preprocessing before:none after:mean=0,std=1." in note


def test_a_model_that_is_fed_rightly_does_not_hide_what_another_of_its_side_wants():
    (note,) = notes(network("tf"), "none", other="tf", beside=network("none"))
    assert "say so: --preprocessing tf." in note


def test_scaling_that_is_done_twice_is_seen_too():
    """A network with its scaling inside that was trained on films scaled before."""
    inner = network("tf")
    films = keras.Input((SIDE, SIDE, 3))
    twice = keras.Model(films, inner(kl.Rescaling(255 / 127.5, -1)(films)))
    assert "with unit 28 of 28" in notes(twice, "none")[0]


def test_of_findings_sensitivity_and_specificity_are_said():
    inner = network("unit")
    features = inner.layers[-1].input
    out = kl.Dense(2, activation="sigmoid")
    model = keras.Model(inner.input, out(features))
    out.set_weights([np.repeat(each, 2, axis=-1) for each in inner.layers[-1].get_weights()])
    yes = np.arange(N) % 2 == 1
    has = np.stack([yes, yes], axis=1)
    has[1, 1] = False  # one finding of one film is not there: 14 of 15 without it are called rightly
    seen = replace(audited(labels=True), several=True, findings=has, findings_known=np.ones_like(has))
    (note,) = notes(model, "none", seen)
    assert "the mean of sensitivity and specificity is 0.50 on 28 films; with unit" in note
    assert f"{(1 + (1 + 14 / 15) / 2) / 2:.2f} on 28 films" in note
    assert notes(model, "unit", seen) == []


def test_classes_in_another_order_are_no_matter_of_the_range():
    assert notes(network("unit", turned=True), "unit") == []
