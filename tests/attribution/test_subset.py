import numpy as np

from evidrift.attribution.subset import choose

IDS = np.array([f"{at:03d}.png" for at in range(60)])
LABELS = np.arange(60) % 3


def test_as_many_of_each_class_as_asked_for_in_the_images_order():
    chosen = choose(IDS, LABELS, 4)
    assert np.bincount(LABELS[chosen]).tolist() == [4, 4, 4]
    assert (np.diff(chosen) > 0).all()


def test_none_means_all_and_a_class_with_fewer_gives_what_it_has():
    np.testing.assert_array_equal(choose(IDS, LABELS, None), np.arange(60))
    few = np.array([0] * 58 + [1] * 2)
    assert np.bincount(few[choose(IDS, few, 5)]).tolist() == [5, 2]


def test_a_smaller_choice_is_part_of_a_larger_one():
    assert set(choose(IDS, LABELS, 3)) < set(choose(IDS, LABELS, 9))


def test_the_choice_depends_on_the_ids_alone_not_on_their_order_or_their_company():
    order = np.random.default_rng(0).permutation(60)
    assert set(IDS[order][choose(IDS[order], LABELS[order], 5)]) == set(IDS[choose(IDS, LABELS, 5)])
    chosen = IDS[choose(IDS, LABELS, 5)]
    without = ~np.isin(IDS, np.setdiff1d(IDS, chosen)[:20])
    assert set(IDS[without][choose(IDS[without], LABELS[without], 5)]) == set(chosen)


def test_the_choice_is_no_matter_of_alphabet():
    assert set(choose(IDS, LABELS, 5)) != set(range(15))
