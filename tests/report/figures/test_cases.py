"""Which images a panel shows."""

import numpy as np
import pandas as pd

from evidrift.report.figures.cases import choose_cases


def drift_table(stayed, cohort="right", **changes):
    """Rows of one seed: image names and the share of the evidence that stayed."""
    rows = {
        "pair_kind": "drift",
        "method": "layer_cam",
        "layer": "penultimate",
        "seed_before": 1,
        "status": "ok",
        "cohort": cohort,
        "image_id": list(stayed),
        "moved_share": 1 - np.array(list(stayed.values()), dtype=np.float32),
    }
    return pd.DataFrame({**rows, **changes})


FIVE = {"e": 0.9, "a": 0.1, "c": 0.5, "b": 0.3, "d": 0.7}


def names(choices):
    return [choice.image_id for choice in choices]


def test_three_places_show_the_largest_the_median_and_the_smallest_drift():
    choices = choose_cases(drift_table(FIVE), seed=1, n=3)
    assert names(choices) == ["a", "c", "e"]
    assert [choice.reason for choice in choices] == [
        "largest drift of 5 images right before and after",
        "median drift of 5 images right before and after",
        "smallest drift of 5 images right before and after",
    ]


def test_of_an_even_number_the_median_is_the_lower_middle():
    assert names(choose_cases(drift_table({"a": 0.1, "b": 0.2, "c": 0.3, "d": 0.4}), seed=1, n=3)) == [
        "a",
        "b",
        "d",
    ]


def test_an_image_that_fine_tuning_made_wrong_takes_the_last_place():
    table = pd.concat([drift_table(FIVE), drift_table({"y": 0.6, "z": 0.2}, cohort="regressed")])
    choices = choose_cases(table, seed=1, n=4)
    assert names(choices) == ["a", "c", "e", "z"]
    assert choices[-1].reason == "largest drift of 2 images right before and wrong after"


def test_one_place_and_a_regressed_image_shows_that():
    table = pd.concat([drift_table(FIVE), drift_table({"z": 0.2}, cohort="regressed")])
    assert choose_cases(table, seed=1, n=1) == [("z", "the only image right before and wrong after")]
    assert names(choose_cases(table, seed=1, n=2)) == ["c", "z"]


def test_more_places_than_images_shows_each_once():
    choices = choose_cases(drift_table(FIVE), seed=1, n=20)
    assert names(choices) == ["a", "b", "c", "d", "e"]
    assert choices[1].reason == "number 2 by drift of 5 images right before and after"


def test_other_pairs_methods_layers_seeds_cohorts_and_unusable_maps_are_not_looked_at():
    others = [
        drift_table({"x": 0.0}, pair_kind="cross"),
        drift_table({"x": 0.0}, method="grad_cam"),
        drift_table({"x": 0.0}, layer="last"),
        drift_table({"x": 0.0}, seed_before=2),
        drift_table({"x": 0.0}, cohort="fixed"),
        drift_table({"x": 0.0}, cohort="wrong"),
        drift_table({"x": np.nan}, status="blank"),
    ]
    assert names(choose_cases(pd.concat([drift_table(FIVE), *others]), seed=1, n=3)) == ["a", "c", "e"]
    assert choose_cases(pd.concat(others), seed=1, n=3) == []


def test_ties_and_the_order_of_rows_do_not_matter():
    table = drift_table({"c": 0.5, "a": 0.5, "b": 0.5})
    shuffled = table.iloc[[2, 0, 1]].astype({"image_id": "category", "cohort": "category"})
    assert names(choose_cases(table, seed=1, n=2)) == names(choose_cases(shuffled, seed=1, n=2)) == ["a", "c"]
