"""A folder must hold the grid's files and nothing else: stages enumerate the grid and never glob."""

from collections.abc import Iterable
from pathlib import Path

from evidrift.base.errors import UserError


def check_folder(folder: Path, expected: Iterable[str]) -> None:
    """Compare a folder's files with the names that the grid asks for. Hidden files don't count.

    Raises:
        UserError: a file is missing, or one lies outside the grid, as after dropping a seed.
    """
    wanted = set(expected)
    found = (
        {path.name for path in folder.iterdir() if not path.name.startswith(".")}
        if folder.is_dir()
        else set()
    )
    if missing := sorted(wanted - found):
        raise UserError(f"{folder / missing[0]} is missing{_more(missing)}. `dvc repro` makes it.")
    if outside := sorted(found - wanted):
        raise UserError(
            f"{folder / outside[0]} is outside the grid of the parameter file{_more(outside)}. "
            "`make prune` removes what a dropped architecture, seed or family left behind."
        )


def _more(names: list[str]) -> str:
    return f" (and {len(names) - 1} more)" if len(names) > 1 else ""
