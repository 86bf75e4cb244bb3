import numpy as np

from evidrift.drift.pairs import KINDS, Pairs, groups_of, plan

IDS = np.array(["a0", "a1", "a2", "a3", "b0", "b1"])
PATIENTS = np.array(["p0", "p1", "p1", "p2", "p3", "p3"])
LABELS = np.array([0, 0, 0, 0, 1, 1])


def planned(seeds: tuple[int, ...] = (1, 2, 3), draws: int = 2, draw_seed: int = 0) -> Pairs:
    return plan(seeds, IDS, PATIENTS, LABELS, draws, draw_seed)


def rows(pairs: Pairs, kind: str) -> np.ndarray:
    columns = (
        pairs.seed_before,
        pairs.seed_after,
        pairs.checkpoint_before,
        pairs.checkpoint_after,
        pairs.image_before,
        pairs.image_after,
    )
    return np.stack(columns, axis=1)[pairs.kind == KINDS.index(kind)]


def test_drift_pairs_are_both_checkpoints_of_one_seed_and_image():
    expected = [[seed, seed, 0, 1, image, image] for seed in range(3) for image in range(6)]
    np.testing.assert_array_equal(rows(planned(), "drift"), expected)


def test_seed_pairs_are_one_checkpoint_under_every_two_seeds():
    for kind, checkpoint in (("seed_tl", 0), ("seed_ft", 1)):
        expected = [
            [*seeds, checkpoint, checkpoint, image, image]
            for seeds in ((0, 1), (0, 2), (1, 2))
            for image in range(6)
        ]
        np.testing.assert_array_equal(rows(planned(), kind), expected)


def test_cross_pairs_are_both_checkpoints_of_every_two_seeds_in_both_orders():
    expected = [
        [*seeds, 0, 1, image, image]
        for seeds in ((0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1))
        for image in range(6)
    ]
    np.testing.assert_array_equal(rows(planned(), "cross"), expected)


def test_one_seed_gives_no_pairs_of_seeds():
    pairs = planned(seeds=(7,))
    assert not any(len(rows(pairs, kind)) for kind in ("cross", "seed_tl", "seed_ft"))
    assert len(rows(pairs, "drift")) == 6


def test_pairs_of_patients_join_two_of_one_class_under_one_seed_and_checkpoint():
    for kind, checkpoint in (("scale_tl", 0), ("scale_ft", 1)):
        found = rows(planned(draws=2), kind)
        before, after = found[:, 4], found[:, 5]
        assert (PATIENTS[before] != PATIENTS[after]).all()
        assert (LABELS[before] == LABELS[after]).all()
        assert (found[:, 0] == found[:, 1]).all()
        assert (found[:, 2:4] == checkpoint).all()


def test_both_checkpoints_have_the_same_pairs_of_patients():
    before, after = (rows(planned(draws=1), kind) for kind in ("scale_tl", "scale_ft"))
    np.testing.assert_array_equal(before[:, [0, 1, 4, 5]], after[:, [0, 1, 4, 5]])


def test_there_are_as_many_draws_as_wanted_or_as_other_patients():
    # Class a has three patients: two others for each image. Class b has one: none.
    for draws, expected in ((1, 1), (2, 2), (20, 2)):
        before = rows(planned(seeds=(1,), draws=draws), "scale_tl")[:, 4]
        assert np.bincount(before, minlength=6).tolist() == [expected] * 4 + [0, 0]


def test_an_image_meets_every_other_patient_once_at_most():
    found = rows(planned(seeds=(1,), draws=20), "scale_tl")
    met = [(image, PATIENTS[other]) for image, other in found[:, 4:]]
    assert len(set(met)) == len(met)


def test_draws_of_a_seed_stay_when_a_seed_is_added():
    alone, more = rows(planned(seeds=(2,)), "scale_tl"), rows(planned(seeds=(1, 2)), "scale_tl")
    np.testing.assert_array_equal(more[more[:, 0] == 1][:, 4:], alone[:, 4:])


def test_another_draw_seed_draws_others():
    ids = np.array([f"i{k}" for k in range(30)])
    first, second = (plan((1,), ids, ids, np.zeros(30), 3, seed).image_after for seed in (0, 1))
    assert (first != second).any()


def test_draws_of_an_image_are_numbered_and_other_pairs_are_not():
    pairs = planned(seeds=(1, 2), draws=2)
    of_patients = pairs.image_before != pairs.image_after
    assert (pairs.draw[~of_patients] == 0).all()
    # class a has four images of three patients: two draws each, in both seeds and under both checkpoints
    assert pairs.draw[of_patients].tolist() == [0, 1] * 16


def test_a_class_of_up_to_250_images_is_one_group():
    labels = np.repeat([0, 1], 250)
    assert groups_of(np.array([f"p{k}" for k in range(500)]), labels).tolist() == labels.tolist()


def test_a_larger_class_is_dealt_out_by_patient_and_partners_come_from_the_same_group():
    patients = np.array([f"p{k % 900}" for k in range(1300)])
    labels = np.arange(1300) % 900 % 2
    groups = groups_of(patients, labels)
    assert np.bincount(groups).min() > 125
    assert all(len(set(groups[patients == each])) == 1 for each in np.unique(patients))
    assert all(len(set(labels[groups == each])) == 1 for each in np.unique(groups))
    pairs = plan((1,), np.arange(1300).astype(str), patients, labels, draws=5, draw_seed=0)
    assert (groups[pairs.image_before] == groups[pairs.image_after]).all()
    assert (np.bincount(pairs.image_before[pairs.kind == KINDS.index("scale_tl")]) == 5).all()


def test_a_few_patients_with_many_images_stay_in_one_group():
    patients = np.array([f"p{k % 99}" for k in range(2000)])
    assert not groups_of(patients, np.zeros(2000, int)).any()
