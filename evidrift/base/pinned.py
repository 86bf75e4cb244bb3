"""Readies a stage's process: a stage imports this first, before numpy.

It is pinned to `compute` of its parameter file, ends with the DVC that runs it, and stops well.
"""

import argparse
import sys
from pathlib import Path

from evidrift.base.process.stopping import GOES_ON, stop_well  # isort: skip - first: others take a while to import

if any(word.startswith("--params") for word in sys.argv):  # else this is no stage
    stop_well(GOES_ON)

from evidrift.base.compute import load_compute, pin
from evidrift.base.errors import run
from evidrift.base.process.with_dvc import end_with_dvc


def _params() -> Path | None:
    """What the command line gives as --params; None where this is no stage."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--params", type=Path)
    return parser.parse_known_args()[0].params


def _pin() -> None:
    if params := _params():
        pin(load_compute(params))


end_with_dvc()
run(_pin)
