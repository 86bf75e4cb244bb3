import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evidrift.compare.caveat import Caveat
from evidrift.compare.findings.drift import BOUNDS
from evidrift.compare.output import metrics, write_metrics, write_tables
from evidrift.compare.result import compare
from tests.compare.studies import rules, study_of
from tests.drift.study import architecture

MEASURE = "moved_share"
TWELVE = [f"p{k}" for k in range(12)]


def two_architectures(**changes):
    """Grad-CAM finds the first architecture the steadier one, LayerCAM the second."""
    both = [architecture(name, patients=TWELVE, **changes) for name in ("densenet_mini", "resnetv2_mini")]
    for maps, moving in zip(both, ("layer_cam", "grad_cam"), strict=True):
        signed = maps.signed["penultimate", moving]
        signed[0] = np.roll(signed[0], 2, axis=-1)  # before fine-tuning the evidence lay elsewhere
    return both


@pytest.fixture(scope="module")
def two():
    """Of two architectures and twelve patients."""
    return compare(study_of(*two_architectures()), rules(12))


@pytest.fixture(scope="module")
def alone():
    """Of one architecture and six patients."""
    return compare(study_of(architecture()), rules())


def test_a_planted_reversal_is_observed():
    result = compare(study_of(*two_architectures(noise=0.3)), rules(12))
    (found,) = result.observed.reversals
    assert (found.method, found.stable) == ("grad_cam", "densenet_mini")
    assert (found.against, found.other) == ("layer_cam", "resnetv2_mini")


def test_the_metrics_are_strict_json_nested_by_name(two, tmp_path):
    write_metrics(tmp_path / "compare.json", two)
    found = json.loads((tmp_path / "compare.json").read_text())
    row = two.drift.query("arch == 'densenet_mini' and method == 'grad_cam' and measure == @MEASURE").iloc[0]
    numbers = found["drift"]["densenet_mini"]["grad_cam"]["penultimate"]["moved_share"]
    assert numbers["mean"] == pytest.approx(row["mean"], abs=5e-5)
    assert set(numbers) == {
        *("mean", "sd", "low", "high", "shared", "shared_low", "shared_high", "erratic"),
        *("floor_tl", "floor_ft", "scale", "over_scale", "over_scale_low", "over_scale_high"),
    }
    assert found["common_cohort"] == {"images": 12, "patients": 12}
    assert (found["decidable"], found["undecidable"]) == (True, None)
    assert (found["score"], found["target"]) == (["centred"], ["label"])
    # Accuracies 0.81 and 0.82; AUC could not be computed.
    assert found["models"]["resnetv2_mini"]["tl"]["accuracy"] == 0.815
    assert found["models"]["resnetv2_mini"]["tl"]["accuracy_sd"] == pytest.approx(0.0071)
    assert found["models"]["resnetv2_mini"]["ft"]["auc"] is None


def test_the_same_study_gives_the_same_bytes(two, tmp_path):
    again = compare(study_of(*two_architectures()), rules(12))
    for name, result in (("one", two), ("two", again)):
        write_tables(tmp_path / name / "tables", result)
        write_metrics(tmp_path / name / "tables" / "compare.json", result)
    files = sorted((tmp_path / "one" / "tables").iterdir())
    names = ["agreement", "along_training", "associations", "basins", "checks", "claims", "classes"]
    names += [
        "cohorts",
        "confusion",
        "drift",
        "left_out",
        "localisation",
        "models",
        "moves",
        "multiverse",
        "orders",
    ]
    names += ["paper", "rank_agreement", "rankings", "reliance", "reliance_cases", "reliance_changes"]
    names += ["reliance_spikes", "reversals", "robustness", "statuses"]
    assert [path.name for path in files] == sorted(["compare.json", *(f"{name}.csv" for name in names)])
    for path in files:
        assert path.read_bytes() == (tmp_path / "two" / "tables" / path.name).read_bytes()


def test_the_tables_can_be_read_back(two, tmp_path):
    write_tables(tmp_path / "tables", two)
    drift = pd.read_csv(tmp_path / "tables" / "drift.csv")
    assert list(drift["arch"].unique()) == ["densenet_mini", "resnetv2_mini"]
    assert {"moved_share", "moved_share_all", "moved_share_50", "overlap", "ssim"} <= set(drift["measure"])
    models = pd.read_csv(tmp_path / "tables" / "models.csv")
    assert models[["arch", "seed", "checkpoint"]].values.tolist()[:2] == [
        ["densenet_mini", 1, "tl"],
        ["densenet_mini", 1, "ft"],
    ]


def test_the_grid_s_order_of_architectures_is_kept():
    maps = [architecture(name) for name in ("resnetv2_mini", "densenet_mini")]
    result = compare(study_of(*maps), rules())
    assert list(result.drift["arch"].unique()) == ["resnetv2_mini", "densenet_mini"]
    assert list(metrics(result)["models"]) == ["resnetv2_mini", "densenet_mini"]


def test_one_architecture_has_a_ranking_of_one_and_no_reversal(alone):
    assert all(len(ranking.scores) <= 1 for ranking in alone.observed.rankings)
    assert alone.observed.reversals == ()


def test_one_seed_is_a_caveat_and_has_nothing_between_trainings():
    result = compare(study_of(architecture(seeds=(1,))), rules())
    assert any(warning.startswith("One seed") for warning in result.warnings)
    assert metrics(result)["decidable"] is False
    assert "one seed" in metrics(result)["undecidable"]
    assert (metrics(result)["ranking"], metrics(result)["reversals"]) == ({}, [])
    assert result.drift[["sd", "floor_ft", "shared", "erratic", "low"]].isna().all(axis=None)
    numbers = metrics(result)["drift"]["densenet_mini"]["grad_cam"]["penultimate"]["moved_share"]
    assert numbers["floor_ft"] is None and numbers["over_scale"] > 0
    assert metrics(result)["models"]["densenet_mini"]["tl"]["accuracy_sd"] is None


def test_an_empty_common_cohort_decides_nothing_and_pretends_no_number(tmp_path):
    maps = architecture()
    result = compare(study_of(replace(maps, predicted=1 - maps.predicted)), rules())
    assert "0 patients" in result.observed.undecidable
    assert not any(warning.startswith("Scale is missing") for warning in result.warnings)
    numbers = metrics(result)["drift"]["densenet_mini"]["grad_cam"]["penultimate"]["moved_share"]
    assert set(numbers.values()) == {None}
    write_tables(tmp_path / "tables", result)


def test_the_agreement_of_two_architectures_has_an_interval():
    maps = [
        architecture(name, seeds=(1, 2, 3), patients=TWELVE) for name in ("densenet_mini", "resnetv2_mini")
    ]
    (row,) = compare(study_of(*maps), rules()).taus.itertuples()
    assert row.n_architectures == 2
    assert row.tau in (-1, 1)
    assert -1 <= row.tau_low <= row.tau_high <= 1
    assert 0 <= row.same_order <= 1


def test_a_single_patient_decides_nothing_and_has_no_interval():
    """The others are called wrong, so that there is nobody to set the scale by."""
    maps = [architecture(name, seeds=(1, 2, 3)) for name in ("densenet_mini", "resnetv2_mini")]
    for each in maps:
        each.predicted[..., 1:] = 1 - each.labels[1:]
    result = compare(study_of(*maps), rules())
    assert result.cohort.n_patients == 1
    assert result.drift["mean"].notna().all()
    assert result.drift["scale"].isna().all()
    assert {claim.verdict for claim in result.claims} == {"not decidable"}
    assert result.orders.empty
    assert result.drift[list(BOUNDS)].isna().all(axis=None)


def test_no_other_patient_of_the_class_leaves_scale_missing_with_a_caveat():
    maps = architecture(patients=("p0", "p1", "p0", "p1"))
    result = compare(study_of(maps), rules())
    assert result.drift[["scale", "over_scale"]].isna().all(axis=None)
    assert any(warning.startswith("Scale is missing") for warning in result.warnings)
    # drift needs no scale
    assert all(len(ranking.scores) == 1 for ranking in result.observed.rankings)


def test_caveats_name_unknown_patients_mixed_versions_and_unusable_maps():
    other = {"keras": ["3.15.1"], "numpy": ["2.3.0"], "tensorflow": ["2.21.0"]}
    maps = replace(architecture(), versions=other, rectified={"penultimate": False})
    maps.signed["penultimate", "grad_cam"][0, 0, 0] = np.nan
    warnings = compare(study_of(maps, known=False), rules()).warnings
    starts = [
        "Patients unknown",
        "The grid mixes versions of numpy: 2.3.0, 2.4.6",
        "densenet_mini: penultimate",
    ]
    for start in starts:
        assert any(warning.startswith(start) for warning in warnings)
    assert any(warning.startswith("1 drift pairs") for warning in warnings)
    assert len(warnings) == 4


def test_a_clean_study_has_no_caveats(two):
    assert two.warnings == ()


def test_methods_that_one_architecture_lacks_are_ranked_without_it():
    one = architecture("densenet_mini", methods=[("penultimate", "grad_cam"), ("penultimate", "grad_cam_pp")])
    two = architecture("vit_mini", methods=[("penultimate", "grad_cam")])
    two = replace(two, not_defined=(("penultimate", "grad_cam_pp"),))
    result = compare(study_of(one, two), rules())
    by_method = {ranking.method: ranking for ranking in result.observed.rankings}
    assert by_method["grad_cam_pp"].unscored == ("vit_mini",)
    assert any("not defined" in warning for warning in result.warnings)


def test_phantoms_are_called_phantoms(alone):
    drawn = compare(study_of(architecture(), source="phantoms"), rules())
    assert [warning for warning in drawn.warnings if "phantoms" in warning]
    assert not [warning for warning in alone.warnings if "phantoms" in warning]


@pytest.mark.parametrize(
    ("changes", "start"),
    [
        ({"score": ["raw"]}, "Maps are of the raw logit"),
        ({"target": ["prediction"]}, "Each checkpoint's prediction is explained"),
    ],
)
def test_a_raw_logit_or_an_explained_prediction_is_a_caveat(changes, start):
    result = compare(study_of(replace(architecture(), **changes)), rules())
    assert [warning.startswith(start) for warning in result.warnings] == [True]
    assert metrics(result) | changes == metrics(result)


def test_images_identical_across_splits_are_a_caveat():
    warnings = compare(study_of(architecture(), identical=3), rules()).warnings
    assert [warning.split(".")[0] for warning in warnings] == ["Images identical to one in another split: 3"]


def test_the_checks_are_told_in_the_summary_and_speak_against_a_method_in_the_caveats(alone):
    study = study_of(architecture())
    found = metrics(alone)["checks"]["densenet_mini"]["layer_cam"]["penultimate"]["ft"]
    # insertion 0.7 against 0.5 of a random map; similarity 0.1 against 0.3 between patients
    assert found == {
        **dict.fromkeys(("gain", "gain_low", "gain_high"), pytest.approx(0.2)),
        "faithful": "supported",
        "similarity": pytest.approx(0.1),
        "chance": pytest.approx(0.3),
        **dict.fromkeys(("excess", "excess_low", "excess_high"), pytest.approx(-0.2)),
        "insensitive": "refuted",
    }
    drawn = study.checks.randomisation.assign(similarity=0.5)
    (warning,) = compare(replace(study, checks=study.checks._replace(randomisation=drawn)), rules()).warnings
    assert warning.startswith("‡ part of its maps survives random weights; that part is the image's ")


def test_places_are_of_the_common_cohort():
    maps = architecture()
    maps.predicted[1, 0, 0] = 1 - maps.labels[0]
    result = compare(study_of(maps), rules())
    assert set(result.localisation["measure"]) == {"border", "corners"}  # no masks here
    assert set(result.localisation["n_images"]) == {5}
    assert set(result.moves["n_patients"]) == {5}


def test_a_method_that_explained_some_of_the_images_says_so():
    maps = architecture(patients=TWELVE)
    key = ("penultimate", "layer_cam")
    some = np.arange(12) < 8
    maps.signed[key][:, :, ~some] = np.nan
    result = compare(study_of(replace(maps, explained=maps.explained | {key: some})), rules())
    assert result.warnings == ("layer_cam explained 8 of 12 test images: its figures are of these alone.",)
    n_images = result.drift.query("measure == @MEASURE").set_index("method")["n_images"]
    assert n_images.to_dict() == {"grad_cam": 12, "layer_cam": 8}


def test_caveats_that_share_a_key_are_all_told_in_the_summary(alone):
    both = (Caveat("mixed_versions", "Two of keras."), Caveat("mixed_versions", "Two of numpy."))
    found = metrics(replace(alone, caveats=(*both, Caveat("phantoms", "Drawn."))))["warnings"]
    assert found == {"mixed_versions": "Two of keras. Two of numpy.", "phantoms": "Drawn."}
