"""Both checks on a small study: two checkpoints, the CAM family, and a method that ignores the network."""

import json
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from evidrift.attribution.explain import explain_checkpoints
from evidrift.attribution.family import Family
from evidrift.attribution.settings import FamilyParams
from evidrift.base.errors import UserError
from evidrift.base.table import read_table, write_frame
from evidrift.check.checking import check_architecture
from evidrift.check.marks import marks
from evidrift.check.originals import read_originals
from evidrift.check.tables import RANDOMISATION, SCHEMAS, summarise
from evidrift.families import cam
from evidrift.maps.mapfile import CheckpointMaps, LayerMaps, MapFile, Origin, write_maps
from evidrift.measures.canvas import draw
from tests.check.study import CLASSES, SIDE, N, disc_classifier, disc_images, grey, params

COMMON = {"images_per_class": None, "score": "centred", "target": "label", "batch_size": 7}
CAM = cam.Params(methods=["grad_cam", "grad_cam_pp_unit"], layers=["penultimate", "last"], **COMMON)


class PictureParams(FamilyParams):
    layers: ClassVar = ("penultimate",)


def show_picture(network, pixels, targets, params, logit_scale):
    """The image itself, brought to the grid of `penultimate`."""
    grid = pixels.reshape(-1, 8, 2, 8, 2).mean(axis=(2, 4)).astype(np.float32)
    layer = LayerMaps("bright", True, False, {"picture": grid}, ())
    return CheckpointMaps(targets, network.logits(network.inputs(pixels)), {"penultimate": layer})


PICTURE = SimpleNamespace(explain=show_picture)
FAMILIES = [Family("cam", cam, CAM), Family("picture", PICTURE, PictureParams(**COMMON))]


def checkpoints(seed=1):
    return {"tl": disc_classifier(seed * 0.5), "ft": disc_classifier(seed)}


def loaded(seed):
    models = checkpoints(seed)
    return models["ft"], {name: model.get_weights() for name, model in models.items()}


def write_study(folder, images, seeds=(1,), chosen=None):
    chosen = np.arange(N) if chosen is None else chosen
    for seed in seeds:
        models = checkpoints(seed)
        recorded = {
            name: model(grey(images.pixels), training=False).numpy() for name, model in models.items()
        }
        for family in FAMILIES:
            maps = explain_checkpoints(family, *loaded(seed), images, grey, recorded, chosen)
            weights = {"tl": "", "ft": ""}
            origin = Origin("discs", seed, family.name, "centred", "label", SIDE, CLASSES, {}, weights)
            path = folder / f"{seed}-{family.name}.h5"
            write_maps(path, origin, images.ids[chosen], images.content[chosen], maps)


def check(folder, settings=None, families=FAMILIES, images=None):
    settings = params() if settings is None else settings
    images = images or disc_images()
    return check_architecture("discs", loaded, families, images, grey, folder, settings)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("maps")
    write_study(folder, disc_images(), seeds=(1, 2))
    return folder


@pytest.fixture(scope="module")
def tables(folder):
    return check(folder)


@pytest.fixture(scope="module")
def both_seeds(folder):
    return check(folder, params(seeds=[1, 2]))


def verdict(tables, method, checkpoint="ft"):
    found = marks(*tables)
    return found[(found["method"] == method) & (found["checkpoint"] == checkpoint)].iloc[0]


def test_grad_cam_of_a_network_that_finds_the_disc_is_faithful_and_not_insensitive(both_seeds):
    for checkpoint in ("tl", "ft"):
        row = verdict(both_seeds, "grad_cam", checkpoint)
        assert row["faithful"] is True
        assert row["insensitive"] is False
        assert row["similarity"] < row["chance"]


def test_a_method_that_ignores_the_network_is_insensitive(tables):
    for checkpoint in ("tl", "ft"):
        row = verdict(tables, "picture", checkpoint)
        assert row["similarity"] == pytest.approx(1)
        assert row["insensitive"] is True


def test_rows_are_the_maps_at_the_layers_to_check_and_their_depths(tables):
    faithfulness, randomisation = tables
    assert list(faithfulness.columns) == [
        *("arch", "seed", "checkpoint", "layer", "method", "image_id", "patient_id", "label", "status"),
        *("insertion", "deletion", "insertion_random", "deletion_random"),
    ]
    assert list(randomisation.columns) == [
        *("arch", "seed", "checkpoint", "layer", "method", "image_id", "patient_id", "label"),
        *("depth", "share", "status", "similarity", "chance"),
    ]
    # two checkpoints, three methods, six and twelve images of each of two classes
    assert len(faithfulness) == 2 * 3 * 12
    assert len(randomisation) == 2 * 3 * 24 * 3
    assert set(faithfulness["layer"]) == {"penultimate"}
    assert faithfulness["checkpoint"].drop_duplicates().tolist() == ["tl", "ft"]
    assert faithfulness.groupby("label")["image_id"].nunique().to_dict() == {"absent": 6, "present": 6}
    images = disc_images()
    at = {
        image_id: (patient, label)
        for image_id, patient, label in zip(
            images.ids, images.patient_ids, np.array(CLASSES)[images.labels], strict=True
        )
    }
    for row in randomisation.itertuples():
        assert at[row.image_id] == (row.patient_id, row.label)
    assert randomisation.groupby("depth")["share"].unique().map(list).tolist() == [
        [np.float32(10 / 214)],
        # of four layers with weights, two and a half from the top: numpy rounds to two
        [np.float32(26 / 214)],
        [1.0],
    ]


def test_maps_without_evidence_are_counted_by_status_and_not_compared(tables):
    faithfulness, randomisation = tables
    # without a disc nothing is bright, and Grad-CAM has nothing to show
    absent = faithfulness.query("method == 'grad_cam' and label == 'absent'")
    assert (absent["status"] == "blank").sum() > 0
    for table, names in ((faithfulness, ["insertion", "deletion"]), (randomisation, ["similarity"])):
        assert (table[names].isna().all(axis=1) == (table["status"] != "ok")).all()


def test_similarity_and_chance_are_spearmans_correlations_of_canvases(folder, tables):
    images = disc_images()
    rows = tables[1].query("method == 'picture' and checkpoint == 'ft' and depth == 2 and label == 'present'")
    signed = MapFile(folder / "1-picture.h5").maps("ft", "penultimate", "picture")
    canvases = draw(signed, images.content, SIDE).values.reshape(N, -1)
    at = [list(images.ids).index(image_id) for image_id in rows["image_id"]]
    between = spearmanr(canvases[at].T).statistic
    expected = (between.sum(axis=1) - 1) / 11
    np.testing.assert_allclose(rows["chance"], expected, atol=1e-5)


def test_images_of_one_patient_are_no_chance_level_for_each_other(folder):
    images = disc_images()
    images.patient_ids[:] = "the only one"
    found = check(folder, images=images)
    assert found[1]["chance"].isna().all()
    assert marks(*found)["insensitive"].tolist() == [None] * 6


@pytest.mark.slow
def test_the_same_study_gives_the_same_bytes(folder, tables, tmp_path):
    for name, table, again in zip(SCHEMAS, tables, check(folder), strict=True):
        write_frame(tmp_path / f"1-{name}", table, SCHEMAS[name])
        write_frame(tmp_path / f"2-{name}", again, SCHEMAS[name])
        first, second = ((tmp_path / f"{at}-{name}").read_bytes() for at in (1, 2))
        assert first == second


def test_tables_are_read_as_they_were_written(tables, tmp_path):
    write_frame(tmp_path / "r.parquet", tables[1], SCHEMAS[RANDOMISATION])
    read = read_table(tmp_path / "r.parquet").to_pandas()
    pd.testing.assert_frame_equal(
        read.astype(dict.fromkeys(read.columns[read.dtypes == "category"], "str")),
        tables[1].astype(dict.fromkeys(read.columns[read.dtypes == "category"], "str")),
    )
    assert {name: str(read[name].dtype) for name in ("seed", "depth", "share", "similarity", "method")} == {
        "seed": "int64",
        "depth": "int8",
        "share": "float32",
        "similarity": "float32",
        "method": "category",
    }


def test_another_seed_adds_its_rows_and_changes_none(tables, both_seeds):
    for table, longer in zip(tables, both_seeds, strict=True):
        assert longer["seed"].unique().tolist() == [1, 2]
        pd.testing.assert_frame_equal(longer[longer["seed"] == 1].reset_index(drop=True), table)


def test_metrics_hold_counts_and_verdicts(tables):
    metrics = json.loads(json.dumps(summarise(*tables), allow_nan=False))
    assert metrics["faithfulness"]["images"] == metrics["faithfulness"]["patients"] == 12
    statuses = metrics["randomisation"]["statuses"]["penultimate"]
    assert statuses["picture"] == {"tl": {"ok": 72}, "ft": {"ok": 72}}
    assert sum(statuses["grad_cam"]["ft"].values()) == 72
    found = metrics["verdicts"]["penultimate"]["picture"]["ft"]
    assert found["insensitive"] is True
    assert found["similarity"] == pytest.approx(1, abs=1e-6)
    assert found["gain"] == pytest.approx(verdict(tables, "picture")["gain"], abs=1e-6)


def test_maps_of_other_weights_are_refused(folder):
    def others(seed):
        model, weights = loaded(seed)
        *trunk, kernel, bias = weights["ft"]
        return model, weights | {"ft": [*trunk, 1.1 * kernel, bias]}

    with pytest.raises(UserError, match=r"1-cam.h5: ft now gives other logits of image .* `dvc repro"):
        check_architecture("discs", others, FAMILIES, disc_images(), grey, folder, params())


def test_an_image_that_a_family_did_not_explain_is_named_with_the_way_out(tmp_path):
    write_study(tmp_path, disc_images(), chosen=np.arange(6))
    with pytest.raises(
        UserError, match=r"1-cam.h5 has no map of .* Raise explain.cam.images_per_class .* or lower it there"
    ):
        check(tmp_path)


def test_a_layer_that_no_family_explains_is_refused(folder):
    with pytest.raises(UserError, match=r"check\.layers names before, at which no family"):
        check(folder, params(layers=["penultimate", "before"]))


def test_a_family_without_the_layer_is_passed_over(folder):
    faithfulness, _ = check(folder, params(layers=["last"]))
    assert set(faithfulness["method"]) == {"grad_cam", "grad_cam_pp_unit"}
    assert set(faithfulness["layer"]) == {"last"}


def test_originals_are_those_of_the_images_asked_for_in_their_order(folder):
    images = disc_images()
    file = MapFile(folder / "1-cam.h5")
    which = np.array([5, 2])
    found = read_originals(file, "tl", images.ids[which], ["penultimate"])
    assert list(found.signed) == [("penultimate", "grad_cam"), ("penultimate", "grad_cam_pp_unit")]
    np.testing.assert_array_equal(
        found.signed["penultimate", "grad_cam"], file.maps("tl", "penultimate", "grad_cam")[which]
    )
    np.testing.assert_array_equal(found.targets, images.labels[which])
