"""The demo shows what it says: a candidate that is right more often, and is stopped for reading a letter."""

import json

import pytest

from evidrift.base.errors import UserError
from evidrift.cli import main as command
from evidrift.demo.demo import write_demo


def test_a_folder_with_other_things_in_it_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(UserError, match=r"holds other things than a demo: thesis\.tex"):
        write_demo(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("name", ["gate.yaml", "in_use.keras", "films/manifest.csv"])
def test_a_file_that_only_has_a_name_of_the_demos_stays(tmp_path, name, monkeypatch):
    monkeypatch.setattr("evidrift.demo.films.patients", lambda recipe: [])
    write_demo(tmp_path)
    write_demo(tmp_path)
    (tmp_path / name).write_text("years of work")
    with pytest.raises(UserError, match="is not the demo's, or was changed"):
        write_demo(tmp_path)
    assert (tmp_path / name).read_text() == "years of work"


@pytest.mark.slow
def test_the_candidate_is_right_more_often_and_is_stopped_by_what_it_relies_on(tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        command.main(["demo", "--out", str(tmp_path / "demo"), "--no-open"])
    assert end.value.code == 0
    told = capsys.readouterr().out
    found = json.loads((tmp_path / "demo" / "audit" / "audit.json").read_text())
    whole = {
        row["part"]: row
        for row in found["performance"]
        if not (row["group"]["label"] or row["group"]["column"])
    }
    before, after = (whole[part]["accuracy"]["value"] for part in ("before 1", "after 1"))
    assert after > before
    assert found["outcome"] == "failed"
    failed = {check["name"] for check in found["gate"] if check["verdict"] == "failed"}
    assert "reliance.spike_new_flips_at_most" in failed
    assert "Gate: failed." in told
    assert "it learned to read the letter" in " ".join(told.split())
    assert found["images"]["audited"] == len(list((tmp_path / "demo" / "films").rglob("*.png"))) == 60
