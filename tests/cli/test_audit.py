"""The exit code of `evidrift audit`, by which a release is stopped or not."""

from types import SimpleNamespace

import pytest

from evidrift.auditing.gate.limits import Gate, load_gate
from evidrift.cli import main as command

WORDS = [
    "audit",
    "--before",
    "old.keras",
    "--after",
    "new.keras",
    "--images",
    "films",
    "--out",
    "out",
    "--json",
]
DERIVING = ["gate", "--from", "a.keras", "b.keras", "--images", "films", "--preprocessing", "unit", "--quiet"]


@pytest.mark.parametrize(
    ("outcome", "code"), [("passed", 0), ("failed", 1), ("not judged", 2), (None, 0)], ids=str
)
def test_the_exit_code_is_the_gates_and_0_without_one(monkeypatch, capsys, outcome, code):
    found = SimpleNamespace(outcome=outcome, to_json=lambda: '{"gate": 1}\n')
    monkeypatch.setattr("evidrift.auditing.audit.audit", lambda *models, **how: found)
    with pytest.raises(SystemExit) as end:
        command.main(WORDS)
    assert end.value.code == code
    assert capsys.readouterr().out == '{"gate": 1}\n'


def test_a_derived_gate_is_a_file_that_is_not_written_over(monkeypatch, capsys, tmp_path):
    gate = Gate.model_validate({"drift": {"mean_at_most": 0.4}})
    asked = {}
    monkeypatch.setattr(
        "evidrift.auditing.deriving.derive_gate", lambda *models, **how: asked.update(how) or gate
    )
    out = tmp_path / "new" / "gate.yaml"
    for words, code in (([], 0), ([], 1), (["--force"], 0)):
        with pytest.raises(SystemExit) as end:
            command.main([*DERIVING, "--out", str(out), *words])
        assert end.value.code == code
    assert load_gate(out).gate == gate
    assert (asked["preprocessing"], asked["headroom"], asked["labels"]) == ("unit", 0.5, True)
    assert "Choose another name, or write over it: --force" in capsys.readouterr().err


def test_each_side_may_be_named_with_its_preprocessing(monkeypatch):
    asked = {}
    found = SimpleNamespace(outcome=None, to_json=str)
    monkeypatch.setattr("evidrift.auditing.audit.audit", lambda *models, **how: asked.update(how) or found)
    for words, given in (
        (["--preprocessing", "before:tf", "after:none"], ["before:tf", "after:none"]),
        (["--preprocessing", "unit"], ["unit"]),
        ([], "none"),
    ):
        with pytest.raises(SystemExit):
            command.main([*WORDS, *words])
        assert asked["preprocessing"] == given
