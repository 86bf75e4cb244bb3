"""Every limit of the gate against figures written by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evidrift.auditing.gate import Check, Gate, judge, load_gate, outcome
from evidrift.base.errors import UserError
from evidrift.compare.result import compare
from tests.compare.studies import rules, study_of
from tests.drift.study import architecture

METHODS = ("layer_cam", "grad_cam")
PATIENTS = [f"p{number}" for number in range(24)]


@pytest.fixture(scope="module")
def audits(tmp_path_factory):
    """A study of one pair and one of three, of 24 patients, with their results."""
    found = {}
    for n in (1, 3):
        maps = architecture("model", seeds=tuple(range(1, n + 1)), patients=PATIENTS, noise=3.0)
        study = study_of(maps)
        found[n] = (study, compare(study, rules(min_patients=20)))
    return found


def placed(result, measure="corners", after=(0.1, 0.08, 0.12), growth=(0.02, 0.01, 0.03), n_patients=24):
    """The result with these shares, (value, low, high), under LayerCAM."""
    key = {"arch": "model", "layer": "penultimate", "method": "layer_cam", "measure": measure}
    share = dict(zip(("mean", "low", "high"), after, strict=True))
    change = dict(zip(("change", "low", "high"), growth, strict=True))
    return replace(
        result,
        localisation=pd.DataFrame([key | share | {"checkpoint": "ft", "n_patients": n_patients}]),
        moves=pd.DataFrame([key | change | {"n_patients": n_patients}]),
    )


def judged(gate, study, result, labels_known=True):
    return judge(Gate.model_validate(gate), study, result, METHODS, labels_known)


@pytest.mark.parametrize(
    ("limit", "verdict"), [(0.13, "passed"), (0.12, "passed"), (0.11, "not judged"), (0.07, "failed")]
)
@pytest.mark.parametrize("measure", ["corners", "border"])
def test_a_share_is_judged_by_its_interval(audits, measure, limit, verdict):
    study, result = audits[1]
    (check,) = judged({measure: {"at_most": limit}}, study, placed(result, measure))
    assert (check.name, check.verdict, check.limit) == (f"{measure}.at_most", verdict, limit)
    assert (check.value, check.low, check.high) == (0.1, 0.08, 0.12)


@pytest.mark.parametrize(("limit", "verdict"), [(0.03, "passed"), (0.02, "not judged"), (0.0, "failed")])
def test_growth_is_judged_by_its_interval(audits, limit, verdict):
    study, result = audits[1]
    (check,) = judged({"corners": {"growth_at_most": limit}}, study, placed(result))
    assert (check.name, check.verdict) == ("corners.growth_at_most", verdict)


def test_where_nothing_grew_in_any_patient_there_is_nothing_to_doubt(audits):
    study, result = audits[1]
    nan = float("nan")
    still = placed(result, growth=(0.0, nan, nan))
    (check,) = judged({"corners": {"growth_at_most": 0.0}}, study, still)
    assert check.verdict == "passed"


def test_few_patients_judge_no_share(audits):
    study, result = audits[1]
    few = placed(replace(result, cohort=replace(result.cohort, n_patients=7)), n_patients=7)
    (check,) = judged({"corners": {"at_most": 0.5}}, study, few)
    assert check.verdict == "not judged"
    assert "7 patients could be measured, fewer than min_patients, 20" in check.reason


def counted(result, **counts):
    """The result with these numbers of images by cohort, of one pair, twice: once a method."""
    rows = [
        {"arch": "model", "seed": 1, "cohort": name, "method": method, "n_images": n}
        for name, n in counts.items()
        for method in METHODS
    ]
    return replace(result, cohorts=pd.DataFrame(rows))


@pytest.mark.parametrize(("limit", "verdict"), [(0.05, "passed"), (0.049, "failed"), (0.0, "failed")])
def test_regressed_images_are_counted_once_and_need_no_interval(audits, limit, verdict):
    study, result = audits[1]
    (check,) = judged({"regressed": limit}, study, counted(result, right=15, regressed=1, fixed=3, wrong=1))
    assert (check.value, check.verdict) == (0.05, verdict)  # 1 of 20
    assert check.reason == "1 of 20 images regressed."


def test_without_labels_nobody_knows_what_regressed(audits):
    study, result = audits[1]
    (check,) = judged({"regressed": 1.0}, study, result, labels_known=False)
    assert check.verdict == "not judged"


def test_with_a_floor_the_excess_is_judged_by_the_claims_interval(audits):
    study, result = audits[3]
    claim = next(c for c in result.claims if c.key[:5] == ("moved", "recipe", "model", "", "layer_cam"))
    for limit, verdict in (
        (claim.high, "passed"),
        (claim.low - 0.01, "failed"),
        (claim.estimate, "not judged"),
    ):
        if not 0 <= limit <= 1:
            continue
        (check,) = judged({"excess_drift": limit}, study, result)
        assert check.verdict == verdict
        assert (check.value, check.low, check.high) == (claim.estimate, claim.low, claim.high)


def test_without_a_floor_the_drifts_share_of_chance_passes_or_leaves_it_open(audits):
    study, result = audits[1]
    row = result.drift.set_index(["layer", "method", "measure"]).loc["penultimate", "layer_cam", "overlap"]
    share = row["mean"] / row["chance"]
    (check,) = judged({"excess_drift": 0.0}, study, result)
    assert check.value == pytest.approx(share)
    assert check.low < share < check.high
    assert check.verdict == "not judged"  # never failed: it may all be the noise between trainings
    assert "no floor" in check.reason
    if check.high < 1:
        (passing,) = judged({"excess_drift": 1.0}, study, result)
        assert passing.verdict == "passed"


def test_models_that_drift_less_than_the_limit_with_no_floor_at_all_pass(tmp_path):
    maps = architecture("model", seeds=(1,), patients=PATIENTS, noise=0.05)
    study = study_of(maps)
    (check,) = judged({"excess_drift": 0.5}, study, compare(study, rules(min_patients=20)))
    assert check.verdict == "passed"
    assert 0 < check.high < 0.5


def test_few_patients_judge_no_drift_not_even_that_of_one_and_the_same_model(tmp_path):
    maps = architecture("model", seeds=(1,))  # six patients
    for name, noise in (("moved", 1.0), ("same", 0.0)):
        signed = {key: each.copy() for key, each in maps.signed.items()}
        for each in signed.values():
            each[1] = each[0] + noise * (each[1] - each[0])
        study = study_of(replace(maps, signed=signed))
        result = compare(study, rules(min_patients=20))
        (few,) = judged({"excess_drift": 0.1}, study, result)
        assert few.verdict == "not judged"
        assert "6 patients could be measured" in few.reason
        (enough,) = judged({"excess_drift": 0.1, "min_patients": 6}, study, result)
        assert (enough.verdict == "passed") == (name == "same")


def test_nothing_passes_where_many_maps_cannot_be_used(tmp_path):
    """24 patients, of which every other map after is blank; those that are left have not moved."""
    maps = architecture("model", seeds=(1,), patients=PATIENTS)
    signed = {key: each.copy() for key, each in maps.signed.items()}
    for each in signed.values():
        each[1] = each[0]
        each[1, :, ::2] = 0
    study = study_of(replace(maps, signed=signed))
    gate = {"excess_drift": 0.5, "corners": {"growth_at_most": 0.5}, "min_patients": 5}
    for check in judged(gate, study, compare(study, rules(min_patients=5))):
        assert check.verdict == "not judged"
        assert check.reason.startswith("12 of 24 pairs of maps are blank, flat or not finite.")


def check(verdict):
    return Check("corners", "", 0.1, 0.1, 0.1, 0.1, verdict, "")


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["passed", "passed"], "passed"),
        (["passed", "not judged"], "not judged"),
        (["not judged", "failed"], "failed"),
    ],
)
def test_one_failure_fails_and_what_is_open_leaves_the_gate_open(verdicts, expected):
    assert outcome(tuple(map(check, verdicts))) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("corner: {at_most: 0.1}", "corner is not a parameter. Did you mean corners?"),
        ("corners: {at_mst: 0.1}", "corners.at_mst is not a parameter. Did you mean at_most?"),
        ("corners: {}", "corners: give at_most, growth_at_most, or both."),
        ("regressed: 2", "regressed is 2."),
        ("min_patients: 20", "it sets no limit"),
        ("regressed: [", "is not valid YAML"),
    ],
)
def test_a_gate_file_that_is_wrong_says_where(tmp_path, text, sentence):
    file = tmp_path / "gate.yaml"
    file.write_text(text)
    with pytest.raises(UserError) as error:
        load_gate(file)
    assert str(file) in str(error.value)
    assert sentence in str(error.value)


def test_a_gate_judges_only_by_what_is_audited():
    gate = Gate(method="rise", regressed=0.1)
    gate.check_method(["rise"])
    with pytest.raises(UserError, match="rise, which is not audited"):
        gate.check_method(METHODS)


def test_nothing_usable_is_not_judged(tmp_path):
    maps = architecture("model", seeds=(1,), patients=PATIENTS)
    nothing = replace(maps, signed={key: np.full_like(each, np.nan) for key, each in maps.signed.items()})
    study = study_of(nothing)
    gate = {"excess_drift": 0.5, "corners": {"at_most": 0.5, "growth_at_most": 0.5}}
    checks = judged(gate, study, compare(study, rules(min_patients=20)))
    assert [each.verdict for each in checks] == ["not judged"] * 3
