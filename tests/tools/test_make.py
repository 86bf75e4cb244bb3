"""`make` in a folder whose path has spaces: it installs there, and runs what it installed."""

import os
import shutil
import subprocess

import pytest

from tests.places import ROOT

# Notes how it is called; as an environment's maker it puts itself there.
PYTHON = """\
#!/bin/sh
echo "$0: $*" >> "$NOTES"
if [ "$2" = venv ]; then mkdir -p "$3/bin" && cp "$0" "$3/bin/python"; fi
"""


@pytest.fixture
def project(tmp_path):
    project = tmp_path / "My Drive" / "evidrift (2)"
    project.mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy2(ROOT / name, project)
    shutil.copytree(ROOT / "locks", project / "locks")
    python = project.parent / "of mine" / "python3.11"
    python.parent.mkdir()
    python.write_text(PYTHON)
    python.chmod(0o755)
    (project / "data" / "compare").mkdir(parents=True)
    (project / "data" / "compare" / "study.txt").write_text("the study\n")
    return project


def make(project, *words):
    """What make printed, and the calls of Python: which one, and with what."""
    notes = project / "notes.txt"
    # the suite itself may run under make, whose settings are not for this one
    outer = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
    env = {**outer, "NOTES": str(notes)}
    command = ["make", f"PYTHON={project.parent / 'of mine' / 'python3.11'}", *words]
    said = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=True).stdout
    calls = notes.read_text().splitlines() if notes.exists() else []
    notes.unlink(missing_ok=True)
    return said, [call.split(": ") for call in calls]


def test_make_repro_installs_beside_it_once_and_runs_what_it_installed(project):
    said, calls = make(project, "repro", "PROFILE=tiny")
    assert said.endswith("the study\n")
    own = str(project / ".venv" / "bin" / "python")
    assert [call[0] for call in calls[:2]] == [str(project.parent / "of mine" / "python3.11")] * 2
    assert {call[0] for call in calls[2:]} == {own}
    told = [call[1] for call in calls[2:]]
    assert [" ".join(each.split()[:3]) for each in told[:3]] == ["-m pip install"] * 3
    assert ["--require-hashes" in each for each in told[:3]] == [True, True, False]  # the last is the project
    assert told[3] == "-m tools.profile tiny"
    assert told[-1] == "-m evidrift repro"

    _, again = make(project, "repro")
    assert again[0] == [own, "-m evidrift.params params.yaml"]


def test_an_environment_elsewhere_is_used_from_there(project, tmp_path):
    _, calls = make(project, "prune", f"VENV={tmp_path}/venv")
    assert calls[-1] == [f"{tmp_path}/venv/bin/python", "-m tools.prune params.yaml"]
