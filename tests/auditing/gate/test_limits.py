"""Gate files: what may stand in them, and what is said of a file that is wrong."""

import hashlib
import os

import pytest

from evidrift.auditing.gate.limits import Gate, load_gate
from evidrift.base.errors import UserError
from tests.places import ROOT


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("corner: {at_most: 0.1}", "corner is not a parameter. Did you mean corners?"),
        ("corners: {at_mst: 0.1}", "corners.at_mst is not a parameter. Did you mean at_most?"),
        ("corners: {}", "corners: give at_most, growth_at_most or class_growth_at_most."),
        ("drift: {film_at_most: 0.5}", "film_at_most and films_beyond_at_most belong together"),
        ("reliance: {}", "reliance: give corners, border, spike_flips_at_most or spike_new_flips_at_most."),
        ("reliance: {corner: {at_most: 0.1}}", "reliance.corner is not a parameter. Did you mean corners?"),
        ("reliance: {corners: {}}", "reliance.corners: give at_most or growth_at_most."),
        ("regressed: {at_most: 2}", "regressed.at_most is 2."),
        ("subgroups: {columns: [sex]}", "subgroups: give accuracy_drop_at_most, sensitivity_drop_at_most,"),
        ("unusable_at_most: 0.1", "it sets no limit: give one of reliance, drift"),
        ("regressed: [", "is not valid YAML"),
        (
            "drift: {mean_at_most: 0.1}\ndrift: {class_at_most: 0.4}",
            "line 2: drift stands there a second time",
        ),
        ("border:\n  at_most: 0.1\n  at_most: 0.9", "line 3: border.at_most stands there a second time"),
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
    gate = Gate.model_validate({"method": "rise", "regressed": {"at_most": 0.1}})
    gate.check_fits(["rise"], "penultimate")
    with pytest.raises(UserError, match="rise, which is not audited"):
        gate.check_fits(["layer_cam"], "penultimate")


def test_a_gate_that_was_derived_at_one_layer_judges_no_other():
    derived = {"models": {}, "layer": "last", "n_films": 60, "n_patients": 60, "headroom": 0.25, "seen": {}}
    gate = Gate.model_validate({"drift": {"mean_at_most": 0.4}, "derived": derived})
    gate.check_fits(["layer_cam"], "last")
    with pytest.raises(UserError, match="derived at the layer last, not penultimate"):
        gate.check_fits(["layer_cam"], "penultimate")


def test_which_file_it_was_and_when_it_changed(tmp_path):
    file = tmp_path / "gate.yaml"
    file.write_bytes((ROOT / "docs" / "release" / "gate.yaml").read_bytes())
    os.utime(file, (0, 1_000_000_000))
    assert load_gate(file).facts.model_dump() == {
        "file": "gate.yaml",
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "changed": "2001-09-09T01:46:40+00:00",
        "text": file.read_text(encoding="utf-8"),
    }
