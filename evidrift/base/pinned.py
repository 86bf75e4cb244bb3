"""Pins a stage's process to `compute` of its parameter file: a stage imports this first, before numpy."""

import argparse
from pathlib import Path

from evidrift.base.compute import load_compute, pin
from evidrift.base.errors import run


def _params() -> Path | None:
    """What the command line gives as --params; None where this is no stage."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--params", type=Path)
    return parser.parse_known_args()[0].params


def _pin() -> None:
    if params := _params():
        pin(load_compute(params))


run(_pin)
