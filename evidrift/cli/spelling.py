"""How the command spells what the library says: a parameter is a flag."""

from dataclasses import replace

from evidrift.auditing.words import FIXED, SPELLING

UNUSUAL = {"labels": "--no-labels", "trusted": "--from"}


def flag(name: str) -> str:
    """The flag for an argument of the library's functions, e.g. --batch-size for batch_size."""
    return UNUSUAL.get(name, f"--{name.replace('_', '-')}")


FLAGS = replace(SPELLING, parameter=lambda name: FIXED.get(name) or flag(name))
