"""When evidence and accuracy moved: values worked out by hand."""

import json
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_rel

from evidrift.base.errors import UserError
from evidrift.base.json import plain
from evidrift.compare.findings.courses import along
from evidrift.compare.findings.courses_in_words import sentences
from tests.trajectory.courses import course, history, table

# two patients: mean drift 0, 0.3, 0.5, 0.6
MOVED = [[0, 0.4, 0.5, 0.5], [0, 0.2, 0.5, 0.7]]


def worked_out(**changes):
    given = {"tl": 0.80, "accuracies": [0.60, 0.81, 0.82], "chosen": 3}
    return course(MOVED, **(given | changes))


def test_drift_is_the_mean_over_patients_with_its_error_and_interval():
    found = worked_out().curve
    np.testing.assert_allclose(found["drift"], [0, 0.3, 0.5, 0.6], atol=1e-6)
    # of two values a and b: sd / sqrt(2) = |a - b| / 2; t(1 degree of freedom, 97.5 %) = 12.706
    np.testing.assert_allclose(found["error"], [0, 0.1, 0, 0.1], atol=1e-6)
    np.testing.assert_allclose(found["high"], [0, 0.3 + 1.2706, 0.5, 0.6 + 1.2706], atol=1e-4)
    np.testing.assert_allclose(found["scale"], 0.6, atol=1e-6)
    np.testing.assert_allclose(found["step"], [np.nan, 0.1, 0.1, 0.1], atol=1e-6)
    assert found["accuracy"].tolist() == [0.80, 0.60, 0.81, 0.82]


def test_a_patients_images_are_averaged_first():
    found = course([[0, 0.8], [0, 0.4], [0, 0.0]], 0.5, [0.5], 1, patients=["a", "a", "b"])
    assert (found.n_images, found.n_patients) == (3, 2)
    assert found.curve["drift"][1] == pytest.approx((0.6 + 0) / 2)


def test_accuracy_settles_where_it_last_comes_within_two_points_and_not_where_it_passes():
    assert worked_out().settled == 2  # tl's 0.80 is within two points, epoch 1 is not
    assert worked_out(accuracies=[0.60, 0.70, 0.82]).settled == 3
    assert worked_out(accuracies=[0.81, 0.82, 0.80]).settled == 0


def test_epochs_after_the_chosen_one_do_not_unsettle_it():
    assert worked_out(accuracies=[0.81, 0.82, 0.30], chosen=2).settled == 0


def test_evidence_has_moved_at_nine_tenths_of_the_chosen_epochs_drift():
    assert worked_out().moved == 3  # 0.5 < 0.54
    assert worked_out(chosen=2).moved == 2
    assert course([[0, 0.55, 0.5, 0.7, 0.59]], 0.5, [0.5] * 4, 4).moved == 1  # 0.55 >= 0.9 * 0.59


def test_what_came_after_accuracy_had_settled_is_paired_by_patient():
    found = worked_out()
    # patients: 0 and 0.2
    assert found.late == pytest.approx((0.1, 0.1 - 1.2706, 0.1 + 1.2706), abs=1e-4)
    assert found.late_share == pytest.approx(0.1 / 0.6)
    assert found.late_step == pytest.approx(0.1)


def test_matched_accuracy_is_the_earliest_epoch_within_two_points_of_tl():
    found = worked_out().matched
    assert (found.epoch, found.accuracy) == (2, 0.81)
    assert (found.drift, found.drift_chosen) == pytest.approx((0.5, 0.6))
    assert found.change == pytest.approx((0.1, 0.1 - 1.2706, 0.1 + 1.2706), abs=1e-4)


@pytest.mark.parametrize("accuracy", [0.82, 0.86])
def test_exactly_two_points_on_either_side_still_match(accuracy):
    assert course([[0, 0.5]], 0.84, [accuracy], 1).matched.epoch == 1


def test_the_interval_is_the_paired_t_tests():
    random = np.random.default_rng(0)
    drift = np.column_stack([np.zeros(9), random.uniform(0.2, 0.8, (9, 3))])
    found = course(drift, 0.7, [0.71, 0.9, 0.9], 3).matched
    interval = ttest_rel(drift[:, 3], drift[:, 1]).confidence_interval(0.95)
    assert found.change[1:] == pytest.approx((interval.low, interval.high), abs=1e-5)


def test_without_a_matching_epoch_there_is_a_reason_that_names_the_closest():
    found = worked_out(tl=0.90, accuracies=[0.70, 0.85, 0.96])
    assert found.matched is None
    assert found.unmatched == (
        "no epoch of fine-tuning has a validation accuracy within 2 points of tl's 0.90; "
        "the closest is epoch 2 with 0.85"
    )


def test_images_without_a_map_at_every_epoch_are_left_out_of_all():
    found = course([[0, 0.5, 0.5], [0, np.nan, 0.9]], 0.5, [0.5, 0.5], 2)
    assert (found.n_images, found.n_patients, found.left_out) == (1, 1, 1)
    np.testing.assert_allclose(found.curve["drift"], [0, 0.5, 0.5])


def test_one_patient_gives_no_interval_and_none_no_drift():
    one = course([[0, 0.5, 0.6]], 0.5, [0.5, 0.6], 2)
    assert one.matched.change.estimate == pytest.approx(0.1)
    assert np.isnan(one.matched.change.low)
    nobody = course([[0, np.nan, 0.6]], 0.5, [0.5, 0.6], 2)
    assert nobody.curve["drift"].isna().all()
    assert (nobody.n_patients, nobody.moved, nobody.late, nobody.matched) == (0, None, None, None)
    assert nobody.unmatched == "no image has a usable map at every epoch"


def test_evidence_that_never_moved_did_so_at_no_epoch():
    found = course([[0, 0, 0], [0, 0, 0]], 0.5, [0.5, 0.6], 2)
    assert (found.moved, found.late) == (None, None)
    assert found.matched.drift == 0


def test_each_architecture_seed_and_method_has_its_own_course_and_an_empty_table_none():
    keys = [("b", 1, "layer_cam"), ("b", 1, "hires_cam"), ("a", 2, "layer_cam")]
    rows = pd.concat([table(MOVED, arch=arch, seed=seed, method=name) for arch, seed, name in keys])
    runs = {("b", 1), ("a", 2)}
    given = (
        {run: history([0.6, 0.7, 0.8]) for run in runs},
        dict.fromkeys(runs, 0.8),
        dict.fromkeys(runs, 3),
    )
    assert [(each.arch, each.seed, each.method) for each in along(rows, *given)] == keys
    words = rows.astype({"arch": "category", "method": "category", "image_id": "category"})
    assert len(along(words, *given)) == 3
    assert along(rows[:0], *given) == []


def test_a_history_of_another_training_is_refused():
    with pytest.raises(UserError, match=r"net has epochs up to 3 of seed 1, but fine-tuning's history 2"):
        worked_out(accuracies=[0.6, 0.7], chosen=2)


def test_a_course_becomes_json_without_nan():
    found = in_json(course([[0, 0.5, 0.6]], 0.5, [0.5, 0.6], 2))
    assert found["matched"]["change"] == {"estimate": 0.1, "low": None, "high": None}
    assert found["late"] is None
    assert in_json(worked_out())["late"]["estimate"] == 0.1


def in_json(found):
    known = {name: value for name, value in asdict(found).items() if name != "curve"}
    return json.loads(json.dumps(plain(known, 6), allow_nan=False))


def said(*given, **more):
    (sentence,) = sentences([course(*given, **more)])
    return sentence


MANY = np.linspace(0, 0.02, 20)[:, None]  # twenty patients who differ little


def test_the_words_say_when_evidence_moved_and_that_it_went_on():
    sentence = said(np.array([0, 0.4, 0.5, 0.7]) + MANY * [0, 1, 1, 2], 0.80, [0.70, 0.90, 0.91], 3)
    assert sentence.startswith("net, layer_cam, seed 1 (20 validation images of 20 patients): drift is 0.72")
    assert (
        "at the chosen epoch 3 (from one patient to another 0.60), and had reached 90 % of that at epoch 3"
        in sentence
    )
    assert "Validation accuracy was within 2 points of the final 0.91 from epoch 2 on" in sentence
    assert "drift changed by +0.210 [+0.207, +0.213]: the evidence went on moving away from tl's" in sentence
    assert "At matched accuracy nothing can be said: no epoch of fine-tuning" in sentence


def test_the_words_say_that_it_came_back_or_that_nothing_is_shown():
    back = said(np.array([0, 0.4, 0.7, 0.5]) + MANY * [0, 1, 1, 2], 0.80, [0.70, 0.90, 0.91], 3)
    assert "the evidence moved back towards tl's" in back
    wide = said([[0, 0.4, 0.5, 0.9], [0, 0.4, 0.5, 0.2]], 0.8, [0.7, 0.9, 0.91], 3)
    assert "it is not shown that the evidence went on moving away from tl's" in wide


def test_the_words_at_matched_accuracy_give_the_share_of_the_drift_that_was_there_already():
    sentence = said(np.array([0, 0.4, 0.5]) + MANY * [0, 1, 1], 0.80, [0.81, 0.95], 2)
    assert "At matched accuracy (epoch 1: 0.81, tl 0.80) drift is 0.41, 80% of the chosen epoch's" in sentence
    assert "from there to the chosen epoch it changed by +0.100" in sentence
    assert "came within 2 points of the final 0.95 only then" in sentence
    assert "that is the chosen epoch itself" in said([[0, 0.4], [0, 0.5]], 0.8, [0.8], 1)


def test_the_words_for_nothing_measured_and_nothing_moved():
    assert "no drift could be measured" in said([[0, np.nan, 0.6]], 0.5, [0.5, 0.6], 2)
    assert "the evidence did not move" in said([[0, 0], [0, 0]], 0.5, [0.5], 1)


def test_the_c_score_of_each_epoch_stands_in_the_curve_and_in_the_words():
    rows = table(np.zeros((5, 3)))
    rows["consistency"] = np.float32([0.4, 0.6, 0.8] * 5)  # of every image, by epoch
    (found,) = along(rows, {("net", 1): history([0.5, 0.6])}, {("net", 1): 0.5}, {("net", 1): 2})
    np.testing.assert_allclose(found.curve["c_score"], [0.4, 0.6, 0.8], rtol=1e-6)
    np.testing.assert_allclose(found.curve["c_beyond"], [0.3 / 0.9, 0.5 / 0.9, 0.7 / 0.9], rtol=1e-6)
    (sentence,) = sentences([found])
    assert "tl 0.40 [0.40, 0.40], beyond chance 0.33 [0.33, 0.33]; chosen epoch 0.80 [0.80, " in sentence


def test_with_fewer_than_five_patients_the_c_score_has_no_interval():
    rows = table(np.zeros((3, 3)))
    rows["consistency"] = np.float32([0.4, 0.6, 0.8] * 3)
    rows["consistency_chance"] = np.float32(1)  # uniform
    (sentence,) = sentences(
        along(rows, {("net", 1): history([0.5, 0.6])}, {("net", 1): 0.5}, {("net", 1): 2})
    )
    assert "tl 0.40, beyond chance unknown; chosen epoch 0.80, beyond chance unknown." in sentence


def test_without_three_patients_of_a_class_there_is_no_c_score():
    assert worked_out().curve["c_score"].isna().all()
    assert "There is no C-Score: no class has three patients" in said(MOVED, 0.8, [0.6, 0.81, 0.82], 3)
