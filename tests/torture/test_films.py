"""Hostile films and lists, as `make torture` makes them, only smaller."""

import subprocess
import sys

import pytest

from tests.places import ROOT


@pytest.mark.slow
def test_every_hostile_film_and_list_is_left_out_or_refused_within_bounds():
    """By a process of its own: a fork of this one would begin with all the memory that this one has."""
    words = [sys.executable, "-m", "tools.torture", "films", "--small"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| prepare: all 66 pictures in one folder | 66 | 66 |" in done.stdout
    assert done.stdout.count("\n| manifest, ") == 40
