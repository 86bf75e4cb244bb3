"""The paper's own quantities: each architecture on its own true positives, seed by seed."""

from dataclasses import replace

import pytest

from evidrift.claims.cells import quantities_of
from evidrift.claims.cohort import common_cohort
from evidrift.compare.findings.drift import summarise
from evidrift.compare.findings.paper import PUBLISHED, paper_table
from tests.compare.studies import study_of
from tests.drift.study import architecture


def table_of(*maps):
    study = study_of(*maps)
    cohort = common_cohort(study.pairs)
    drift = summarise(study.pairs, cohort, quantities_of(study.pairs, cohort, study.seeds))
    return study, paper_table(study.pairs, drift, "penultimate")


def test_it_is_the_mean_over_seeds_of_the_mean_over_the_images_that_both_checkpoints_of_the_seed_get_right():
    one, other = architecture("densenet201"), architecture("resnet50v2")
    wrong = one.predicted.copy()
    wrong[1, 0, 3] ^= 1  # after, of the first seed
    study, table = table_of(replace(one, predicted=wrong), other)
    row = table[(table["arch"] == "densenet201") & (table["method"] == "layer_cam")].iloc[0]
    pairs = study.pairs[(study.pairs["arch"] == "densenet201") & (study.pairs["method"] == "layer_cam")]
    drift = pairs[pairs["pair_kind"] == "drift"].set_index(["seed_before", "image_id"])["iou_half_max"]
    first, second = drift.loc[1].drop(one.image_ids[3]).mean(), drift.loc[2].mean()
    assert row["iou"] == pytest.approx((first + second) / 2)
    assert row["iou_sd"] == pytest.approx(abs(first - second) / 2**0.5)
    assert row["n_images"] == (5 + 6) / 2
    assert row["published"] == PUBLISHED["densenet201", "layer_cam"] == 0.699
    # ours is of the images that count for both
    assert row["n_common"] == 5


def test_places_are_those_of_figure_2_and_those_by_drift():
    _, table = table_of(*(architecture(name, noise=noise) for name, noise in (("a", 2.0), ("b", 0.1))))
    own = table[table["method"] == "layer_cam"].set_index("arch")
    assert own["place"].to_dict() == own["place_by_drift"].to_dict() == {"a": 2, "b": 1}
    assert own["published"].isna().all()
