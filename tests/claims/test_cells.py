from dataclasses import replace

import numpy as np
import pytest

from evidrift.claims.cells import arrange, quantities_of
from evidrift.claims.cohort import CommonCohort, common_cohort
from evidrift.claims.quantities import scale_cells
from evidrift.compare.findings.drift import summarise
from evidrift.drift.oriented import MOVED_SHARE_ALL, as_drift, is_squared
from tests.compare.studies import study_of
from tests.drift.study import architecture

SEEDS = (1, 2, 3)
KEY = ("densenet_mini", "penultimate", "layer_cam")


def table_of(study, cohort):
    return summarise(study.pairs, cohort, quantities_of(study.pairs, cohort, study.seeds))


@pytest.fixture(scope="module")
def study():
    """Eight images of six patients; two of them have two images each."""
    return study_of(architecture(seeds=SEEDS, patients=["p0", "p1", "p0", "p1", "p2", "p3", "p4", "p5"]))


def test_where_nothing_is_missing_estimates_are_means_over_images_of_means_over_pairs(study):
    found = table_of(study, common_cohort(study.pairs)).set_index(["method", "measure"])
    rows = study.pairs[["method", "pair_kind", "image_id"]].astype(str)
    values = as_drift(study.pairs)
    images = values.groupby([rows[name] for name in rows]).mean()
    means = images.groupby(["method", "pair_kind"]).mean()
    assert len(found) == 2 * len(values.columns)
    for method, measure in found.index:
        row, own = found.loc[method, measure], means[measure][method]
        shared = own["cross"] - (own["seed_tl"] + own["seed_ft"]) / 2 if is_squared(measure) else np.nan
        expected = {
            "mean": own["drift"],
            "floor_tl": own["seed_tl"],
            "floor_ft": own["seed_ft"],
            "shared": shared,
            "erratic": own["drift"] - shared,
        }
        assert row[list(expected)].to_dict() == pytest.approx(expected, nan_ok=True)
        assert (row["n_images"], row["n_patients"]) == (8, 6)
        assert row["over_scale"] == pytest.approx(row["mean"] / row["scale"])


def own_rows(study, kind, image=None):
    rows = study.pairs[(study.pairs["method"] == "layer_cam") & (study.pairs["pair_kind"] == kind)]
    return rows if image is None else rows[rows["image_id"] == image]


def test_every_image_seed_and_pair_of_seeds_has_its_place(study):
    found = arrange(study.pairs, common_cohort(study.pairs), (3, 1, 2))[KEY]
    cells = found.cells("moved_share")
    names = ("drift", "cross", "floor_tl", "floor_ft", "scale")
    assert {getattr(cells, name).shape for name in names} == {(8, 3)}
    image = "covid19/02.png"  # the second: ids are sorted
    drift = own_rows(study, "drift", image).set_index("seed_before")["moved_share"]
    assert cells.drift[1] == pytest.approx([drift[seed] for seed in (3, 1, 2)])
    # pairs of the seeds in the given order: (3, 1), (3, 2), (1, 2)
    for name, kind in (("floor_tl", "seed_tl"), ("floor_ft", "seed_ft")):
        floor = own_rows(study, kind, image).set_index(["seed_before", "seed_after"])["moved_share"]
        assert getattr(cells, name)[1] == pytest.approx([floor[1, 3], floor[2, 3], floor[1, 2]])
    cross = own_rows(study, "cross", image).set_index(["seed_before", "seed_after"])["moved_share"]
    both_ways = [(cross[one, two] + cross[two, one]) / 2 for one, two in ((1, 3), (2, 3), (1, 2))]
    assert cells.cross[1] == pytest.approx(both_ways)


def test_scale_is_the_mean_of_both_checkpoints(study):
    cohort = common_cohort(study.pairs)
    cells = arrange(study.pairs, cohort, SEEDS)[KEY].cells("moved_share")
    at = {image: place for place, image in enumerate(cohort.image_ids)}
    expected = []
    for kind in ("scale_tl", "scale_ft"):
        rows = own_rows(study, kind)
        rows = rows[rows["seed_before"] == 2]
        image, partner = (
            rows[name].astype(str).map(at).to_numpy(int) for name in ("image_id", "image_id_after")
        )
        expected.append(scale_cells(rows["moved_share"].to_numpy(float), image, partner, len(at)))
    assert cells.scale[:, 1] == pytest.approx(np.mean(expected, axis=0))


def test_images_of_one_patient_share_its_number(study):
    cohort = common_cohort(study.pairs)
    found = arrange(study.pairs, cohort, study.seeds)[KEY].patients
    rows = study.pairs.drop_duplicates("image_id").set_index("image_id")["patient_id"]
    assert [f"p{number}" for number in found] == [rows[image] for image in cohort.image_ids]


def test_what_could_not_be_measured_is_missing_and_in_moved_share_all_moved_wholly():
    maps = architecture(seeds=SEEDS)
    maps.signed["penultimate", "layer_cam"][0, 1, 0] = np.nan  # tl of seed 2, image covid19/00
    study = study_of(maps)
    cohort = common_cohort(study.pairs)
    found = arrange(study.pairs, cohort, study.seeds)[KEY]
    missing = np.argwhere(np.isnan(found.cells("moved_share").drift))
    assert missing.tolist() == [[0, 1]]
    assert found.cells(MOVED_SHARE_ALL).drift[0, 1] == 1
    # the image does not count, and nothing is put in its place
    counted = quantities_of(study.pairs, cohort, study.seeds)
    assert {
        measure: counted[KEY, measure].drift.n_images for measure in ("moved_share", MOVED_SHARE_ALL)
    } == {
        "moved_share": 5,
        MOVED_SHARE_ALL: 6,
    }


def test_both_patients_of_a_pair_belong_to_the_cohort(study):
    # of the first class 00, 02, 04 and 06, of patients p0, p0, p2 and p4
    some = CommonCohort(("covid19/00.png", "covid19/04.png"), 2)
    cells = arrange(study.pairs, some, study.seeds)[KEY].cells("moved_share")
    assert cells.drift.shape == (2, 3)
    for at, seed in enumerate(SEEDS):
        means = [
            rows.loc[
                rows["image_id"].isin(some.image_ids)
                & rows["image_id_after"].isin(some.image_ids)
                & (rows["seed_before"] == seed),
                "moved_share",
            ].mean()
            for rows in (own_rows(study, kind) for kind in ("scale_tl", "scale_ft"))
        ]
        assert cells.scale[:, at].mean() == pytest.approx(np.mean(means))
    alone = CommonCohort(("covid19/00.png", "covid19/02.png"), 1)  # of one patient
    assert np.isnan(arrange(study.pairs, alone, study.seeds)[KEY].cells("moved_share").scale).all()


def test_one_seed_has_no_pair_of_seeds():
    study = study_of(architecture(seeds=(5,)))
    cells = arrange(study.pairs, common_cohort(study.pairs), study.seeds)[KEY].cells("moved_share")
    assert (cells.drift.shape, cells.cross.shape, cells.floor_ft.shape) == ((6, 1), (6, 0), (6, 0))


def test_without_an_image_there_is_nothing_to_arrange():
    maps = architecture(seeds=SEEDS)
    study = study_of(replace(maps, predicted=1 - maps.predicted))
    assert arrange(study.pairs, common_cohort(study.pairs), study.seeds) == {}
