"""The C-Score by hand, against a loop over pairs, and how often its interval holds what it should."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from evidrift.base.seeds import stream
from evidrift.measures.soft import relative, soft_overlap
from evidrift.trajectory.c_score import NOTHING, c_score, consistency


def frame(rows):
    """Rows of label, patient, confidence, consistency and what chance gives."""
    names = ["label", "patient_id", "confidence", "consistency", "consistency_chance"]
    return pd.DataFrame(rows, columns=names)


def scored(values, logits, labels, patients, ok=None):
    labels, patients = np.array(labels), np.array(patients)
    ok = np.ones(len(labels), bool) if ok is None else np.array(ok)
    columns = consistency(np.array(values, np.float32), ok, np.array(logits), labels, patients)
    return pd.DataFrame({"label": labels, "patient_id": patients} | columns)


# two cells each: pairwise soft overlap 1/2, 1/2 and 0 of the first three
MAPS = [[[1, 0]], [[1, 1]], [[0, 1]]]
# confidence of the first class: 0.5, 0.75, 0.9
LOGITS = np.log([[0.501, 0.499], [0.75, 0.25], [0.9, 0.1]])


def test_consistency_is_weighted_by_the_confidence_of_the_partners():
    rows = scored(MAPS, LOGITS, [0, 0, 0], ["p", "q", "r"])
    p, q, r = 0.501, 0.75, 0.9
    np.testing.assert_allclose(rows["confidence"], [p, q, r], rtol=1e-6)
    expected = [(q / 2) / (q + r), 1 / 2, (q / 2) / (p + q)]
    np.testing.assert_allclose(rows["consistency"], expected, rtol=1e-6)


def test_the_c_score_weighs_pairs_by_the_product_of_confidences():
    found = c_score(scored(MAPS, LOGITS, [0, 0, 0], ["p", "q", "r"]))
    p, q, r = 0.501, 0.75, 0.9
    pairs = p * q + q * r + p * r
    assert found.score == pytest.approx((p * q / 2 + q * r / 2) / pairs, rel=1e-6)
    # by chance: sets of 1 and 2 of 2 cells share 1 of 2; of 1 and 1, half a cell of 1.5
    chance = (p * q / 2 + q * r / 2 + p * r / 3) / pairs
    assert found.chance == pytest.approx(chance, rel=1e-6)
    assert found.beyond == pytest.approx((found.score - chance) / (1 - chance), rel=1e-6)
    assert (found.n_images, found.n_classes) == (3, 1)


def jackknifed(values):
    """Their squared error as left out one by one, times that of Student's quantile."""
    n, values = len(values), np.array(values)
    return t.ppf(0.975, n - 1) ** 2 * (n - 1) / n * ((values - values.mean()) ** 2).sum()


def test_the_interval_leaves_every_patient_out_with_all_their_pairs():
    maps = [[[1, 0]]] * 3 + [[[0, 1]]] * 2
    found = c_score(scored(maps, np.tile([5.0, 0.0], (5, 1)), [0] * 5, list("pqrst")))
    assert found.score == pytest.approx((3 + 1) / 10)
    # without one of three, 1 + 1 of six pairs are alike; without one of two, 3
    reach = np.sqrt(jackknifed([2 / 6] * 3 + [3 / 6] * 2))
    assert (found.score_low, found.score_high) == pytest.approx((found.score - reach, found.score + reach))


def test_each_class_has_a_part_of_the_error_with_its_own_degrees_of_freedom():
    random = stream("c-score, parts")
    rows = scored(random.random((25, 4, 4)), np.tile([5.0, 4.0], (25, 1)), [0] * 25, [*map(str, range(25))])
    few, many = rows[:5], rows[5:].assign(label=1)
    both = c_score(pd.concat([few, many]))
    reach = [c_score(own).score_high - c_score(own).score for own in (few, many)]
    assert both.score_high - both.score == pytest.approx(np.hypot(*reach) / 2)
    assert both.score - both.score_low == pytest.approx(np.hypot(*reach) / 2)


def test_a_class_with_fewer_than_five_patients_counts_but_leaves_the_interval_unknown():
    rows = frame(
        [(label, f"{label}{at}", 0.9, 0.2 * at, 0.1) for label, n in (("a", 4), ("b", 9)) for at in range(n)]
    )
    found = c_score(rows)
    assert np.isfinite([found.score, found.beyond]).all()
    assert np.isnan([found.score_low, found.score_high, found.beyond_low, found.beyond_high]).all()
    assert found.n_classes == 2


def test_uniform_maps_are_alike_and_nothing_is_beyond_chance():
    found = c_score(scored(np.ones((6, 4, 4)), np.tile([5.0, 0.0], (6, 1)), [0] * 6, list("pqrstu")))
    assert (found.score, found.score_low, found.score_high, found.chance) == pytest.approx((1, 1, 1, 1))
    assert np.isnan([found.beyond, found.beyond_low, found.beyond_high]).all()


def test_classes_count_alike_and_one_with_two_patients_does_not_count():
    rows = frame(
        [("a", f"p{at}", 0.9, 0.2, 0.0) for at in range(3)]
        + [("b", f"q{at}", 0.6, 0.6, 0.0) for at in range(9)]
        + [("c", f"r{at}", 0.6, 1.0, 0.0) for at in range(2)]
    )
    found = c_score(rows)
    assert found.score == pytest.approx((0.2 + 0.6) / 2)
    assert (found.n_images, found.n_classes) == (12, 2)


def test_two_images_of_one_patient_are_no_pair():
    maps = [*MAPS, [[1, 0]]]
    rows = scored(maps, np.tile([5.0, 0.0], (4, 1)), [0] * 4, ["p", "q", "r", "p"])
    np.testing.assert_allclose(rows["consistency"], [1 / 4, 1 / 2, 1 / 6, 1 / 4], rtol=1e-6)
    # five pairs: p's two images with q and r, q with r
    assert c_score(rows).score == pytest.approx((1 / 2 * 3 + 0 * 2) / 5, rel=1e-6)


def test_images_that_are_wrong_or_have_no_map_take_no_part():
    logits = np.array([[5.0, 0.0]] * 3 + [[0.0, 5.0]] * 2)
    rows = scored([*MAPS, *MAPS[:2]], logits, [0] * 5, list("pqrst"))
    assert rows["consistency"].isna().tolist() == [False] * 3 + [True] * 2
    assert c_score(rows).score == pytest.approx(1 / 3, rel=1e-6)
    without = scored(MAPS, logits[:3], [0] * 3, list("pqr"), ok=[True, True, False])
    assert without["consistency"].tolist()[:2] == pytest.approx([1 / 2, 1 / 2])
    assert c_score(without) == pytest.approx(NOTHING, nan_ok=True)


def test_nothing_is_said_where_no_image_is_right():
    rows = scored(MAPS, -LOGITS, [0, 0, 0], ["p", "q", "r"])
    assert rows["consistency"].isna().all()
    assert c_score(rows) == pytest.approx(NOTHING, nan_ok=True)


def test_it_agrees_with_a_loop_over_pairs():
    random = stream("c-score, loop")
    values, logits = random.random((30, 4, 4)), random.normal(size=(30, 3))
    labels, patients = random.integers(0, 3, 30), random.integers(0, 15, 30).astype(str)
    rows = scored(values, logits, labels, patients)
    weights = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    alike, means = soft_overlap(relative(values)), []
    for label in range(3):
        own = [i for i in range(30) if labels[i] == label == logits[i].argmax()]
        if len({patients[i] for i in own}) < 3:
            continue
        pairs = [(i, j) for i in own for j in own if patients[i] != patients[j]]
        product = [weights[i, label] * weights[j, label] for i, j in pairs]
        means.append(np.average([alike[pair] for pair in pairs], weights=product))
    assert means
    assert c_score(rows).score == pytest.approx(np.mean(means), rel=1e-5)


def drawn(random, *sizes):
    """Two classes' maps of so many patients, and logits: patients differ in where, how large and how sure."""
    labels = np.repeat([0, 1], sizes)
    place = np.linspace(0, 1, 20)
    centre = random.normal(0.35 + 0.3 * labels, 0.08)[:, None]
    width = random.uniform(0.05, 0.2, len(labels))[:, None]
    values = np.exp(-((place - centre) ** 2) / (2 * width**2))[:, None, :]
    margin = np.abs(random.normal(1.5, 1.0, len(labels))) + 0.01  # all are right
    logits = np.where(labels[:, None] == [0, 1], margin[:, None], 0.0)
    return scored(values, logits, labels, [f"p{at}" for at in range(len(labels))])


@pytest.fixture(scope="module")
def truth():
    """Of 600 patients of each class."""
    return c_score(drawn(stream("c-score, everyone"), 600, 600))


@pytest.mark.parametrize("sizes", [(12, 12), (8, 8), (5, 40)])
def test_the_interval_holds_the_c_score_of_all_patients_as_often_as_it_says(sizes, truth):
    """The real code on 300 samples; docs/trajectory.md has what this prints."""
    samples = [c_score(drawn(stream("c-score, sample", *sizes, at), *sizes)) for at in range(300)]
    for name in ("score", "beyond"):
        true = getattr(truth, name)
        held = [getattr(s, f"{name}_low") <= true <= getattr(s, f"{name}_high") for s in samples]
        print(f"{sizes[0]} and {sizes[1]} patients: the interval of {name} held it in {np.mean(held):.1%}")
        # binomial error of 300 at 0.95: 0.013
        assert 0.915 <= np.mean(held) <= 0.995
