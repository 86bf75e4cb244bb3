import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evidrift.check.marks import GAIN_MARGIN, marks

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
    # variance 0.004, error sqrt(0.004 / 6), Student's t of 5 degrees of freedom at 0.975: 2.5706
    reach = 2.5706 * (0.004 / 6) ** 0.5
    assert (row["gain_low"], row["gain_high"]) == pytest.approx((0.2 - reach, 0.2 + reach), abs=1e-5)
    assert row["faithful"] == "supported"


@pytest.mark.parametrize(
    ("gains", "verdict"),
    [
        ([0.03, 0.01, 0.02, 0.03, 0.01], "supported"),
        ([0.003, -0.003, 0.002, -0.002, 0.0], "refuted"),  # shown to be less than the margin
        ([-0.1, -0.2, -0.3, -0.2, -0.2], "refuted"),
        ([0.9, -0.7, 0.8, -0.8, 0.1], "not decidable"),
        ([0.25] * 5, "supported"),  # no spread
    ],
)
def test_the_verdict_is_read_off_the_interval(gains, verdict):
    row = mark(gains)
    assert row["faithful"] == verdict
    assert (row["gain_low"] > 0) == (verdict == "supported")
    assert verdict != "refuted" or row["gain_high"] < GAIN_MARGIN


def test_under_five_patients_nothing_is_decidable():
    row = mark([0.2, 0.21, 0.19, 0.2])
    assert row["faithful"] == "not decidable"
    assert np.isnan([row["gain_low"], row["gain_high"]]).all()
    assert row["gain"] == pytest.approx(0.2, abs=1e-6)
    assert row["n_patients_faithfulness"] == 4


def test_intervals_widen_with_the_decidable_rows_of_their_architecture():
    """Bonferroni: of three such rows, each interval holds at 1 - 0.05 / 3."""
    gains = [0.1, 0.2, 0.3, 0.2, 0.2, 0.2]
    tables = [
        faithfulness(gains),
        faithfulness(gains, method="rise"),
        faithfulness(gains, checkpoint="ft"),
        faithfulness(gains[:4], method="occlusion"),  # not decidable
        faithfulness(gains, arch="other"),
    ]
    found = marks(pd.concat(tables), SAME).set_index(["arch", "method", "checkpoint"])["gain_high"] - 0.2
    error = (0.004 / 6) ** 0.5
    assert found["mini", "grad_cam", "tl"] == pytest.approx(stats.t.ppf(1 - 0.025 / 3, 5) * error, abs=1e-5)
    assert found["other", "grad_cam", "tl"] == pytest.approx(stats.t.ppf(0.975, 5) * error, abs=1e-5)


def test_patients_are_averaged_first():
    """Twenty images of one patient are one observation: five patients, of whom four speak against it."""
    patients = ["a"] * 20 + ["b", "c", "d", "e"]
    gains = [0.2] * 20 + [-0.1] * 4
    row = marks(faithfulness(gains, patients), SAME).iloc[0]
    assert row["n_patients_faithfulness"] == 5
    assert row["gain"] == pytest.approx((0.2 - 4 * 0.1) / 5, abs=1e-6)
    assert row["faithful"] != "supported"


def test_maps_without_areas_are_left_out():
    row = mark([0.1, 0.2, np.nan, 0.3, 0.2, np.nan, 0.2])
    assert row["n_patients_faithfulness"] == 5
    assert row["gain"] == pytest.approx(0.2, abs=1e-6)
    everything = mark([np.nan] * 6)
    assert everything["n_patients_faithfulness"] == 0
    assert everything["faithful"] == "not decidable"
    assert np.isnan(everything["gain"])


def sensitivity(*tables):
    return marks(faithfulness([0.1] * 6), pd.concat(tables)).iloc[0]


def test_maps_more_like_the_original_than_chance_keep_the_image():
    row = sensitivity(randomisation([0.9, 0.8, 0.9, 0.7, 0.8, 0.7], [0.2, 0.3, 0.2, 0.3, 0.2, 0.3]))
    assert row["similarity"] == pytest.approx(0.8)
    assert row["chance"] == pytest.approx(0.25)
    assert row["excess"] == pytest.approx(0.55)
    # excesses 0.7, 0.5, 0.7, 0.4, 0.6, 0.4: variance 0.019
    assert row["excess_low"] == pytest.approx(0.55 - 2.5706 * (0.019 / 6) ** 0.5, abs=1e-4)
    assert row["insensitive"] == "supported"
    assert row["n_patients_randomisation"] == 6


@pytest.mark.parametrize(
    ("similarity", "verdict"),
    [([0.5, 0.3, 0.4, 0.6, 0.5], "not decidable"), ([0.31, 0.29, 0.3, 0.28, 0.3], "refuted")],
)
def test_maps_no_more_alike_than_chance_do_not(similarity, verdict):
    assert sensitivity(randomisation(similarity, [0.5, 0.3, 0.4, 0.4, 0.5]))["insensitive"] == verdict


def test_only_the_last_depth_counts_where_all_weights_are_random():
    early = randomisation([1.0] * 5, [0.0] * 5, depth=1)
    late = randomisation([0.1, -0.1, 0.0, 0.2, -0.2], [0.3] * 5, depth=2)
    row = sensitivity(early, late)
    assert row["insensitive"] != "supported"
    assert row["similarity"] == pytest.approx(0)


def test_a_map_without_a_counterpart_or_a_chance_level_is_left_out():
    row = sensitivity(randomisation([0.9, np.nan, 0.9, 0.9, 0.9, 0.9], [0.1, 0.1, np.nan, 0.1, 0.1, 0.1]))
    assert row["n_patients_randomisation"] == 4
    assert row["insensitive"] == "not decidable"


def test_architectures_checkpoints_layers_and_methods_are_judged_apart():
    frames = [
        faithfulness([0.2, 0.3, 0.2, 0.3, 0.2]),
        faithfulness([-0.2, -0.3, -0.2, -0.3, -0.2], checkpoint="ft"),
        faithfulness([-0.2, -0.3, -0.2, -0.3, -0.2], method="rise"),
        faithfulness([-0.2, -0.3, -0.2, -0.3, -0.2], arch="other"),
    ]
    found = marks(pd.concat(frames), SAME)
    assert found[["arch", "checkpoint", "layer", "method", "faithful"]].to_numpy().tolist() == [
        ["mini", "ft", "penultimate", "grad_cam", "refuted"],
        ["mini", "tl", "penultimate", "grad_cam", "supported"],
        ["mini", "tl", "penultimate", "rise", "refuted"],
        ["other", "tl", "penultimate", "grad_cam", "refuted"],
    ]
    # of which one only was randomised
    assert found["insensitive"].tolist() == ["not decidable", "refuted", "not decidable", "not decidable"]
    assert found["n_patients_randomisation"].tolist() == [0, 6, 0, 0]


def test_tables_as_they_are_read_from_disk_with_categories():
    text = ["arch", "checkpoint", "layer", "method", "patient_id"]
    plain = faithfulness([0.1, 0.2, 0.3, 0.2, 0.2, 0.2]), SAME
    coded = [table.astype(dict.fromkeys(text, "category")) for table in plain]
    pd.testing.assert_frame_equal(marks(*coded), marks(*plain))


def test_empty_tables_have_no_verdicts():
    assert len(marks(faithfulness([]), SAME[:0])) == 0
