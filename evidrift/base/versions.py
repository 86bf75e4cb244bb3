"""Versions of the libraries that round: results of different ones may differ in the last digits."""

from importlib.metadata import version

LIBRARIES = ("tensorflow", "keras", "numpy")


def versions() -> dict[str, str]:
    """Installed version of each, read without importing it."""
    return {name: version(name) for name in LIBRARIES}
