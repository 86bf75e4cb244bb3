"""The exit code is the command's, whatever becomes of what it prints."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.places import ROOT

AUDIT = """\
import os, sys
from types import SimpleNamespace
import evidrift.cli.audit as command
from evidrift.base.errors import UserError
from evidrift.base.progress import Progress
from evidrift.cli.main import main

def run(args):
    with open(sys.argv[2], "w") as file:  # where a stream was closed, it must not become that stream
        list(Progress(range(3), "images"))
        for line in range(20_000):
            print("line", line)
        print("told", file=sys.stderr)
        assert file.fileno() > 2
        file.write("whole")
    if sys.argv[1] == "error":
        raise UserError("x is missing.")
    if sys.argv[1] == "fault":
        raise ZeroDivisionError
    return int(sys.argv[1])

command.run = run
main(["audit", "--before", "a", "--after", "b", "--images", "c", "--out", "d"])
"""
CODES = {"0": 0, "1": 1, "2": 2, "error": 2, "fault": 2}


def ended(outcome: str, tmp_path: Path, redirected: str) -> tuple[int, str]:
    """Exit code of the command with its streams as a shell has them, and what it told beside its output."""
    script = tmp_path / "audit.py"
    script.write_text(AUDIT)
    line = f'"{sys.executable}" "{script}" {outcome} "{tmp_path / "file"}" {redirected}'
    words = ["bash", "-o", "pipefail", "-c", line]
    done = subprocess.run(
        words,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (tmp_path / "file").read_text() == "whole"
    return done.returncode, done.stderr


CASES = [
    *((outcome, where) for outcome in "012" for where in ("| head -1", ">&-", "> /dev/full", "2>&-")),
    *(("0", where) for where in ("2>&1 | true", "2> /dev/full")),
    *(("error", where) for where in ("| head -1", "<&- >&- 2>&-")),
    ("fault", "2>&1 | true"),
]


@pytest.mark.parametrize(("outcome", "redirected"), CASES)
def test_the_exit_code_is_the_gates_whatever_becomes_of_the_output(tmp_path, outcome, redirected):
    code, told = ended(outcome, tmp_path, redirected)
    assert code == CODES[outcome]
    assert "BrokenPipe" not in told
    if redirected == "> /dev/full" and outcome.isdigit():
        assert "error: not all of this could be printed: no space left on device." in told
