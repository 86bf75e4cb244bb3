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
    "scratch": "the folder for unfinished work",
}
WRITTEN = "to write: "  # so begins what is said of an output


def arguments(description: str | None, common: Sequence[str], **others: str) -> argparse.Namespace:
    """Read a stage's options from its command line, and see that its process computes as --params says.

    Args:
        description: what the stage does.
        common: options that several stages have, of COMMON.
        others: those of its own, with what each is; of an output it begins with WRITTEN.

    Returns:
        The options; and beside them `item`, the values of those that are no paths, and `inputs`, the paths
        that are read, but for the parameter file.
    """
    parser = argparse.ArgumentParser(description=description)
    options = {name: COMMON[name] for name in common} | others
    for name, meaning in options.items():
        parser.add_argument(f"--{name}", type=KINDS.get(name, Path), required=True, help=meaning)
    args = parser.parse_args()
    args.item = tuple(getattr(args, name) for name in KINDS if name in options)
    read = (name for name, meaning in options.items() if not meaning.startswith(WRITTEN))
    args.inputs = [getattr(args, name) for name in read if name not in (*KINDS, "params", "scratch")]
    require(load_compute(args.params))
    return args
