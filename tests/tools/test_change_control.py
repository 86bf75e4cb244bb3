"""A stranger fills in the performance section of a change-control file from audit.json alone."""

import sys

from evidrift.base.json import as_json
from tests.report.page import records
from tools import change_control


def audit(**change) -> dict:
    """What audit.json holds of the made-up record, as far as the section needs it."""
    record = records.record()
    found = record.model_dump(mode="json", exclude={"models", "gate"})
    limit = {
        "name": "accuracy_drop_at_most",
        "against": "before",
        "what": "accuracy before less accuracy after",
        **{"value": 0.12, "low": 0.02, "high": 0.2, "limit": 0.1, "verdict": "failed", "least": False},
    }
    images = {"listed": 7, "audited": 6, "excluded": 1, "reasons": {"too_small": 1}}
    return {
        **found,
        "outcome": "failed",
        "gate": [limit, limit | {"verdict": "not judged"}],
        "gate_file": record.gate.model_dump(),
        "models": {each.part: each.model_dump() for each in record.models},
        "images": images | {"labels_known": True, "patients_known": False},
        **change,
    }


def test_versions_criteria_performance_flips_and_limits_are_filled_in():
    text = change_control.filled(audit())
    assert f"| after 1 | after.keras | `{'2' * 12}…` | Keras 3 (.keras) | 3.15.1 |" in text
    assert f"gate.yaml, sha256 `{'9' * 12}…`, last changed 2030-01-02T03:04:05+00:00: 2 limits" in text
    assert "**Outcome: failed**, 1 broken, 1 that could not be judged." in text
    row = "| accuracy before less accuracy after | before | 0.12 [0.02, 0.20] | at most 0.1 |"
    assert text.count(row) == 1
    assert "7 films, 6 audited, 1 left out (1 too small). Labels given, patients not given" in text
    # 0.9, -0.01 and -0.12 less 0.2 of normal, and their differences
    (normal,) = (line for line in text.splitlines() if line.startswith("| normal | sensitivity |"))
    assert [cell.split()[0] for cell in normal.split("|")[3:-1]] == [
        *("0.70", "0.69", "0.58"),
        *("-0.31", "-0.32", "-0.21"),
    ]
    assert "| sex: F | accuracy |" in text
    assert (
        "- after 1 against before 1: 2 films became wrong, 0 became right (McNemar, exact: p = 0.500)" in text
    )
    assert "- Nobody looked at what the models do on lateral films." in text
    assert "| share of films called normal | 0.50 [0.45, 0.55] |" in text


def test_what_is_not_known_is_said(monkeypatch, tmp_path):
    page, file = tmp_path / "page.md", tmp_path / "audit.json"
    page.write_text("# A\n<!-- filled -->\nold\n<!-- /filled -->\nB\n", encoding="utf-8")
    unknown = audit(gate_file=None, gate=[], performance=[], differences=[], flips=[])
    file.write_text(as_json(unknown), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["change_control", str(file), str(page)])
    change_control.main()
    text = page.read_text(encoding="utf-8")
    assert "**Acceptance criteria.** None were given." in text
    assert "**Performance.** Not known: no labels were given." in text
    assert "old" not in text
    assert text.startswith("# A\n") and text.endswith("<!-- /filled -->\nB\n")
