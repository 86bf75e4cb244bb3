from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidrift.base.errors import UserError
from evidrift.base.seeds import seed_of
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
def test_adding_a_class_moves_no_patient_of_the_others(patients, others):
    entries = films_of(patients)
    added = films_of([f"other {patient}" for patient in others], "tuberculosis")
    assert drawn(added + entries)[len(added) :] == drawn(entries)


def test_adding_a_tenth_of_a_class_moves_few_of_the_others():
    """At most two per cent of the added and of the class, as the two thresholds may slip by as many."""
    for n, allowed in ((40, 6), (100, 6), (500, 12)):
        entries = films_of(map(str, range(n)))
        before, after = drawn(entries), drawn(films_of(map(str, range(n + n // 10))))
        assert sum(one != other for one, other in zip(before, after, strict=False)) <= allowed


def test_by_far_the_most_patients_of_a_large_class_are_where_their_hash_alone_puts_them():
    patients = [str(i) for i in range(2000)]
    thresholds = [seed_of("split", PARAMS.salt, patient) / 2**32 for patient in patients]
    alone = ["train" if u < 0.6 else "validation" if u < 0.75 else "test" for u in thresholds]
    assert sum(one == other for one, other in zip(alone, drawn(films_of(patients)), strict=True)) >= 1960


@given(st.lists(st.tuples(st.sampled_from("abcdefghijklmnop"), st.sampled_from("xyz")), min_size=1))
def test_all_images_of_a_patient_are_in_one_split_also_those_of_several_classes(films):
    entries = [Entry(f"{label}/{i}.png", label, patient) for i, (patient, label) in enumerate(films)]
    splits = {(entry.patient_id, split) for entry, split in zip(entries, drawn(entries), strict=True)}
    assert len(splits) == len({patient for patient, _ in films})


@given(st.integers(27, 150), st.integers(0, 20))
def test_each_class_has_its_shares_but_for_a_patient_or_two_per_cent(n, both):
    """Also where some patients are in two classes, of which the smaller one comes first."""
    small = films_of([f"b{i}" for i in range(both)] + [f"s{i}" for i in range(n - both)], "small")
    large = films_of([f"b{i}" for i in range(both)] + [f"l{i}" for i in range(2 * n - both)], "large")
    splits = drawn(small + large)
    for own in (splits[:n], splits[n:]):
        counts, slack = Counter(own), max(1, 0.02 * len(own))
        assert min(counts[split] for split in ("train", "validation", "test")) >= 5
        # The threshold between two splits may slip by the slack; five in validation come before that.
        assert abs(counts["train"] - 0.6 * len(own)) <= slack + 1e-6
        assert abs(counts["test"] - 0.25 * len(own)) <= max(slack, 1.75) + 1e-6


@pytest.mark.parametrize(("n", "enough"), [(26, False), (27, True), (40, True)])
def test_twenty_seven_patients_a_class_are_enough_for_the_default_shares(n, enough):
    # ceil(0.15 x 26) = 4, ceil(0.15 x 27) = 5: whatever the hash
    for salt in "abcdefghij":
        entries = [each for label in "vwxyz" for each in films_of([f"{label}{i}" for i in range(n)], label)]
        params = PARAMS.model_copy(update={"salt": salt})
        counts = Counter(zip(assign_splits(entries, params, "f")[0], (e.label for e in entries), strict=True))
        assert (min(counts.values()) >= 5) is enough


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
    # 0.15 of 0.75 is a fifth of the training patients, but for 2 %.
    assert abs(Counter(splits[:2000])["validation"] - 400) <= 40
    assert origin == "given, validation drawn from train"


def test_a_missing_test_split_is_not_made_up():
    entries = films_of("ab", split="train") + films_of("cd", split="validation")
    with pytest.raises(UserError, match="films gives the splits train, validation, but no test"):
        drawn(entries)


def test_a_patient_in_two_given_splits_is_refused():
    entries = films_of("ab", split="train") + films_of("bc", split="test")
    with pytest.raises(UserError, match=r"patient b is in two splits, train and test \(normal/test-b.png\)"):
        drawn(entries)


def short(patients, params=PARAMS, origin="drawn") -> str:
    """The refusal of a class `few` of so many patients, with five films each, and a class of a hundred."""
    entries = [e for _ in range(5) for e in films_of(map(str, range(patients)), "few")]
    entries += films_of([f"m{i}" for i in range(100)], "many")
    splits = assign_splits(entries, params, "films")[0]
    with pytest.raises(UserError) as error:
        check_patients(entries, splits, origin, ["few", "many"], "Left out: 3 unreadable.", params)
    return str(error.value)


def test_too_few_patients_are_counted_as_patients_not_as_images():
    assert short(4).endswith(
        "class few has 0 patients in the test split; 5 are needed. Add images of few: 15 patients of a "
        "class are the least for three splits, and it has 4. Left out: 3 unreadable."
    )


def test_a_split_that_is_too_small_says_what_to_change_to_what():
    told = short(22)
    assert told == (
        "class few has 4 patients in the validation split; 5 are needed. Change prepare.split.validation "
        "from 0.15 to 0.19 and prepare.split.train from 0.6 to 0.56; or add images: 27 patients of each "
        "class are enough for the shares as they are. Left out: 3 unreadable."
    )
    # ceil(0.19 x 22) = ceil(4.18) = 5
    mended = Split(salt="test", train=0.56, validation=0.19)
    entries = films_of(map(str, range(22)), "few")
    assert min(Counter(assign_splits(entries, mended, "films")[0]).values()) == 5


def test_all_three_shares_are_mended_where_all_are_too_small():
    assert "validation from 0.15 to 0.27 and prepare.split.train from 0.6 to 0.46;" in short(15)


def test_with_given_splits_it_is_the_source_that_must_change():
    assert "Add images, or change the splits of the source." in short(22, origin="given")
