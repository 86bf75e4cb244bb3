"""Both checks on a small study: two checkpoints, the CAM family, and an edge detector."""

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
from evidrift.compare.findings.signs import signs
from evidrift.families import cam
from evidrift.maps.grids import cell_sums
from evidrift.maps.mapfile import CheckpointMaps, LayerMaps, MapFile, Origin, write_maps
from evidrift.measures.canvas import draw
from tests.check.study import CLASSES, SIDE, N, disc_classifier, disc_images, grey, params
from tests.stopped import stopped_after_every

COMMON = {"images_per_class": None, "score": "centred", "target": "label", "batch_size": 7}
CAM = cam.Params(methods=["grad_cam", "grad_cam_pp_unit"], layers=["penultimate", "last"], **COMMON)


class EdgeParams(FamilyParams):
    layers: ClassVar = ("penultimate",)


def detect_edges(network, pixels, targets, params, logit_scale):
    """The length of the image's own gradient, summed over the cells of `penultimate`'s grid."""
    rows, columns = np.gradient(pixels.astype(np.float32), axis=(1, 2))
    layer = LayerMaps("bright", True, False, {"edges": cell_sums(np.hypot(rows, columns), (8, 8))}, ())
    return CheckpointMaps(targets, network.logits(network.inputs(pixels)), {"penultimate": layer})


def edges_of(per_class):
    settings = EdgeParams(**(COMMON | {"images_per_class": per_class}))
    return Family("edges", SimpleNamespace(explain=detect_edges), settings)


FAMILIES = [Family("cam", cam, CAM), edges_of(None)]


def checkpoints(seed=1):
    return {"tl": disc_classifier(seed * 0.5), "ft": disc_classifier(seed)}


def loaded(seed):
    models = checkpoints(seed)
    return models["ft"], {name: model.get_weights() for name, model in models.items()}


def load(seeds):
    models = {(seed, name): model for seed in seeds for name, model in checkpoints(seed).items()}
    return models[seeds[0], "ft"], {key: model.get_weights() for key, model in models.items()}


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
    return check_architecture("discs", load, families, images, grey, folder, settings)


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


def test_grad_cam_of_a_network_that_finds_the_disc_is_faithful(both_seeds):
    for checkpoint in ("tl", "ft"):
        assert verdict(both_seeds, "grad_cam", checkpoint)["faithful"] == "supported"


def test_an_edge_detector_keeps_the_image_whatever_the_weights(tables):
    found = marks(*tables)
    assert signs(found)["discs", "penultimate", "edges"] == "‡"
    for checkpoint in ("tl", "ft"):
        row = verdict(tables, "edges", checkpoint)
        assert row["similarity"] == pytest.approx(1)
        assert row["insensitive"] == "supported"
        assert row["excess"] == pytest.approx(1 - row["chance"])
        assert row["excess_low"] > 0.5


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
    rows = tables[1].query("method == 'edges' and checkpoint == 'ft' and depth == 2 and label == 'present'")
    signed = MapFile(folder / "1-edges.h5").maps("ft", "penultimate", "edges")
    canvases = draw(signed, images.content, SIDE).values.reshape(N, -1)
    at = [list(images.ids).index(image_id) for image_id in rows["image_id"]]
    between = spearmanr(canvases[at].T).statistic
    # the random network's maps are the originals: what a map has in common with others counts twice
    with_others = (between.sum(axis=1) - 1) / 11
    np.testing.assert_allclose(rows["chance"], 2 * with_others - with_others.mean(), atol=1e-5)


def test_images_of_one_patient_are_no_chance_level_for_each_other(folder):
    images = disc_images()
    images.patient_ids[:] = "the only one"
    found = check(folder, images=images)
    assert found[1]["chance"].isna().all()
    assert marks(*found)["insensitive"].tolist() == ["not decidable"] * 6


@pytest.mark.slow
def test_the_same_study_gives_the_same_bytes(folder, tables, tmp_path):
    for name, table, again in zip(SCHEMAS, tables, check(folder), strict=True):
        write_frame(tmp_path / f"1-{name}", table, SCHEMAS[name])
        write_frame(tmp_path / f"2-{name}", again, SCHEMAS[name])
        first, second = ((tmp_path / f"{at}-{name}").read_bytes() for at in (1, 2))
        assert first == second


def test_tables_are_read_as_they_were_written(tables, tmp_path):
    write_frame(tmp_path / "r.parquet", tables[1], SCHEMAS[RANDOMISATION])
    read = read_table(tmp_path / "r.parquet", "drift").to_pandas()
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
    assert statuses["edges"] == {"tl": {"ok": 72}, "ft": {"ok": 72}}
    assert sum(statuses["grad_cam"]["ft"].values()) == 72
    found = metrics["verdicts"]["penultimate"]["edges"]["ft"]
    assert found["insensitive"] == "supported"
    assert found["similarity"] == pytest.approx(1, abs=1e-6)
    assert found["gain"] == pytest.approx(verdict(tables, "edges")["gain"], abs=1e-6)


def test_maps_of_other_weights_are_refused(folder):
    def others(seeds):
        model, weights = load(seeds)
        *trunk, kernel, bias = weights[1, "ft"]
        return model, weights | {(1, "ft"): [*trunk, 1.1 * kernel, bias]}

    with pytest.raises(UserError, match=r"1-cam.h5: ft now gives other logits of image .* `dvc repro"):
        check_architecture("discs", others, FAMILIES, disc_images(), grey, folder, params())


def test_a_family_that_explained_fewer_images_is_checked_on_those(folder, tables):
    found = check(folder, families=[FAMILIES[0], edges_of(3)])
    for table, whole, n_rows in zip(found, tables, (6, 6 * 3), strict=True):
        own = table["method"] == "edges"
        assert (table[own].groupby("checkpoint").size() == n_rows).all()
        cam_rows = whole[whole["method"] != "edges"].reset_index(drop=True)
        pd.testing.assert_frame_equal(table[~own].reset_index(drop=True), cam_rows)


def test_maps_that_lack_an_image_are_refused(tmp_path):
    write_study(tmp_path, disc_images(), chosen=np.arange(6))
    with pytest.raises(UserError, match=r"1-cam.h5 has no map of .* not of one run: run `dvc repro`"):
        check(tmp_path)


def test_a_layer_that_no_family_explains_is_refused(folder):
    with pytest.raises(UserError, match=r"check\.layers names before, at which no family"):
        check(folder, params(layers=["penultimate", "before"]))


def test_a_family_without_the_layer_is_passed_over(folder):
    faithfulness, _ = check(folder, params(layers=["last"]))
    assert set(faithfulness["method"]) == {"grad_cam", "grad_cam_pp_unit"}
    assert set(faithfulness["layer"]) == {"last"}


def test_originals_are_those_of_as_many_images_a_class_as_are_asked_for_and_explained(folder):
    images = disc_images()
    file = MapFile(folder / "1-cam.h5")
    for per_class, explained, expected in ((1, None, 1), (4, 1, 1), (3, 4, 3)):
        found = read_originals(file, "tl", images, ["penultimate"], per_class, explained)
        assert np.bincount(images.labels[found.images]).tolist() == [expected] * 2
        assert list(found.signed) == [("penultimate", "grad_cam"), ("penultimate", "grad_cam_pp_unit")]
        np.testing.assert_array_equal(
            found.signed["penultimate", "grad_cam"], file.maps("tl", "penultimate", "grad_cam")[found.images]
        )
        np.testing.assert_array_equal(found.targets, images.labels[found.images])


def test_stopped_again_and_again_it_ends_with_the_same_tables(folder, tables, tmp_path):
    def work(memo):
        return check_architecture("discs", load, FAMILIES, disc_images(), grey, folder, params(), memo)

    found, stops = stopped_after_every(7, work, tmp_path)
    assert stops > 2  # within faithfulness and within randomisation
    for table, whole in zip(found, tables, strict=True):
        assert table.equals(whole)
