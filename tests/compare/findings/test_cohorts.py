from dataclasses import replace

import numpy as np

from evidrift.claims.cohort import common_cohort
from evidrift.compare.findings.cohorts import cohort_table, left_out_table, status_table
from evidrift.drift.pairs import KINDS
from evidrift.report.words.choices import left_out_words
from tests.compare.studies import study_of
from tests.drift.study import architecture

PATIENTS = ("p0", "p1", "p0", "p1", "p2", "p3", "p4", "p5")


def with_errors(maps, errors: list[tuple[int, int, int]]):
    predicted = maps.predicted.copy()
    for checkpoint, seed, image in errors:
        predicted[checkpoint, seed, image] ^= 1
    return replace(maps, predicted=predicted)


def test_the_common_cohort_is_right_in_both_checkpoints_of_every_architecture_and_seed(tmp_path):
    one = with_errors(architecture("densenet_mini", patients=PATIENTS), [(0, 0, 4), (1, 1, 5)])
    two = with_errors(architecture("resnetv2_mini", patients=PATIENTS), [(1, 0, 6), (0, 0, 6)])
    cohort = common_cohort(study_of(one, two).pairs)
    assert cohort.image_ids == tuple(sorted(one.image_ids[[0, 1, 2, 3, 7]]))
    assert cohort.n_patients == 3  # p0 and p1 twice, p5


def test_another_patient_of_the_scale_may_lie_outside_the_common_cohort(tmp_path):
    maps = with_errors(architecture(), [(1, 0, 2)])
    study = study_of(maps)
    chosen = common_cohort(study.pairs).select(study.pairs)
    assert set(chosen["pair_kind"]) == set(KINDS)
    assert maps.image_ids[2] not in set(chosen["image_id"])
    assert maps.image_ids[2] in set(chosen["image_id_after"])
    # Two other patients of the class, in two seeds: every image of the cohort keeps all its draws.
    scale = chosen[(chosen["pair_kind"] == "scale_tl") & (chosen["method"] == "grad_cam")]
    assert scale["image_id"].astype(str).value_counts().to_dict() == dict.fromkeys(
        np.delete(maps.image_ids, 2), 4
    )


def test_nobody_right_everywhere_is_an_empty_cohort(tmp_path):
    maps = architecture()
    cohort = common_cohort(study_of(replace(maps, predicted=1 - maps.predicted)).pairs)
    assert (cohort.image_ids, cohort.n_patients) == ((), 0)


def test_the_four_cohorts_are_given_by_architecture_and_seed(tmp_path):
    maps = with_errors(architecture(), [(1, 0, 0), (0, 0, 1), (0, 1, 2), (1, 1, 2)])
    maps.signed["penultimate", "grad_cam"][0, 0, 3] = np.nan
    study = study_of(maps)
    table = cohort_table(study.pairs)
    rows = table[table["method"] == "grad_cam"]
    counts = {(row.seed, row.cohort): (row.n_images, row.n_measured) for row in rows.itertuples()}
    assert counts == {
        (1, "regressed"): (1, 1),
        (1, "fixed"): (1, 1),
        (1, "right"): (4, 3),
        (2, "wrong"): (1, 1),
        (2, "right"): (5, 5),
    }
    drift = study.pairs[(study.pairs["pair_kind"] == "drift") & (study.pairs["method"] == "grad_cam")]
    fixed = drift[drift["cohort"] == "fixed"].iloc[0]
    assert rows[rows["cohort"] == "fixed"]["moved_share"].item() == fixed["moved_share"]


def test_statuses_are_counted_over_all_images_and_over_the_common_cohort(tmp_path):
    maps = with_errors(architecture(grid=7), [(1, 0, 0)])
    signed = maps.signed["penultimate", "layer_cam"]
    signed[0, 0, 0] = -1  # blank, and not in the common cohort
    signed[1, 1, 1, 0, 0] = np.inf
    signed[1, 0, 2] = 2  # flat
    signed[1, 0, 3] = -1
    signed[1, 0, 3, 3, 3] = 1  # thin
    study = study_of(maps)
    table = status_table(study.pairs, common_cohort(study.pairs), study.notes)
    assert not table["not_defined"].any()
    rows = table[table["method"] == "layer_cam"].set_index("images")
    rows = rows.drop(columns=["arch", "layer", "method", "not_defined"])
    assert rows.loc["all"].to_dict() == {"pairs": 12, "ok": 9, "flat": 1, "blank": 1, "nan": 1, "thin": 1}
    assert rows.loc["common"].to_dict() == {"pairs": 10, "ok": 8, "flat": 1, "blank": 0, "nan": 1, "thin": 1}


def test_a_method_that_is_not_defined_at_a_layer_has_rows_that_say_so(tmp_path):
    maps = replace(architecture(), not_defined=(("sum", "grad_cam_pp"),))
    study = study_of(maps)
    table = status_table(study.pairs, common_cohort(study.pairs), study.notes)
    rows = table[table["not_defined"]]
    assert rows[["arch", "layer", "method", "images"]].values.tolist() == [
        ["densenet_mini", "sum", "grad_cam_pp", "all"],
        ["densenet_mini", "sum", "grad_cam_pp", "common"],
    ]
    assert not rows[["pairs", "ok", "flat", "blank", "nan", "thin"]].any(axis=None)


def test_an_empty_cohort_counts_no_pairs_of_any_method(tmp_path):
    maps = architecture()
    study = study_of(replace(maps, predicted=1 - maps.predicted))
    table = status_table(study.pairs, common_cohort(study.pairs), study.notes)
    assert table.groupby("images")["pairs"].agg(list).to_dict() == {"all": [12, 12], "common": [0, 0]}


def test_who_is_left_out_is_counted_by_class_for_all_for_each_two_and_alone():
    patients = [f"p{at}" for at in range(8)]  # of alternating classes, covid19 first
    names = ("densenet_mini", "resnetv2_mini", "inception_mini")
    errors: list[list[tuple[int, int, int]]] = [[(0, 0, 0), (1, 1, 2)], [(1, 0, 2), (0, 1, 4)], [(1, 0, 1)]]
    study = study_of(
        *(
            with_errors(architecture(name, patients=patients), own)
            for name, own in zip(names, errors, strict=True)
        )
    )
    table = left_out_table(study.pairs, study.architectures).set_index(["cohort", "label"])
    counted = table["n_counted"]
    assert counted.loc["all"].to_dict() == {"covid19": 1, "normal": 3}
    assert counted.loc["densenet_mini, resnetv2_mini"].to_dict() == {"covid19": 1, "normal": 4}
    assert counted.loc["densenet_mini, inception_mini"].to_dict() == {"covid19": 2, "normal": 3}
    assert counted.loc["inception_mini"].to_dict() == {"covid19": 4, "normal": 3}
    assert set(table["n_images"]) == set(table["n_patients"]) == {4}
    assert left_out_words(table.reset_index()) == "4 of 8 films count, 1 of 4 of covid19."


def test_of_one_architecture_there_is_one_cohort_and_a_class_that_is_lost_is_named():
    lost = with_errors(architecture(), [(1, 0, 0), (1, 0, 2), (1, 0, 4)])
    table = left_out_table(study_of(lost).pairs, ("densenet_mini",))
    assert table["cohort"].tolist() == ["all", "all"]
    assert left_out_words(table) == "3 of 6 films count, 0 of 3 of covid19."
