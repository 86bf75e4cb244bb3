"""Versions of the libraries that round: results of different ones may differ in the last digits."""

from collections.abc import Iterable
from importlib.metadata import version

LIBRARIES = ("tensorflow", "keras", "numpy")
OTHERS = ("opencv-python-headless", "scipy")  # of these, results do not tell the version


def versions(names: Iterable[str] = LIBRARIES) -> dict[str, str]:
    """Installed version of each, read without importing it."""
    return {name: version(name) for name in names}
