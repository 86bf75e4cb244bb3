import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evidrift.base.seeds import stream
from evidrift.probe.prediction import interval, predict
from evidrift.probe.results import Prediction, Unjudged


def each(n):
    """n patients with one image each."""
    return np.array([f"{at:04d}" for at in range(n)])


def test_features_that_know_nothing_predict_no_better_than_the_largest_class():
    """Twenty draws of features, 60 images of one class and 40 of the other."""
    generator, labels = stream("nothing"), np.repeat([0, 1], [60, 40])
    found = [predict("x", generator.normal(size=(100, 10)), labels, each(100), "ab") for _ in range(20)]
    assert {each.baseline for each in found} == {0.6}
    assert np.mean([each.low > each.baseline for each in found]) <= 0.05
    assert 0.5 < np.mean([each.accuracy for each in found]) < 0.6


def test_a_feature_that_is_the_class_predicts_it():
    labels = np.arange(60) % 3
    found = predict("x", np.eye(3)[labels], labels, each(60), "abc")
    assert found.accuracy == found.high == 1
    assert found.low < 0.96  # 60 patients, all right: less is not excluded
    assert found.sensitivity == {"a": 1, "b": 1, "c": 1}
    assert (found.baseline, found.n_images, found.n_patients) == (20 / 60, 60, 60)


def test_sensitivity_and_accuracy_count_what_was_predicted_right():
    """40 of class a and 20 of class b, of which 10 look like a: 50 of 60 right, and half of b."""
    labels = np.repeat([0, 1], [40, 20])
    looks = np.repeat([0.0, 1.0], [50, 10])[:, None]
    found = predict("x", looks, labels, each(60), "ab")
    assert found.accuracy == 50 / 60
    assert found.sensitivity == {"a": 1, "b": 0.5}
    assert found.baseline == 40 / 60


def test_a_patient_whose_films_all_look_alike_does_not_leak_between_folds():
    """Whoever has seen one film of a patient knows the others, but the class says nothing else."""
    of_patient = np.repeat(np.arange(60), 6)
    looks = stream("looks").normal(size=(60, 200))[of_patient]
    labels = stream("labels").integers(0, 2, 60)[of_patient]
    patients = each(60)[of_patient]
    found = predict("x", looks, labels, patients, "ab")
    assert found.low < found.baseline < found.high
    assert (found.n_images, found.n_patients) == (360, 60)
    leaking = predict("x", looks, labels, each(360), "ab")
    assert leaking.accuracy > 0.95


def test_a_class_of_one_patient_is_not_judged():
    labels = np.array([0] * 10 + [1] * 10)
    patients = np.array([*each(10), *["z"] * 10])
    found = predict("x", labels[:, None] * 1.0, labels, patients, ["normal", "covid19"])
    assert found == Unjudged("class covid19 has 1 patient; two are needed to hold one out")


def test_two_patients_of_a_class_are_enough():
    labels = np.array([0] * 10 + [1] * 2)
    assert predict("x", labels[:, None] * 1.0, labels, each(12), "ab").n_images == 12


def test_a_table_that_is_the_same_for_every_image_is_not_judged():
    labels = np.arange(20) % 2
    found = predict("x", np.ones((20, 3)), labels, each(20), "ab")
    assert isinstance(found, Unjudged)


def test_the_interval_of_many_single_images_is_wilsons():
    right = np.arange(5000) < 3900
    expected = stats.binomtest(3900, 5000).proportion_ci(method="wilson")
    assert interval(right, each(5000)) == pytest.approx((expected.low, expected.high), abs=1e-5)


@given(
    st.lists(st.booleans(), min_size=3, max_size=40).filter(lambda right: len(set(right)) == 2),
    st.integers(2, 5),
)
def test_copies_of_an_image_under_its_patient_add_nothing(right, copies):
    right = np.array(right)
    once = interval(right, each(len(right)))
    assert interval(np.repeat(right, copies), np.repeat(each(len(right)), copies)) == pytest.approx(once)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=60))
def test_the_interval_holds_the_accuracy_and_stays_in_0_to_1(images):
    right = np.array([found for found, _ in images])
    patients = np.array([str(patient) for _, patient in images])
    if len(set(patients)) < 2:
        patients[0] = "another"
    low, high = interval(right, patients)
    assert 0 <= low <= right.mean() <= high <= 1
    assert low < high


def test_the_interval_covers_the_truth_with_images_that_depend_on_their_patient():
    """40 patients with 1 to 6 images, right with a chance of the patient's own, Beta(7, 3): mean 0.7."""
    generator = stream("coverage")
    held, naive = [], []
    for _ in range(1000):
        counts = generator.integers(1, 7, 40)
        chance = np.repeat(generator.beta(0.7, 0.3, 40), counts)
        right = generator.random(len(chance)) < chance
        low, high = interval(right, np.repeat(each(40), counts))
        held.append(low <= 0.7 <= high)
        low, high = interval(right, each(len(right)))
        naive.append(low <= 0.7 <= high)
    assert 0.93 <= np.mean(held) <= 0.98
    assert np.mean(naive) < 0.85


def test_the_prediction_is_the_same_twice():
    labels = stream("labels").integers(0, 3, 90)
    table = stream("features").normal(size=(90, 5))
    first, second = (predict("x", table, labels, each(90), "abc") for _ in range(2))
    assert isinstance(first, Prediction)
    assert first == second
