"""A gate from trusted trainings: they pass it themselves, and what lies far beyond does not."""

from dataclasses import replace

import numpy as np
import pytest

from evidrift.auditing.gate.check import outcome
from evidrift.auditing.gate.derive import as_yaml, derive
from evidrift.auditing.gate.films import films_of
from evidrift.auditing.gate.judge import judge
from evidrift.auditing.gate.limits import load_gate
from evidrift.base.errors import UserError
from tests.auditing.gate.made import CLASSES, films, known, predicted, reliance
from tests.compare.studies import study_of
from tests.drift.study import architecture

FACTS = {"models": {"0" * 64: "a.keras", "1" * 64: "b.keras"}, "layer": "penultimate"}


def test_its_file_is_a_gate_with_headroom_over_the_largest_bound(tmp_path):
    seen = replace(films(seed=1, pairs=3), moved=films(seed=1, pairs=3).moved + np.array([[0], [0.1], [0]]))
    gate = derive(seen, "layer_cam", reliance(flipped=0.02), FACTS, headroom=0.5)
    file = tmp_path / "gate.yaml"
    file.write_text(as_yaml(gate))
    assert load_gate(file).gate == gate
    drift = seen.moved[1][seen.right[0, 1]].mean()
    assert gate.derived.seen["drift.mean_at_most"] == pytest.approx(drift, abs=1e-4)
    assert 1.5 * drift < gate.drift.mean_at_most < 1.5 * (drift + 0.05)
    assert gate.derived.n_films == 150
    assert "headroom of\n# 50%" in file.read_text()


def test_a_limit_that_would_reach_1_is_left_out_and_the_file_says_so():
    seen = films(moved=0.7)
    gate = derive(seen, "layer_cam", reliance(), FACTS, predicted=predicted(seen))
    assert gate.drift.mean_at_most is None
    assert gate.derived.left_out == ["drift.mean_at_most", "drift.class_at_most"]
    assert "leave no limit below 1: drift.mean_at_most, drift.class_at_most.\n" in as_yaml(gate)


def test_a_limit_by_class_is_left_out_where_a_class_has_no_film():
    """It could never be passed, not even by what it was derived from."""
    seen = replace(films(seed=1, pairs=3), every_class=(*CLASSES, "pneumothorax"))
    gate = derive(seen, "layer_cam", reliance(), FACTS)
    assert "drift.class_at_most" in gate.derived.left_out
    assert "regressed.class_at_most" in gate.derived.left_out
    assert gate.drift.mean_at_most < 1
    assert outcome(judge(gate, seen, "layer_cam", known(), reliance())) == "passed"


def test_what_it_was_derived_from_passes_it_both_ways_and_so_does_another_of_its_kind():
    first = films(seed=1, pairs=3)
    gate = derive(first, "layer_cam", reliance(flipped=0.02), FACTS, predicted=predicted(first))
    assert 0.02 < gate.sensitivity_drop_at_most < 0.3
    for seen in (films(seed=1), films(seed=2), replace(films(seed=2), right=films().right[::-1])):
        checks = judge(gate, seen, "layer_cam", known(), reliance(flipped=0.02), predicted(seen))
        assert outcome(checks) == "passed"
    twice = replace(films(), moved=np.minimum(3 * films().moved, 1))
    assert outcome(judge(gate, twice, "layer_cam", known(), reliance())) == "failed"


def test_few_films_are_too_few():
    with pytest.raises(UserError, match="58 patients are too few to derive a gate from: with fewer than 59"):
        derive(films(58), "layer_cam", reliance(58), FACTS)


def test_what_cannot_be_seen_counts_as_harm():
    """24 patients, of which every other map after is blank; those that are left have not moved."""
    maps = architecture("model", seeds=(1,), patients=[f"p{number}" for number in range(24)])
    signed = {key: each.copy() for key, each in maps.signed.items()}
    for each in signed.values():
        each[1] = each[0]
        each[1, :, ::2] = 0
    seen = films_of(study_of(replace(maps, signed=signed)), "layer_cam", True)
    blank = np.arange(24) % 2 == 0
    assert (seen.unusable[0] == blank).all()
    assert (seen.moved[0] == blank).all()
    assert (seen.places["corners"][1, 0][blank] == 1).all()
    assert (seen.places["corners"][1, 0][~blank] < 1).all()
    assert seen.patients.tolist() == maps.patient_ids.tolist()
    assert seen.right.all()
    assert films_of(study_of(maps), "rise", True).moved is None
