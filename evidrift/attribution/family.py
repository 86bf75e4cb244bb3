"""An attribution family by name: each is one file in families/."""

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from evidrift.base.section import load_section


class Family(NamedTuple):
    """An attribution family and what it is to compute.

    Attributes:
        name: of its file in families/.
        module: that file, with `explain`.
        params: its `Params`.
    """

    name: str
    module: ModuleType
    params: Any


def find_family(name: str) -> ModuleType:
    """The family's module."""
    return import_module(f"evidrift.families.{name}")


def load_family(path: Path, name: str) -> Family:
    """The family with its section of a parameter file."""
    module = find_family(name)
    return Family(name, module, load_section(path, module.Params, "explain", name))
