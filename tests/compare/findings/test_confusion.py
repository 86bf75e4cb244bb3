from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from evidrift.compare.findings.associations import associations
from evidrift.compare.findings.confusion import class_table, confusability, confusion_rates, confusion_table
from evidrift.compare.findings.logits import Logits

CLASSES = ("a", "b", "c")
IDS = np.array(["a0", "a1", "a2", "b0", "b1", "c0"])
LABELS = np.array([0, 0, 0, 1, 1, 2])


def logits_of(*runs: str, rivals: str = "bcbaab") -> Logits:
    """Logits of the six images, so that each run calls them as a string of classes says.

    Args:
        runs: of tl of each seed, then of ft.
        rivals: the second best class of each image.
    """
    values = np.zeros((len(runs), 6, 3))
    for run, image in product(range(len(runs)), range(6)):
        values[run, image, CLASSES.index(rivals[image])] = 1
        values[run, image, CLASSES.index(runs[run][image])] = 2
    return Logits(CLASSES, IDS, LABELS, values.reshape(2, -1, 6, 3))


# Image a0 is called b by one run, b1 is called a by two and c by one; 4 runs.
LOGITS = logits_of("aaabbc", "baabac", "aaabac", "aaabcc")


def drifts(**changes: object) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "arch": "x",
            "layer": "penultimate",
            "method": "grad_cam",
            "image_id": IDS,
            "patient_id": ["p0", "p1", "p2", "p3", "p4", "p5"],
            "label": [CLASSES[at] for at in LABELS],
            "drift": [0.9, 0.2, 0.4, 0.5, 0.9, 0.3],
            "floor": [0.9, 0.1, 0.2, 0.1, 0.9, np.nan],
        }
    )
    return table.assign(**changes)


def test_rates_are_shares_of_all_runs_calls_by_class():
    expected = [[11 / 12, 1 / 12, 0], [2 / 8, 5 / 8, 1 / 8], [0, 0, 1]]
    assert confusion_rates(LOGITS) == pytest.approx(np.array(expected))


def test_the_table_of_ordered_pairs_counts_images_and_calls():
    found = confusion_table({"x": LOGITS}).set_index(["label", "called"])
    assert len(found) == 6
    assert found.loc[("b", "a"), ["n_images", "n_calls", "n_confused"]].tolist() == [2, 8, 2]
    assert found.loc[("b", "a"), "rate"] == pytest.approx(2 / 8)
    assert found.loc[("a", "b"), "rate"] == pytest.approx(1 / 12)
    assert found.loc[("c", "a"), "rate"] == 0


def test_confusability_is_the_mean_of_both_rates_of_label_and_rival_of_right_images():
    found = confusability({"x": LOGITS}).set_index("image_id")["confusability"]
    # a0 and b1 are wrong somewhere; the rival of a1 is c, of a2 b, of b0 a, of c0 b
    assert found.to_dict() == pytest.approx(
        {"a1": 0, "a2": (1 / 12 + 2 / 8) / 2, "b0": (1 / 12 + 2 / 8) / 2, "c0": (1 / 8 + 0) / 2}
    )


def test_the_rival_is_that_of_tl_over_seeds():
    values = LOGITS.values.copy()
    # for image a1: c wins under ft, under tl b wins narrowly once and c clearly in the other seed
    values[0, :, 1] = [[3, 1.1, 1], [3, 1, 2]]
    values[1, :, 1] = [[3, 2, 0], [3, 2, 0]]
    found = confusability({"x": Logits(CLASSES, IDS, LABELS, values)}).set_index("image_id")["confusability"]
    assert found["a1"] == 0  # of a and c, which are never confused


def test_an_image_that_is_right_moves_neither_its_own_confusability_nor_anothers():
    """By whatever margin it is right: why the rates don't bias the association through the image itself."""
    values = LOGITS.values.copy()
    values[:, :, 2] *= 10
    expected = confusability({"x": LOGITS})
    assert confusability({"x": Logits(CLASSES, IDS, LABELS, values)}).equals(expected)


def test_the_class_table_by_hand():
    found = class_table(drifts(), {"x": LOGITS}).set_index("label")
    counts = ["n_images", "n_right", "n_measured", "n_patients"]
    assert found.loc["a", counts].tolist() == [3, 2, 2, 2]
    assert found.loc["b", counts].tolist() == [2, 1, 1, 1]
    assert found["confusion"].tolist() == pytest.approx([1 / 12, 3 / 8, 0])
    assert found["confused_with"].tolist() == ["b", "a", ""]
    # a: said by 2 of the 12 calls of the others; b: by 1 of 16; c: by 1 of 20
    assert found["false_alarms"].tolist() == pytest.approx([2 / 12, 1 / 16, 1 / 20])
    # a0 is wrong somewhere, so drift is that of a1 and a2: mean 0.3, standard error 0.1
    assert found.loc["a", "drift"] == pytest.approx(0.3)
    assert found.loc["a", ["drift_low", "drift_high"]].tolist() == [0, 1]  # cut off: the reach is 12.7 x 0.1
    assert found.loc["a", "floor"] == pytest.approx((0.1 + 0.2) / 2)
    assert found.loc["a", "floor_high"] == pytest.approx(0.15 + t.ppf(0.975, 1) * 0.05)
    assert np.isnan(found.loc["b", ["drift_low", "drift_high"]].astype(float)).all()
    assert np.isnan(found.loc["c", "floor"])


def test_one_seed_has_drift_but_no_seed_floor():
    found = class_table(drifts(floor=np.nan), {"x": logits_of("aaabbc", "baabac")})
    assert found["drift"].notna().all()
    assert found[["floor", "floor_low", "floor_high"]].isna().all(axis=None)


def test_an_architecture_that_is_right_nowhere_has_its_rates_but_no_drift():
    found = class_table(drifts(), {"x": logits_of("bbbaab", "bbbaab")})
    assert found["confusion"].tolist() == [1, 1, 1]
    assert found["n_patients"].tolist() == [0, 0, 0]
    assert found[["drift", "drift_low", "floor"]].isna().all(axis=None)


def test_a_model_that_confuses_nothing_has_no_association_with_confusion():
    never = confusability({"x": logits_of("aaabbc", "aaabbc")})
    found = associations(drifts(), never, min_patients=6)
    assert found["reason"].tolist() == ["one of both is the same for all images"]


def test_images_without_a_measured_drift_are_not_counted():
    table = drifts(drift=[0.9, 0.2, np.nan, np.nan, 0.9, 0.3])
    found = class_table(table, {"x": LOGITS}).set_index("label")
    assert found["n_measured"].tolist() == [1, 0, 1]
    assert found["n_right"].tolist() == [2, 1, 1]
    assert found["drift"].tolist() == pytest.approx([0.2, np.nan, 0.3], nan_ok=True)


def test_a_patients_images_count_once():
    table = drifts(patient_id=["p0", "p1", "p1", "p3", "p4", "p5"])
    found = class_table(table, {"x": logits_of("aaabbc", "aaabbc")}).set_index("label")
    # patient p0 at 0.9, p1 at (0.2 + 0.4) / 2
    assert found.loc["a", "drift"] == pytest.approx(0.6)
    assert found.loc["a", "floor"] == pytest.approx((0.9 + 0.15) / 2)
    assert found.loc["a", ["n_measured", "n_patients"]].tolist() == [3, 2]
