"""The trajectory table of a small network whose weights of every epoch are known."""

import keras
import numpy as np
import pandas as pd
import pytest

import evidrift.networks.start_tensorflow  # noqa: F401 - deterministic kernels
from evidrift.attribution.network import Network
from evidrift.attribution.subset import choose
from evidrift.base.errors import UserError
from evidrift.families import cam
from evidrift.maps.scores import centred_logits, logit_scale
from evidrift.networks.target.layers import resolve
from evidrift.training.epochs import write_epochs
from evidrift.trajectory.following import follow
from evidrift.trajectory.params import Trajectory
from evidrift.trajectory.table import summarise, write_trajectory
from tests.check.study import disc_classifier, disc_images, grey
from tests.stopped import stopped_after_every

METHODS = ["grad_cam_pp", "grad_cam_pp_unit", "layer_cam"]


def params(**changes):
    given = {"seeds": [1], "images_per_class": 3, "methods": METHODS, "area": 0.2, "batch_size": 4}
    return Trajectory(**(given | changes))


def epochs():
    """Weights after three epochs: as tl, with logits ten times as large, and with another first layer."""
    moved = disc_classifier()
    kernel, bias = moved.get_layer("bright").get_weights()
    moved.get_layer("bright").set_weights(
        [kernel[::-1] + 0.05 * (np.arange(3) - 1)[:, None, None, None], bias]
    )
    return [disc_classifier(), disc_classifier(scale=10.0), moved]


def write(folder, architecture="discs"):
    models = epochs()
    weights = [model.get_weights() for model in models]
    write_epochs(folder / "1.h5", architecture, 1, models[0], weights, len(models))


def only(model):
    return lambda seeds: (model, {(seed, "tl"): model.get_weights() for seed in seeds})


def following(folder, **changes):
    return follow("discs", only(disc_classifier()), folder, disc_images(), grey, params(**changes))


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    folder = tmp_path_factory.mktemp("epochs")
    write(folder)
    return following(folder)


def test_there_is_a_row_an_epoch_method_and_image_in_order(rows):
    assert len(rows) == 4 * len(METHODS) * 6
    keys = rows[["seed", "epoch", "method", "image_id"]]
    pd.testing.assert_frame_equal(keys, keys.sort_values(list(keys)))
    assert sorted(set(rows["epoch"])) == [0, 1, 2, 3]
    assert rows.groupby("label")["image_id"].nunique().to_dict() == {"absent": 3, "present": 3}


def test_weights_that_did_not_change_have_not_moved_and_others_have(rows):
    moved = rows.groupby(["method", "epoch"])["moved_share"].mean().unstack()
    assert (moved[[0, 1]] == 0).all().all()
    assert (moved[3] > 0.02).all()


def test_larger_logits_move_grad_cam_pp_but_not_its_unit_form(rows):
    moved = rows[rows["epoch"] == 2].groupby("method")["moved_share"].mean()
    assert moved["grad_cam_pp_unit"] == pytest.approx(0, abs=1e-4)
    assert moved["layer_cam"] == pytest.approx(0, abs=1e-4)
    assert moved["grad_cam_pp"] > 0.0005  # one channel carries nearly all: little can move


def test_score_and_prediction_are_those_of_the_epochs_network(rows):
    images = disc_images()
    chosen = choose(images.ids, images.labels, 3)
    for epoch, model in enumerate([disc_classifier(), *epochs()]):
        logits = keras.ops.convert_to_numpy(model(grey(images.pixels[chosen])))
        own = rows[(rows["epoch"] == epoch) & (rows["method"] == "layer_cam")]
        expected = centred_logits(logits)[np.arange(6), images.labels[chosen]]
        np.testing.assert_allclose(own["score"], expected, rtol=1e-4, atol=1e-5)
        assert own["predicted"].tolist() == np.array(images.classes)[logits.argmax(1)].tolist()


def test_one_graph_with_an_epochs_weights_gives_the_maps_of_a_network_built_with_them(rows):
    """The table's moved share of epoch 3, from maps that a fresh network of these weights gives."""
    from evidrift.trajectory.measuring import measure_maps

    images = disc_images()
    at = choose(images.ids, images.labels, 3)
    settings = cam.Params(
        methods=METHODS,
        layers=["penultimate"],
        score="centred",
        target="label",
        images_per_class=None,
        batch_size=6,
    )
    maps = []
    for model in (disc_classifier(), epochs()[2]):
        network = Network(model, resolve(model, ["penultimate"]), grey, "centred")
        scale = logit_scale(network.logits(grey(images.pixels[at])))
        given = (images.pixels[at], images.labels[at], settings, scale)
        maps.append(cam.explain(network, *given).layers["penultimate"].methods)
    for method in METHODS:
        signed = np.stack([each[method] for each in maps])
        found = measure_maps(signed, images.content[at], 16, images.labels[at], images.patient_ids[at], 0.2)
        own = rows[(rows["epoch"] == 3) & (rows["method"] == method)]
        np.testing.assert_allclose(own["moved_share"], found["moved_share"][1], atol=1e-3)


def test_the_same_rows_give_the_same_bytes_and_metrics_count_them(rows, tmp_path):
    for name in ("a.parquet", "b.parquet"):
        write_trajectory(tmp_path / name, rows)
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    found = summarise(rows, [*METHODS, "hires_cam"])
    assert (found["images"], found["patients"], found["not_defined"]) == (6, 6, ["hires_cam"])
    last = rows[(rows["epoch"] == 3) & (rows["method"] == "layer_cam")]["moved_share"].mean()
    assert found["seeds"]["1"]["layer_cam"]["moved_share"] == pytest.approx(last, abs=1e-5)
    assert found["seeds"]["1"]["layer_cam"]["statuses"] == {"ok": 6}


def test_without_seeds_nothing_is_loaded_and_the_table_is_empty_with_all_columns(rows, tmp_path):
    def never(seeds):
        raise AssertionError

    empty = follow("discs", never, tmp_path, disc_images(), grey, params(seeds=[]))
    write_trajectory(tmp_path / "empty.parquet", empty)
    write_trajectory(tmp_path / "full.parquet", rows)
    found, full = (pd.read_parquet(tmp_path / name) for name in ("empty.parquet", "full.parquet"))
    assert len(found) == 0
    assert found.dtypes.astype(str).to_dict() == full.dtypes.astype(str).to_dict()
    assert summarise(empty, []) == {"images": 0, "patients": 0, "not_defined": [], "seeds": {}}


def test_methods_that_the_layer_does_not_allow_are_named_and_may_be_all_there_were(tmp_path):
    """`penultimate` of a network without ReLU can be negative, where Grad-CAM++ is not defined."""
    layers = keras.layers
    inputs = keras.Input((16, 16, 1))
    x = layers.Conv2D(4, 3, strides=2, activation="swish")(inputs)
    x = layers.Conv2D(4, 3, activation="swish")(x)
    model = keras.Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling2D()(x)))
    write_epochs(tmp_path / "1.h5", "smooth", 1, model, [model.get_weights()], 1)
    for methods, followed in ((["grad_cam_pp"], set()), (["grad_cam_pp", "layer_cam"], {"layer_cam"})):
        asked = params(methods=methods)
        rows = follow("smooth", only(model), tmp_path, disc_images(), grey, asked)
        assert set(rows["method"]) == followed
        assert summarise(rows, methods)["not_defined"] == ["grad_cam_pp"]


def test_epochs_of_another_architecture_are_refused(tmp_path):
    write(tmp_path, architecture="rings")
    with pytest.raises(UserError, match="does not hold the weights of discs, seed 1"):
        following(tmp_path)


def test_stopped_after_every_epoch_it_ends_with_the_same_table(tmp_path):
    write(tmp_path)

    def work(memo):
        return follow("discs", only(disc_classifier()), tmp_path, disc_images(), grey, params(), memo)

    found, stops = stopped_after_every(1, work, tmp_path / "scratch")
    assert stops == len(epochs())  # tl and each epoch, but the last
    assert found.equals(following(tmp_path))
