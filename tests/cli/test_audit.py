"""The exit code of `evidrift audit`, by which a release is stopped or not."""

from types import SimpleNamespace

import pytest

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
