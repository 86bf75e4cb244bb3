from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidrift.base.errors import UserError
from evidrift.prepare.entry import Entry
from evidrift.prepare.params import Split
from evidrift.prepare.split import assign_splits, check_patients

PARAMS = Split(salt="test", train=0.6, validation=0.15)
PATIENTS = st.lists(st.text(min_size=1), unique=True, max_size=50)


def films_of(patients, label="normal", split=None) -> list[Entry]:
    return [Entry(f"{label}/{split}-{p}.png", label, p, split) for p in patients]


def drawn(entries) -> list[str]:
    return assign_splits(entries, PARAMS, "films")[0]


@given(PATIENTS, PATIENTS)
def test_adding_images_moves_no_other_between_splits(patients, others):
    entries = films_of(patients)
    assert drawn(films_of(others, "tuberculosis") + entries)[len(others) :] == drawn(entries)


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1))
def test_all_images_of_a_patient_are_in_one_split(patients):
    entries = [Entry(f"normal/{i}.png", "normal", patient) for i, patient in enumerate(patients)]
    assert len(set(zip(patients, drawn(entries), strict=True))) == len(set(patients))


def test_the_shares_are_those_of_the_parameters():
    counts = Counter(drawn(films_of(map(str, range(10_000)))))
    # Standard deviations of the binomial are 49, 36 and 43: within four of them.
    assert abs(counts["train"] - 6000) < 200
    assert abs(counts["validation"] - 1500) < 150
    assert abs(counts["test"] - 2500) < 180


def test_the_salt_gives_another_split():
    entries = films_of(map(str, range(100)))
    other = assign_splits(entries, PARAMS.model_copy(update={"salt": "other"}), "films")[0]
    assert drawn(entries) != other


def test_an_image_without_patient_is_its_own_patient():
    entries = [Entry(f"normal/{i}.png", "normal") for i in range(100)]
    assert len(set(drawn(entries))) == 3


def test_given_splits_are_kept():
    entries = [
        e
        for split in ("test", "train", "validation")
        for e in films_of([f"{split}1", f"{split}2"], split=split)
    ]
    splits, origin = assign_splits(entries, PARAMS, "films")
    assert splits == [entry.split for entry in entries]
    assert origin == "given"


def test_a_missing_validation_split_is_drawn_from_the_training_patients():
    training = films_of(map(str, range(2000)), split="train")
    testing = films_of("abcdef", split="test")
    splits, origin = assign_splits(training + testing, PARAMS, "films")
    assert splits[2000:] == ["test"] * 6
    # 0.15 of 0.75 is a fifth of the training patients; the standard deviation is 18.
    assert abs(Counter(splits[:2000])["validation"] - 400) < 72
    assert origin == "given, validation drawn from train"


def test_a_missing_test_split_is_not_made_up():
    entries = films_of("ab", split="train") + films_of("cd", split="validation")
    with pytest.raises(UserError, match="films gives the splits train, validation, but no test"):
        drawn(entries)


def test_a_patient_in_two_given_splits_is_refused():
    entries = films_of("ab", split="train") + films_of("bc", split="test")
    with pytest.raises(UserError, match=r"patient b is in two splits, train and test \(normal/test-b.png\)"):
        drawn(entries)


def test_too_few_patients_are_counted_as_patients_not_as_images():
    entries = [Entry(f"normal/{i}.png", "normal", f"patient {i % 4}") for i in range(20)]
    with pytest.raises(UserError) as error:
        check_patients(entries, ["train"] * 20, "drawn", ["normal"], "Left out: 3 unreadable.")
    assert str(error.value) == (
        "class normal has 4 patients in the train split; "
        "class normal has 0 patients in the validation split; "
        "class normal has 0 patients in the test split; "
        "5 are needed. Add images, or change prepare.split. Left out: 3 unreadable."
    )
