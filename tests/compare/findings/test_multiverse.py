"""The primary claims under other choices: made-up studies of which it is known who is the more stable."""

from dataclasses import replace

import pytest

from evidrift.claims.cells import quantities_of
from evidrift.claims.claim import Rules
from evidrift.claims.cohort import common_cohort
from evidrift.claims.decide import make_claims
from evidrift.compare.findings import multiverse as module
from evidrift.compare.findings.choices import NONE, OPPOSITE, SAME, WARNING
from evidrift.compare.findings.multiverse import contradictions, multiverse, robustness, warned
from evidrift.compare.study import Study
from tests.compare.studies import study_of
from tests.drift.study import architecture

RULES = Rules(min_patients=10, margin=0.05, preserved=0.5)
METHODS = ("layer_cam", "grad_cam_pp")
LAYERS = ("penultimate", "last")
N = 24


def maps_of(name: str, penultimate: dict[str, float], last: float, grid: int = 5):
    """An architecture of three trainings, whose noise depends on layer and method."""
    keys = [(layer, method) for layer in LAYERS for method in METHODS]
    patients = [f"p{at}" for at in range(N)]
    common = {"seeds": (1, 2, 3), "patients": patients, "methods": keys, "grid": grid}
    maps = architecture(name, noise_by_method=penultimate, **common)
    below = architecture(name, noise=last, **common).signed
    return replace(maps, signed=maps.signed | {key: below[key] for key in keys if key[0] == "last"})


def made(study: Study):
    """Quantities and claims of a study."""
    found = quantities_of(study.pairs, common_cohort(study.pairs), study.seeds)
    own = {
        (arch, method): each
        for ((arch, layer, method), name), each in found.items()
        if (layer, name) == ("penultimate", "moved_share")
    }
    claims = make_claims(own, study.architectures, METHODS, RULES, lambda *_: False, "recipe")
    return found, claims


@pytest.fixture(scope="module")
def turned():
    """Quiet at `penultimate` and noisy at `last`, and the other way round; a third like the first."""
    quiet, noisy = dict.fromkeys(METHODS, 0.1), dict.fromkeys(METHODS, 2.0)
    study = study_of(
        maps_of("densenet_mini", quiet, 2.0),
        maps_of("resnetv2_mini", noisy, 0.1),
        maps_of("inception_mini", quiet, 2.0),
    )
    found, claims = made(study)
    return study, found, claims, multiverse(study, found, claims, RULES)


def test_the_study_s_own_choice_is_among_them_and_is_the_claim(turned):
    _, _, claims, table = turned
    own = table[table["own"] & (table["kind"] == "difference")]
    differences = [each for each in claims if each.kind == "difference"]
    assert len(own) == len(differences) == 6
    for claim in differences:
        row = own[
            (own["arch"] == claim.arch) & (own["other"] == claim.other) & (own["method"] == claim.method)
        ]
        assert row[["lead", "low", "high"]].to_numpy()[0] == pytest.approx(claim.lead)
        assert (row["says"].item() == SAME) == (claim.verdict == "supported")


def test_a_layer_that_turns_a_claim_is_found_named_and_warned_of(turned):
    _, _, claims, table = turned
    pair = table[(table["other"] == "resnetv2_mini") & (table["kind"] == "difference")]
    at = pair[pair["measure"] == "moved_share"].set_index(["layer", "cohort"])["says"]
    assert set(at["penultimate"]) == {SAME}
    assert set(at["last"]) == {OPPOSITE}
    found = list(contradictions(table, claims))
    assert "moved share at last, images common to all" in found[0].sentence
    assert found[0].sentence.startswith("densenet_mini more stable than resnetv2_mini by layer_cam: of ")
    for claim in warned(claims, found):
        about_resnet = claim.kind == "difference" and "resnetv2_mini" in (claim.arch, claim.other)
        assert (WARNING in claim.warnings) == about_resnet


def test_shares_count_choices(turned):
    _, _, claims, table = turned
    found = robustness(table, claims).set_index(["kind", "arch", "other", "method"])
    row = found.loc[("difference", "densenet_mini", "resnetv2_mini", "layer_cam")]
    own = table[(table["arch"] == "densenet_mini") & (table["other"] == "resnetv2_mini")]
    own = own[(own["method"] == "layer_cam") & (own["kind"] == "difference")]
    # two layers, three cohorts; three areas, one coarse grid and five other measures
    assert row["choices"] == len(own) == 2 * 3 * 9
    assert row["the_same"] + row["the_same_not_shown"] == pytest.approx(row["agree"] * row["choices"])
    assert row["turned_by"].count(";") + 1 == row["the_opposite"] == (own["says"] == OPPOSITE).sum()
    assert row["verdict"] == "supported"


def test_no_reversal_is_asked_where_two_methods_cannot_disagree(turned):
    table = turned[-1]
    reversals = table[table["kind"] == "reversal"]
    assert set(reversals["layer"]) == {"penultimate"}
    # the methods' maps are noisy alike, so none is there
    assert (reversals[reversals["measure"] == "moved_share"]["says"] == NONE).any()


def test_a_reversal_that_is_there_is_shown_by_its_own_choice_and_has_its_lead():
    one = maps_of("densenet_mini", {"layer_cam": 0.1, "grad_cam_pp": 2.0}, 1.0)
    two = maps_of("resnetv2_mini", {"layer_cam": 2.0, "grad_cam_pp": 0.1}, 1.0)
    study = study_of(one, two)
    found, claims = made(study)
    table = multiverse(study, found, claims, RULES)
    own = table[table["own"] & (table["kind"] == "reversal")]
    (claim,) = (each for each in claims if each.kind == "reversal")
    assert own["says"].tolist() == [SAME]
    assert own[["lead", "low", "high"]].to_numpy()[0] == pytest.approx(
        (claim.estimate, claim.low, claim.high)
    )
    assert own["stable"].item() == "densenet_mini"
    # with two architectures the images common to both are those common to all
    assert set(table["cohort"]) == {"all", "classes"}


def test_the_literature_s_measure_is_reasonable_on_equal_grids_alone(turned):
    assert "iou_half_max" in set(turned[-1]["measure"])
    quiet = dict.fromkeys(METHODS, 0.1)
    study = study_of(maps_of("densenet_mini", quiet, 1.0), maps_of("resnetv2_mini", quiet, 1.0, grid=7))
    found, claims = made(study)
    assert "iou_half_max" not in set(multiverse(study, found, claims, RULES)["measure"])


def test_with_classes_alike_the_drift_is_the_mean_of_the_classes():
    quiet, noisy = dict.fromkeys(METHODS, 0.3), dict.fromkeys(METHODS, 1.0)
    one, two = maps_of("densenet_mini", quiet, 1.0), maps_of("resnetv2_mini", noisy, 1.0)
    wrong = one.predicted.copy()
    wrong[1, 0, :12:2] ^= 1  # six of twelve images of the first class
    study = study_of(replace(one, predicted=wrong), two)
    found, claims = made(study)
    table = multiverse(study, found, claims, RULES)
    chosen = (
        (table["cohort"] == "classes") & (table["layer"] == "penultimate") & (table["method"] == "layer_cam")
    )
    row = table[chosen & (table["measure"] == "moved_share") & (table["kind"] == "difference")].iloc[0]
    pairs = study.pairs[study.pairs["image_id"].isin(common_cohort(study.pairs).image_ids)]
    at = (
        (pairs["pair_kind"] == "drift") & (pairs["layer"] == "penultimate") & (pairs["method"] == "layer_cam")
    )
    means = pairs[at].groupby(["arch", "label"], observed=True)["moved_share"].mean()
    by_arch = means.groupby("arch", observed=True).mean()
    assert row["n_images"] == 18
    assert row["lead"] == pytest.approx(by_arch["resnetv2_mini"] - by_arch["densenet_mini"], abs=1e-6)


def test_a_class_of_few_patients_is_not_made_as_heavy_as_the_others():
    quiet = dict.fromkeys(METHODS, 0.3)
    one, two = maps_of("densenet_mini", quiet, 1.0), maps_of("resnetv2_mini", quiet, 1.0)
    wrong = one.predicted.copy()
    wrong[1, 0, : 2 * (12 - module.FEWEST + 1) : 2] ^= 1
    study = study_of(replace(one, predicted=wrong), two)
    found, claims = made(study)
    table = multiverse(study, found, claims, RULES)
    assert set(table[table["cohort"] == "classes"]["n_images"]) == {12}
    assert set(table[table["cohort"] == "all"]["n_images"]) == {12 + module.FEWEST - 1}


def test_one_architecture_has_no_choices_to_make():
    study = study_of(maps_of("densenet_mini", dict.fromkeys(METHODS, 0.3), 1.0))
    found, claims = made(study)
    table = multiverse(study, found, claims, RULES)
    assert table.empty
    assert list(table.columns) == list(module.MULTIVERSE)
    assert robustness(table, claims).empty
    assert list(contradictions(table, claims)) == []
