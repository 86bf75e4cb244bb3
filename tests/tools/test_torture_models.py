"""A few hostile files given to the real command, as `make torture` gives it all of them."""

import subprocess
import sys

import pytest

from tests.places import ROOT


@pytest.mark.slow
def test_hostile_files_given_to_an_audit_reach_nothing_and_end_in_a_sentence():
    words = [sys.executable, "-m", "tools.torture", "models", "--small"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("  ok ") == 4
    assert "HARM" not in done.stdout
