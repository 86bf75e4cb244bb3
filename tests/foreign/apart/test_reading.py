"""Model files read by a process apart: the same networks, and a sentence for what takes too much."""

import os
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keras
import numpy as np
import pytest

import evidrift.networks.start_tensorflow  # noqa: F401 - first, before TensorFlow
from evidrift.base.errors import UserError
from evidrift.base.process.confining import Limits
from evidrift.base.sentence import as_json, of_json, parameter, say, spelled
from evidrift.cli.spelling import FLAGS
from evidrift.foreign.apart import reading
from evidrift.foreign.apart.reading import read_apart
from evidrift.foreign.opening import open_file
from evidrift.networks.backbone import build_backbone
from evidrift.networks.checkpoint import save_weights
from evidrift.networks.classifier import build_classifier
from tests.foreign.kinds import SIZE, with_weights
from tools.torture.hostile import sizes
from tools.torture.hostile.making import Place

kl = keras.layers


def network():
    """Of layers that keep more than weights: means that are worked out, random streams, other types."""
    layers = [
        *(kl.Normalization(name="norm"), kl.RandomRotation(0.1), kl.Conv2D(4, 3, dtype="mixed_bfloat16")),
        *(kl.BatchNormalization(), kl.ReLU(), kl.Conv2D(4, 3, activation="relu"), kl.Dropout(0.5)),
        *(kl.GlobalAveragePooling2D(), kl.Dense(3, activation="softmax")),
    ]
    return with_weights(keras.Sequential([keras.Input((SIZE, SIZE, 3)), *layers]))


def place(folder):
    (folder / "given").mkdir()
    return Place(folder / "given", folder, folder, "", folder)


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The temporary folder of a test's own, and a process apart that uses it."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_a_model_read_apart_is_the_network_that_is_read_here(tmp_path, ending):
    path = tmp_path / f"model.{ending}"
    network().save(path)
    apart, here = read_apart([path], None, 224)[path], open_file(path, None, 224)
    assert (apart.sha256, apart.saved, apart.described) == (here.sha256, here.saved, here.described)
    for one, other in zip(apart.classifier.variables, here.classifier.variables, strict=True):
        assert one.dtype == other.dtype
        if "seed" not in one.path:  # of augmentation and dropout, which a file need not hold
            np.testing.assert_array_equal(np.asarray(one), np.asarray(other))
    film = np.random.default_rng(1).uniform(0, 255, (2, SIZE, SIZE, 3)).astype("float32")
    given = [np.asarray(each.classifier(film, training=False), "float32") for each in (apart, here)]
    np.testing.assert_array_equal(*given)


@pytest.mark.slow
def test_weights_of_the_zoo_are_read_apart_and_a_missing_name_is_spelled_by_the_edge(tmp_path, temporary):
    path = tmp_path / "tuned.weights.h5"
    model = build_classifier(build_backbone("densenet_mini", 64, {}), 3, dropout=0, seed=1)
    save_weights(model, path)
    apart = read_apart([path], "densenet_mini", 64)[path]
    for one, other in zip(apart.classifier.variables, model.variables, strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))
    with pytest.raises(UserError) as error:
        read_apart([path], None, 64)
    assert "Name their architecture (--architecture)" in error.value.spelled(FLAGS)
    assert list(temporary.iterdir()) == []  # what is handed over has no name that a kill could leave behind


@pytest.mark.slow
def test_a_network_that_takes_more_memory_than_four_times_its_file_and_512_mb_is_refused(tmp_path):
    path = sizes.CASES["432 MB of each film"](place(tmp_path))
    with pytest.raises(UserError, match=r"model\.keras (needs|breaks).*53[67] MB of memory"):
        read_apart([path], None, 224)


def test_a_layer_may_have_a_name_that_no_graph_could_have(tmp_path):
    path = tmp_path / "model.keras"
    layers = [
        kl.Conv2D(4, 3, name="große (1)"),
        kl.GlobalAveragePooling2D(),
        kl.Dense(3, activation="softmax"),
    ]
    keras.Sequential([keras.Input((SIZE, SIZE, 3)), *layers]).save(path)
    assert read_apart([path], None, 224)[path].classifier.layers[0].name == "große (1)"


@pytest.mark.slow
def test_a_full_sized_network_is_read_within_the_limits(tmp_path):
    made = keras.applications.DenseNet201(
        weights=None, include_top=False, pooling="avg", input_shape=(224, 224, 3)
    )
    path = tmp_path / "densenet201.keras"
    keras.Model(made.input, kl.Dense(3, activation="softmax")(made.output)).save(path)
    assert len(read_apart([path], None, 224)[path].classifier.variables) == len(made.variables) + 2


@pytest.mark.slow
def test_a_single_large_weight_is_read_within_the_limits(tmp_path):
    path = tmp_path / "model.keras"
    keras.Sequential([keras.Input((128, 128, 3)), kl.Flatten(), kl.Dense(3000), kl.Dense(3)]).save(path)
    assert path.stat().st_size > 500_000_000
    assert read_apart([path], None, 224)[path].classifier.count_params() > 140_000_000


def test_commands_of_several_threads_are_answered_one_after_the_other(tmp_path, monkeypatch):
    under_way, most = [], []

    def read(apart, path, architecture, size):
        under_way.append(path)
        most.append(len(under_way))
        time.sleep(0.05)
        under_way.remove(path)
        return path

    monkeypatch.setattr(reading, "_read", read)
    paths = [tmp_path / name for name in "abcd"]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda path: read_apart([path], None, 224), paths))
    assert found == [{path: path} for path in paths]
    assert set(most) == {1}


def _open_files():
    return {each.name for each in Path("/proc/self/fd").iterdir()}


def test_a_process_apart_that_has_ended_leaves_no_open_file():
    before = _open_files()
    for _ in range(2):
        ended = reading.Apart(forks=False)
        os.kill(ended._child, signal.SIGKILL)
        while ended.lives:
            time.sleep(0.01)
        ended.dismiss()
        ended.end()
        del ended
    assert _open_files() == before


def test_no_process_is_forked_where_tensorflow_has_started_in_whatever_way(monkeypatch):
    """Its threads would be missing, and the reader would wait for them until its time is over."""
    keras.ops.ones(1)
    monkeypatch.delitem(sys.modules, "evidrift.networks.start_tensorflow")
    monkeypatch.setattr(reading, "_ready", None)
    reading.prepare()
    assert reading._ready is None


def test_a_network_that_computes_without_end_is_refused(tmp_path, monkeypatch):
    path = sizes.CASES["hours of computing, without a weight"](place(tmp_path))
    monkeypatch.setattr(reading, "limits_for", lambda size: Limits(1 << 30, 3))
    with pytest.raises(UserError, match=r"model\.keras takes more than 3 s to be read"):
        read_apart([path], None, 224)


def test_one_that_hangs_is_refused_by_the_clock_and_ends_its_reader(tmp_path, monkeypatch):
    path = tmp_path / "model.keras"
    network().save(path)
    read_apart([path], None, 224)
    apart = reading._ready
    monkeypatch.setattr(apart, "ask", lambda request, seconds: {"late": True})
    with pytest.raises(UserError, match="takes more than"):
        read_apart([path], None, 224)
    assert not apart.lives


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({"arrays": [["object", [3]]], "start": 0, "architecture": None}, "breaks what reads it"),
        ({"arrays": [["float32", [10**18]]], "start": 0, "architecture": None, "described": "{}"}, "breaks"),
        ({"arrays": [], "start": 0, "architecture": None, "described": "[" * 9999}, "breaks what reads it"),
        ({"told": {"template": "{a.__class__}", "terms": {}}}, "breaks what reads it"),
        ({"died": -signal.SIGSEGV}, "breaks what reads it (SIGSEGV)"),
        ({"died": -signal.SIGXCPU}, "takes more than 60 s"),
        ({"memory": True}, "needs more than 537 MB of memory"),
        ({"broke": "ValueError"}, "cannot be read: ValueError"),
    ],
)
def test_each_end_of_the_reader_is_a_sentence_that_names_the_file(tmp_path, monkeypatch, answer, sentence):
    path = tmp_path / "model.keras"
    network().save(path)

    class Broken:
        values, lives = tempfile.TemporaryFile(), True  # noqa: SIM115
        ask = staticmethod(lambda request, seconds: answer)
        told, dismiss, end = staticmethod(bytes), staticmethod(lambda: None), staticmethod(lambda: None)

    monkeypatch.setattr(reading, "_ready", Broken())
    with pytest.raises(UserError) as error:
        read_apart([path], None, 224)
    assert str(error.value).startswith(f"{path} {sentence}")


def test_what_a_reader_hands_over_is_judged_once_more(tmp_path):
    """A reader that was taken over by its file can hand over a description, but not what is not allowed."""
    from evidrift.foreign.reading.loading import made_of

    described = '{"module": "keras.layers", "class_name": "Lambda", "config": {}}'
    with pytest.raises(UserError, match="which is code in the file"):
        made_of(tmp_path / "model.keras", described, iter(()))
    path = tmp_path / "model.keras"
    network().save(path)
    loaded = open_file(path, None, 224)
    with pytest.raises(UserError, match="was not read as it is"):
        made_of(path, str(loaded.described), iter([np.zeros((10**3, 10**3), "float32")]))


def test_a_sentence_keeps_its_terms_on_the_way_to_another_process():
    told = say("{a} of {b}: {c}", a=parameter("size"), b=say("{n} px", n=3), c=[parameter("out"), "x{y}"])
    again = of_json(as_json(told))
    assert spelled(again, FLAGS) == spelled(told, FLAGS) == "--size of 3 px: --out, x{y}"
    assert of_json(as_json("plain {text}")) == "plain {text}"
    with pytest.raises(ValueError, match="is no kind of term"):
        of_json({"template": "{a}", "terms": {"a": {"kind": "__class__", "key": "x"}}})
