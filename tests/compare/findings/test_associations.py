import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata, spearmanr, zscore

from evidrift.compare.findings.associations import (
    answer,
    associate,
    associations,
    image_drifts,
    score_changes,
    spearman,
)
from evidrift.compare.findings.logits import Logits

RISING = np.arange(6.0)


def over_all(times: np.ndarray, one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's correlation where all images are of one class."""
    return spearman(times[:, None], one, other, np.zeros(len(one), dtype=int))[0].item()


def pair(image: str, seed: int, moved: float, kind: str = "drift", layer: str = "penultimate") -> dict:
    """A row of a drift table in which only the moved share matters."""
    return {
        "arch": "x",
        "method": "grad_cam",
        "layer": layer,
        "pair_kind": kind,
        "seed_before": seed,
        "image_id": image,
        "patient_id": f"patient of {image}",
        "label": "normal",
        "status": "blank" if np.isnan(moved) else "ok",
        "moved_share": moved,
    }


def images(n: int, seed: int, slope: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Two properties of n images of two classes, each of another patient."""
    one, noise = np.random.default_rng(seed).normal(size=(2, n))
    return one, slope * one + noise, np.arange(n) % 2, np.arange(n)


def test_the_correlation_of_six_images_by_hand():
    # ranks differ by 1 everywhere: 1 - 6 * 6 / (6 * 35)
    assert over_all(np.ones(6), RISING, np.array([2, 1, 4, 3, 6, 5])) == pytest.approx(1 - 36 / 210)


def test_ties_have_their_mean_rank():
    # less their mean the ranks are -2.5 .. 2.5 and -2, -2, 0, 0, 2, 2
    expected = (5 + 3 + 3 + 5) / np.sqrt(17.5 * 16)
    assert over_all(np.ones(6), RISING, np.array([0.1, 0.1, 0.2, 0.2, 0.3, 0.3])) == pytest.approx(expected)


def test_a_sample_without_variation_has_correlation_0():
    assert over_all(np.ones(6), RISING, np.full(6, 0.3)) == 0
    # images 1 to 5 are the only ones that differ from image 0, and are not drawn
    assert over_all(np.array([6.0, 0, 0, 0, 0, 0]), RISING, RISING) == 0


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(0, 3)), min_size=4, max_size=9))
def test_images_that_stand_several_times_count_as_often(rows):
    times, one, other = np.array(rows, dtype=float).T
    repeated = [np.repeat(values, times.astype(int)) for values in (one, other)]
    varies = all(len(np.unique(values)) > 1 for values in repeated)
    expected = spearmanr(*repeated).statistic if varies else 0
    assert over_all(times, one, other) == pytest.approx(expected, abs=1e-12)


def test_within_classes_the_ranks_count_less_their_classes_mean():
    # ranks 1 to 6 and 4, 5, 6, 2, 1, 3: over all they go against each other, in the first class together
    found = spearman(np.ones((6, 1)), RISING, np.array([4, 5, 6, 2, 1, 3]), np.array([0, 0, 0, 1, 1, 1]))
    assert found[0] == pytest.approx(1 - 6 * (3**2 + 3**2 + 3**2 + 2**2 + 4**2 + 3**2) / (6 * 35))
    # ranks less their class's mean: -1, 0, 1 twice against -1, 0, 1 and 0, -1, 1
    assert found[1] == pytest.approx((2 + 1) / 4)


def test_a_property_of_the_class_alone_has_no_correlation_within_classes():
    one, _, _, patients = images(60, seed=1)
    classes = np.arange(60) % 3
    found = associate(one + classes, 0.1 * classes, classes, patients, 20, "test")
    assert found.low > 0.3
    assert np.isnan([found.within, found.within_low, found.within_high]).all()
    assert found.reason == ""


def test_within_classes_the_interval_tells_an_association_that_classes_hide():
    one, other, _, patients = images(90, seed=2, slope=1)
    classes = np.arange(90) % 3
    found = associate(one + 3 * classes, other - 3 * classes, classes, patients, 20, "test")
    assert found.high < 0 < found.within_low


def test_independent_properties_have_an_interval_around_0():
    found = associate(*images(100, seed=1), 20, "test")
    assert found.low < 0 < found.high
    assert found.within_low < 0 < found.within_high
    assert found.low < found.correlation < found.high
    assert (found.n_patients, found.n_images, found.n_values, found.reason) == (100, 100, 100, "")


def test_a_strong_association_is_told_from_0_and_keeps_its_sign():
    one, other, *rest = images(60, seed=2, slope=2)
    assert associate(one, other, *rest, 20, "test").low > 0.5
    assert associate(one, -other, *rest, 20, "test").high < -0.5


def test_the_interval_is_that_of_an_ordinary_bootstrap_where_each_patient_has_one_image():
    one, other, *rest = images(40, seed=3, slope=0.5)
    found = associate(one, other, *rest, 20, "test")
    random = np.random.default_rng(0)
    draws = random.integers(0, 40, (4000, 40))
    ranks = [zscore(rankdata(values[draws], axis=1), axis=1) for values in (one, other)]
    expected = np.percentile((ranks[0] * ranks[1]).mean(axis=1), [2.5, 97.5])
    assert [found.low, found.high] == pytest.approx(expected, abs=0.03)


def test_many_images_of_one_patient_do_not_narrow_the_interval():
    few = images(30, seed=4)
    alone = associate(*few, 20, "test")
    one, other, classes, of = (np.concatenate(both) for both in zip(few, images(300, seed=5), strict=True))
    # all of the crowd belong to patient 0
    found = associate(one, other, classes, np.where(np.arange(330) < 30, of, 0), 20, "test")
    assert (found.n_images, found.n_patients) == (330, 30)
    assert found.high - found.low == pytest.approx(alone.high - alone.low, rel=0.1)
    # as patients of their own they would
    independent = associate(one, other, classes, np.arange(330), 20, "test")
    assert independent.high - independent.low < 0.5 * (alone.high - alone.low)


def test_every_patient_counts_once():
    few = images(30, seed=4)
    repeated = [np.repeat(values, 1 + np.arange(30) % 4) for values in few]
    found, once = associate(*repeated, 20, "test"), associate(*few, 20, "test")
    numbers = ("correlation", "low", "high", "within", "within_low", "within_high")
    for name in numbers:
        assert getattr(found, name) == pytest.approx(getattr(once, name)), name


def test_the_same_names_give_the_same_interval_and_others_another():
    first, again, other = (associate(*images(30, seed=6), 20, name) for name in ("a", "a", "b"))
    assert first == again
    assert first.low != other.low


def test_too_few_patients_and_no_variation_leave_a_reason_instead_of_numbers():
    few = associate(*images(19, seed=7), 20, "test")
    assert few.reason == "19 patients, 20 are needed"
    one, other, classes, _ = images(19, seed=7)
    single = associate(one, other, classes, np.zeros(19), 1, "test")
    assert single.reason == "1 patients, 2 are needed"
    one, _, *rest = images(20, seed=7)
    same = associate(one, np.zeros(20), *rest, 20, "test")
    assert same.reason == "one of both is the same for all images"
    assert np.isnan([few.correlation, few.low, few.high, same.correlation, same.low, same.high]).all()


def test_images_without_a_value_are_left_out():
    few = images(30, seed=8, slope=1)
    gaps = [np.append(values, extra) for values, extra in zip(few, (np.nan, 1, 0, 99), strict=True)]
    assert associate(*gaps, 20, "test") == associate(*few, 20, "test")


def test_an_images_drift_and_floor_are_means_over_seeds_at_penultimate():
    pairs = pd.DataFrame(
        [
            pair("a", 1, 0.6),
            pair("a", 2, 0.8),
            pair("a", 2, 1.0, layer="last"),
            pair("a", 1, 0.1, kind="seed_ft"),
            pair("a", 1, 0.0, kind="scale_ft"),
            pair("b", 1, np.nan),
            pair("b", 2, 0.5),
            pair("c", 1, np.nan),
        ]
    )
    found = image_drifts(pairs, "penultimate").set_index("image_id")
    assert found.loc["a", ["drift", "floor"]].tolist() == pytest.approx([0.7, 0.1])
    assert found.loc["b", "drift"] == pytest.approx(0.5)
    assert found.loc[["b", "c"], "floor"].isna().all()
    assert np.isnan(found.loc["c", "drift"])
    assert found.loc["a", "patient_id"] == "patient of a"


def test_with_one_seed_there_is_no_floor():
    found = image_drifts(pd.DataFrame([pair("a", 1, 0.6)]), "penultimate")
    assert found["drift"].tolist() == pytest.approx([0.6])
    assert found["floor"].isna().all()


def test_associations_take_the_images_that_have_the_property():
    one, other, *_ = images(40, seed=9, slope=1)
    drifts = image_drifts(
        pd.DataFrame([pair(f"{at}", 1, drift) for at, drift in enumerate(one)]), "penultimate"
    )
    properties = pd.DataFrame({"arch": "x", "image_id": [f"{at}" for at in range(40)], "size": other})
    found = associations(drifts, properties.iloc[:30], 20)
    assert found[["arch", "layer", "method", "property"]].to_numpy().tolist() == [
        ["x", "penultimate", "grad_cam", "size"]
    ]
    assert found["correlation"].item() == pytest.approx(spearmanr(one[:30], other[:30]).statistic)
    assert found["n_patients"].item() == 30


def test_an_architecture_that_is_right_nowhere_has_a_row_with_its_reason():
    drifts = image_drifts(pd.DataFrame([pair("a", 1, 0.6)]), "penultimate")
    found = associations(drifts, pd.DataFrame({"arch": ["other"], "image_id": ["a"], "size": [1.0]}), 20)
    assert found["reason"].tolist() == ["0 patients, 20 are needed"]


def test_the_change_of_the_score_is_that_of_the_centred_logit_and_of_the_probability():
    # logits of two images of class 0 under tl and ft of two seeds; the second image is wrong once
    tl = [[[1, 0, -1], [2, 0, 0]], [[5, 2, 2], [2, 0, 0]]]
    ft = [[[4, 1, 1], [0, 2, 0]], [[4, 2, 0], [2, 0, 0]]]
    logits = Logits(("a", "b", "c"), np.array(["i", "j"]), np.array([0, 0]), np.array([tl, ft], dtype=float))
    found = score_changes({"x": logits})
    assert found["image_id"].tolist() == ["i"]
    # centred: 1 to 2, then 2 to 2
    assert found["centred_logit"].item() == pytest.approx(0.5)
    first = np.exp(3) / (np.exp(3) + 2) - np.e / (np.e + 1 + 1 / np.e)
    second = np.exp(3) / (np.exp(3) + 2) - np.exp(2) / (np.exp(2) + 1 + np.exp(-2))
    assert found["probability"].item() == pytest.approx((first + second) / 2)


def row(arch: str, low: float, high: float, within: float = np.nan, reason: str = "") -> dict:
    """A row of a table of associations; the interval within classes is 0.1 to either side of `within`."""
    inside = {"within": within, "within_low": within - 0.1, "within_high": within + 0.1}
    return {"arch": arch, "low": low, "high": high, **inside, "reason": reason}


def test_the_answer_counts_where_intervals_exclude_0():
    table = pd.DataFrame(
        [
            row("x", 0.1, 0.3, within=0.2),
            row("x", 0.2, 0.3, within=0),
            row("y", -0.3, -0.1),
            row("y", -0.1, 0.1),
            row("z", np.nan, np.nan, reason="nothing varies"),
        ]
    )
    assert answer(table, "the size") == (
        "Drift and the size, over architectures and methods: drift rises with it in 2 of 4 (x 2), falls in "
        "1 (y 1), not shown in 1. Within classes: drift rises with it in 1 of 2 (x 1), falls in 0, not "
        "shown in 1. Intervals are at 95 % each; these are associations on these checkpoints, not causes."
    )


def test_the_answer_is_not_decidable_without_an_interval():
    table = pd.DataFrame([row("x", np.nan, np.nan, reason="3 patients, 20 are needed")])
    assert answer(table, "the size") == (
        "Whether drift goes with the size is not decidable: 3 patients, 20 are needed."
    )
