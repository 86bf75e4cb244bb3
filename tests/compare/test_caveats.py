from dataclasses import replace

import pytest

from evidrift.compare.caveat import Caveat
from evidrift.compare.output import metrics
from evidrift.compare.result import compare
from evidrift.probe.results import Prediction, Probe, Unjudged
from evidrift.report.words.study_context import study_context
from tests.compare.studies import NO_PROBE, rules, study_of
from tests.drift.study import architecture

ALL = {("densenet_mini", method) for method in ("grad_cam", "layer_cam")}


def told(study) -> dict[str, Caveat]:
    return {each.key: each for each in compare(study, rules()).caveats}


def prediction(accuracy: float, low: float) -> Prediction:
    return Prediction(accuracy, low, 1.0, 0.4, 100, 60, {})


# networks reach 0.825 (accuracies 0.82 and 0.83 of ft), the largest class is 0.4: half the way is 0.6125
@pytest.mark.parametrize(
    ("name", "accuracy", "low", "expected"),
    [
        ("thumbnails", 0.62, 0.5, True),
        ("traits", 0.62, 0.5, True),
        ("source", 0.62, 0.5, True),
        ("thumbnails", 0.60, 0.5, False),
        ("thumbnails", 0.80, 0.39, False),
    ],
)
def test_a_probe_that_does_well_and_surely_so_is_a_caveat_of_everything(name, accuracy, low, expected):
    probe = replace(NO_PROBE, predictions={**NO_PROBE.predictions, name: prediction(accuracy, low)})
    result = compare(study_of(architecture(), probe=probe), rules())
    assert [each.key for each in result.caveats] == ([f"confounding_{name}"] if expected else [])
    assert all(each.warnings == tuple(c.key for c in result.caveats) for each in result.claims)
    if expected:
        sentence = metrics(result)["warnings"][f"confounding_{name}"]
        assert "in 0.62 of images (largest class 0.40, networks at most 0.83)" in sentence


def test_networks_no_better_than_the_largest_class_are_not_called_confounded(tmp_path):
    sure = replace(prediction(0.95, 0.93), baseline=0.9)
    probe = Probe({"traits": sure, "source": Unjudged("no such column")}, 0, 6)
    assert told(study_of(architecture(), probe=probe)) == {}


def test_near_duplicates_across_splits_are_a_caveat(tmp_path):
    found = told(study_of(architecture(), probe=replace(NO_PROBE, n_near_duplicates=4)))
    assert found["near_duplicates"].sentence.startswith("Near-duplicates across splits: 4 pairs, ")
    assert found["near_duplicates"].about is None


def test_a_strategy_other_than_plain_is_a_caveat_of_what_it_treated():
    study = study_of(architecture(), architecture("resnetv2_mini"))
    assert told(study) == {}
    maps = {"name": "maps", "parameters": {"gamma": 1.0, "layer": "last"}}
    for seed in study.seeds:
        study.training["densenet_mini", seed, "ft"]["strategy"] = maps
    found = told(study)["treated"]
    assert found.sentence.startswith(
        "The architectures were fine-tuned by different strategies: densenet_mini by maps (gamma 1.0, layer "
        "last), resnetv2_mini by plain. Differences"
    )
    assert found.about == ALL
    for seed in study.seeds:
        study.training["resnetv2_mini", seed, "ft"]["strategy"] = maps
    found = told(study)["treated"]
    assert found.sentence.startswith("Fine-tuning followed a strategy, not plain training: maps (gamma 1.0, ")
    assert {arch for arch, _ in found.about} == set(study.architectures)
    cards = study_context(study).models
    assert ("Strategy of fine-tuning", "maps (gamma 1.0, layer last)") in cards["densenet_mini"]


def test_a_change_of_accuracy_concerns_the_architecture_that_learned(tmp_path):
    study = study_of(architecture(), architecture("resnetv2_mini"))
    for seed in study.seeds:
        study.training["densenet_mini", seed, "tl"]["test"]["accuracy"] = 0.8
        study.training["densenet_mini", seed, "ft"]["test"]["accuracy"] = 0.91
    (found,) = told(study).values()
    assert (found.key, found.about) == ("accuracy_differs", ALL)
    assert found.sentence.startswith("Fine-tuning changed the accuracy: densenet_mini 0.80 to 0.91. Drift")


def test_a_loss_of_accuracy_is_a_change_too(tmp_path):
    study = study_of(architecture())
    for seed in study.seeds:
        study.training["densenet_mini", seed, "ft"]["test"]["accuracy"] = 0.7
    assert list(told(study)) == ["accuracy_differs"]


def test_a_fine_tuning_that_fell_by_more_than_ten_points_relearned(tmp_path):
    study = study_of(architecture(), architecture("resnetv2_mini"))
    # tl's validation accuracy is 0.9; the head's own first epochs are no fall
    study.histories["densenet_mini", 1, "tl"]["validation_accuracy"] = [0.2, 0.9]
    study.histories["densenet_mini", 1, "ft"]["validation_accuracy"] = [0.85, 0.8]
    assert told(study) == {}
    study.histories["densenet_mini", 2, "ft"]["validation_accuracy"] = [0.46, 0.95]
    (found,) = told(study).values()
    assert (found.key, found.about) == ("relearned", ALL)
    assert found.sentence.startswith(
        "This fine-tuning relearned: validation accuracy fell by more than 10 points, densenet_mini seed 2 "
        "from 0.90 to 0.46 after epoch 1. Drift there"
    )


def test_different_grids_are_a_caveat(tmp_path):
    maps = [architecture(), architecture("resnetv2_mini", grid=7)]
    found = told(study_of(*maps))
    assert "densenet_mini 5x5, resnetv2_mini 7x7" in found["grids_differ"].sentence


def test_a_class_without_a_right_image_is_named(tmp_path):
    maps = architecture(patients=[f"p{at}" for at in range(12)])
    maps.predicted[0, 0, maps.labels == 1] = 0  # tl of the first seed calls every normal film covid19
    found = told(study_of(maps))
    assert found["classes_absent"].sentence.startswith("No image of normal is right in every checkpoint")


def test_the_training_and_the_architecture_that_leave_too_few_patients_are_named():
    patients = [f"p{at}" for at in range(12)]
    one, two = architecture(patients=patients), architecture("resnetv2_mini", patients=patients)
    one.predicted[1, 0, 0] ^= 1  # ft of seed 1
    two.predicted[0, 0, 0:3] ^= 1  # tl of seed 1, one of them wrong in densenet_mini too
    two.predicted[0, 1, 3:8] ^= 1  # tl of seed 2
    two.predicted[1, 1, 7:9] ^= 1
    study = study_of(one, two)

    def shrunk(min_patients: int) -> list[Caveat]:
        found = compare(study, rules(min_patients)).caveats
        return [each for each in found if each.key == "cohort_shrunk"]

    # wrong somewhere: 0 to 8; without resnetv2_mini seed 2 0 to 2; without the architecture 0 alone
    (found,) = shrunk(4)
    assert found.about == frozenset()
    assert found.sentence == (
        "Only 3 patients count, fewer than 4 (`min_patients`): resnetv2_mini seed 2 takes most (tl is wrong "
        "in 5 and ft in 2 of 12 test images): without it 9 patients would count; of the architectures, "
        "resnetv2_mini takes most (tl is wrong in 8 and ft in 2 of 12 test images): without it 11 patients "
        "would count."
    )
    assert shrunk(3) == []


def test_nobody_is_named_where_all_err_on_the_same_films():
    maps = architecture()
    maps.predicted[1, :, 0] ^= 1
    assert "cohort_shrunk" not in {each.key for each in compare(study_of(maps), rules(50)).caveats}


def test_unusable_maps_concern_their_own_method(tmp_path):
    maps = architecture()
    maps.signed["penultimate", "grad_cam"][0, 0, 0] = 0
    found = told(study_of(maps))["unusable_maps"]
    assert found.about == {("densenet_mini", "grad_cam")}
    assert found.sentence.endswith("moved_share_all counts them as moved wholly.")


@pytest.mark.slow
def test_a_layer_that_can_be_negative_concerns_claims_only_where_they_rest_on_it(tmp_path):
    keys = [(layer, method) for layer in ("penultimate", "last") for method in ("grad_cam", "layer_cam")]
    maps = architecture(methods=keys)
    for layer, about in (("penultimate", ALL), ("last", set())):
        rectified = {"penultimate": True, "last": True} | {layer: False}
        found = told(study_of(replace(maps, rectified=rectified)))
        assert found["not_rectified"].about == about


def test_a_method_that_explained_some_images_concerns_its_own_claims(tmp_path):
    maps = architecture(patients=[f"p{at}" for at in range(12)])
    some = maps.labels >= 0
    some[8:] = False
    maps.signed["penultimate", "layer_cam"][:, :, ~some] = float("nan")
    maps = replace(maps, explained=maps.explained | {("penultimate", "layer_cam"): some})
    assert told(study_of(maps))["explained_in_part"].about == {("densenet_mini", "layer_cam")}
