import numpy as np
import pandas as pd
import pytest

from evidrift.check.marks import marks

KEYS = {"arch": "mini", "checkpoint": "tl", "layer": "penultimate", "method": "grad_cam"}


def faithfulness(gains, patients=None, **changes):
    """Rows whose gain comes half from insertion and half from deletion."""
    gains = np.asarray(gains, dtype=float)
    return pd.DataFrame(
        {
            **(KEYS | changes),
            "patient_id": np.arange(len(gains)).astype(str) if patients is None else patients,
            "insertion": (0.5 + gains / 2).astype("f4"),
            "insertion_random": np.full(len(gains), 0.5, "f4"),
            "deletion": np.full(len(gains), 0.3, "f4"),
            "deletion_random": (0.3 + gains / 2).astype("f4"),
        }
    )


def randomisation(similarity, chance, depth=2, **changes):
    return pd.DataFrame(
        {
            **(KEYS | changes),
            "patient_id": np.arange(len(similarity)).astype(str),
            "depth": np.full(len(similarity), depth, np.int8),
            "similarity": np.asarray(similarity, "f4"),
            "chance": np.asarray(chance, "f4"),
        }
    )


SAME = randomisation([0.1] * 6, [0.1] * 6)


def mark(gains, **changes):
    return marks(faithfulness(gains, **changes), SAME).iloc[0]


def test_gain_is_what_insertion_and_deletion_do_better_than_random_together():
    row = mark([0.1, 0.2, 0.3, 0.2, 0.2, 0.2])
    assert row["gain"] == pytest.approx(0.2, abs=1e-6)
    assert row["n_patients_faithfulness"] == 6
    # mean 0.2, variance 0.004: t = 0.2 / sqrt(0.004 / 6) = 7.75 with 5 degrees of freedom
    assert row["gain_p"] == pytest.approx(0.000287, rel=0.01)
    assert row["faithful"] is True


@pytest.mark.parametrize("gains", [[-0.1, -0.2, -0.3, -0.2, -0.2], [0.9, -0.7, 0.8, -0.8, 0.1], [0.0] * 5])
def test_a_gain_that_is_not_shown_to_be_positive_is_not_faithful(gains):
    row = mark(gains)
    assert row["faithful"] is False
    assert row["gain_p"] > 0.05


def test_the_same_gain_in_every_patient_is_shown_without_a_t():
    row = mark([0.25] * 5)
    assert (row["gain_p"], row["faithful"]) == (0, True)


def test_under_five_patients_nothing_is_decidable():
    row = mark([0.2, 0.21, 0.19, 0.2])
    assert row["faithful"] is None
    assert np.isnan(row["gain_p"])
    assert row["gain"] == pytest.approx(0.2, abs=1e-6)
    assert row["n_patients_faithfulness"] == 4


def test_patients_are_averaged_first():
    """Twenty images of one patient are one observation: five patients, of whom four speak against it."""
    patients = ["a"] * 20 + ["b", "c", "d", "e"]
    gains = [0.2] * 20 + [-0.1] * 4
    row = marks(faithfulness(gains, patients), SAME).iloc[0]
    assert row["n_patients_faithfulness"] == 5
    assert row["gain"] == pytest.approx((0.2 - 4 * 0.1) / 5, abs=1e-6)
    assert row["faithful"] is False


def test_maps_without_areas_are_left_out():
    row = mark([0.1, 0.2, np.nan, 0.3, 0.2, np.nan, 0.2])
    assert row["n_patients_faithfulness"] == 5
    assert row["gain"] == pytest.approx(0.2, abs=1e-6)
    everything = mark([np.nan] * 6)
    assert everything["n_patients_faithfulness"] == 0
    assert everything["faithful"] is None
    assert np.isnan(everything["gain"])


def sensitivity(*tables):
    return marks(faithfulness([0.1] * 6), pd.concat(tables)).iloc[0]


def test_maps_more_like_the_original_than_other_patients_are_insensitive():
    row = sensitivity(randomisation([0.9, 0.8, 0.9, 0.7, 0.8, 0.7], [0.2, 0.3, 0.2, 0.3, 0.2, 0.3]))
    assert row["similarity"] == pytest.approx(0.8)
    assert row["chance"] == pytest.approx(0.25)
    assert row["insensitive"] is True
    assert row["similarity_p"] < 0.001
    assert row["n_patients_randomisation"] == 6


def test_maps_no_more_alike_than_other_patients_are_not():
    row = sensitivity(randomisation([0.5, 0.3, 0.4, 0.6, 0.5], [0.5, 0.4, 0.5, 0.5, 0.5]))
    assert row["insensitive"] is False


def test_only_the_last_depth_counts_where_all_weights_are_random():
    early = randomisation([1.0] * 5, [0.0] * 5, depth=1)
    late = randomisation([0.1, -0.1, 0.0, 0.2, -0.2], [0.3] * 5, depth=2)
    row = sensitivity(early, late)
    assert row["insensitive"] is False
    assert row["similarity"] == pytest.approx(0)


def test_a_map_without_a_counterpart_or_a_chance_level_is_left_out():
    row = sensitivity(randomisation([0.9, np.nan, 0.9, 0.9, 0.9, 0.9], [0.1, 0.1, np.nan, 0.1, 0.1, 0.1]))
    assert row["n_patients_randomisation"] == 4
    assert row["insensitive"] is None


def test_architectures_checkpoints_layers_and_methods_are_judged_apart():
    frames = [
        faithfulness([0.2, 0.3, 0.2, 0.3, 0.2]),
        faithfulness([-0.2, -0.3, -0.2, -0.3, -0.2], checkpoint="ft"),
        faithfulness([-0.2, -0.3, -0.2, -0.3, -0.2], method="rise"),
        faithfulness([-0.2, -0.3, -0.2, -0.3, -0.2], arch="other"),
    ]
    found = marks(pd.concat(frames), SAME)
    assert found[["arch", "checkpoint", "layer", "method", "faithful"]].to_numpy().tolist() == [
        ["mini", "ft", "penultimate", "grad_cam", False],
        ["mini", "tl", "penultimate", "grad_cam", True],
        ["mini", "tl", "penultimate", "rise", False],
        ["other", "tl", "penultimate", "grad_cam", False],
    ]
    # of which one only was randomised
    assert found["insensitive"].tolist() == [None, False, None, None]
    assert found["n_patients_randomisation"].tolist() == [0, 6, 0, 0]


def test_tables_as_they_are_read_from_disk_with_categories():
    text = ["arch", "checkpoint", "layer", "method", "patient_id"]
    plain = faithfulness([0.1, 0.2, 0.3, 0.2, 0.2, 0.2]), SAME
    coded = [table.astype(dict.fromkeys(text, "category")) for table in plain]
    pd.testing.assert_frame_equal(marks(*coded), marks(*plain))


def test_empty_tables_have_no_verdicts():
    assert len(marks(faithfulness([]), SAME[:0])) == 0
