from dataclasses import replace

import numpy as np
import pytest

from evidrift.claims.cells import arrange, excesses_of
from evidrift.claims.cohort import CommonCohort, common_cohort
from evidrift.compare.findings.drift import summarise
from evidrift.drift.oriented import OVERLAP_ALL, as_drift
from tests.compare.studies import study_of
from tests.drift.study import architecture

SEEDS = (1, 2, 3)
KEY = ("densenet_mini", "penultimate", "layer_cam")


def table_of(study, cohort):
    return summarise(study.pairs, cohort, excesses_of(study.pairs, cohort, study.seeds))


@pytest.fixture
def maps():
    """Eight images of six patients; two of them have two images each."""
    return architecture(seeds=SEEDS, patients=["p0", "p1", "p0", "p1", "p2", "p3", "p4", "p5"])


def test_where_nothing_is_missing_estimates_are_means_over_images_of_means_over_pairs(maps):
    study = study_of(maps)
    found = table_of(study, common_cohort(study.pairs)).set_index(["method", "measure"])
    rows = study.pairs[["method", "pair_kind", "image_id"]].astype(str)
    values = as_drift(study.pairs)
    images = values.groupby([rows[name] for name in rows]).mean()
    means = images.groupby(["method", "pair_kind"]).mean()
    assert len(found) == 2 * len(values.columns)
    for method, measure in found.index:
        row, own = found.loc[method, measure], means[measure][method]
        drift, floor, chance = own["drift"], own["seed_ft"], own["random"]
        assert row["mean"] == pytest.approx(drift)
        assert row["floor"] == pytest.approx(floor)
        assert row["floor_tl"] == pytest.approx(own["seed_tl"])
        assert row["chance"] == pytest.approx(chance)
        assert row["excess"] == pytest.approx(drift - floor)
        ratio = (drift - floor) / (chance - floor) if chance > floor else np.nan
        assert row["normalised"] == pytest.approx(ratio, nan_ok=True)
        assert (row["n_images"], row["n_patients"]) == (8, 6)


def test_every_image_seed_and_pair_of_seeds_has_its_place(tmp_path, maps):
    study = study_of(maps)
    found = arrange(study.pairs, common_cohort(study.pairs), (3, 1, 2))[KEY]
    cells = found.cells("overlap")
    assert (cells.drift.shape, cells.floor.shape, cells.chance.shape) == ((8, 3), (8, 3), (8, 3))
    own = study.pairs[(study.pairs["method"] == "layer_cam") & (study.pairs["image_id"] == "covid19/02.png")]
    drift = own[own["pair_kind"] == "drift"].set_index("seed_before")["overlap"]
    assert cells.drift[1] == pytest.approx([1 - drift[seed] for seed in (3, 1, 2)])  # ids are sorted
    floor = own[own["pair_kind"] == "seed_ft"].set_index(["seed_before", "seed_after"])["overlap"]
    # pairs of the seeds in the given order: (3, 1), (3, 2), (1, 2)
    assert cells.floor[1] == pytest.approx([1 - floor[1, 3], 1 - floor[2, 3], 1 - floor[1, 2]])


def test_images_of_one_patient_share_its_number(tmp_path, maps):
    study = study_of(maps)
    cohort = common_cohort(study.pairs)
    found = arrange(study.pairs, cohort, study.seeds)[KEY].patients
    owner = dict(zip(maps.image_ids, maps.patient_ids, strict=True))
    patients = [owner[image] for image in cohort.image_ids]
    assert [f"p{number}" for number in found] == patients


def test_what_could_not_be_measured_is_missing_and_in_overlap_all_no_overlap(tmp_path, maps):
    maps.signed["penultimate", "layer_cam"][0, 1, 0] = np.nan  # tl of seed 2, image covid19/00
    study = study_of(maps)
    found = arrange(study.pairs, common_cohort(study.pairs), study.seeds)[KEY]
    missing = np.argwhere(np.isnan(found.cells("overlap").drift))
    assert missing.tolist() == [[0, 1]]
    assert found.cells(OVERLAP_ALL).drift[0, 1] == 1


def test_only_the_cohorts_images_count_but_partners_may_lie_outside(tmp_path, maps):
    study = study_of(maps)
    some = CommonCohort(("covid19/00.png", "covid19/04.png"), 2)
    cells = arrange(study.pairs, some, study.seeds)[KEY].cells("overlap")
    assert cells.drift.shape == (2, 3)
    row = table_of(study, some).query("method == 'layer_cam' and measure == 'overlap'").iloc[0]
    assert cells.chance.mean() == pytest.approx(row["chance"])


def test_one_seed_has_no_pair_of_seeds(tmp_path):
    study = study_of(architecture(seeds=(5,)))
    cells = arrange(study.pairs, common_cohort(study.pairs), study.seeds)[KEY].cells("overlap")
    assert (cells.drift.shape, cells.floor.shape) == ((6, 1), (6, 0))


def test_without_an_image_there_is_nothing_to_arrange(tmp_path, maps):
    study = study_of(replace(maps, predicted=1 - maps.predicted))
    assert arrange(study.pairs, common_cohort(study.pairs), study.seeds) == {}
