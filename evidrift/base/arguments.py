"""The options of a stage's script, as dvc.yaml gives them: all of them required."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from evidrift.base.compute import load_compute, require

KINDS = {"architecture": str, "family": str, "seed": int}  # all others are paths
COMMON = {
    "architecture": "its name, a file in zoo/",
    "seed": "of the training",
    "params": "the parameter file",
    "images": "the prepared images",
}


def arguments(description: str | None, common: Sequence[str], **others: str) -> argparse.Namespace:
    """Read a stage's options from its command line, and see that its process computes as --params says.

    Args:
        description: what the stage does.
        common: options that several stages have, of COMMON.
        others: those of its own, with what each is.
    """
    parser = argparse.ArgumentParser(description=description)
    for name, meaning in ({name: COMMON[name] for name in common} | others).items():
        parser.add_argument(f"--{name}", type=KINDS.get(name, Path), required=True, help=meaning)
    args = parser.parse_args()
    require(load_compute(args.params))
    return args
