"""Write the section of films in docs/formats.md: every kind is made here, and read as an audit reads it.

python -m tools.formats.films
"""

import argparse
from itertools import groupby
from pathlib import Path

from evidrift.base.errors import run
from evidrift.prepare.entry import Excluded
from evidrift.prepare.films.film import Film
from evidrift.prepare.pointers import HEAD, stand_in
from evidrift.prepare.read import read_film
from tools.formats import dicoms, left_out, packed, rasters
from tools.formats.known import Kind, worst
from tools.marked import write_between

PAGE = Path("docs/formats.md")
MAKERS = (
    *(dicoms.greys, dicoms.windows, packed.compressed, packed.coloured),
    *(rasters.pngs, rasters.jpegs, rasters.tiffs, rasters.others),
    *(left_out.objects, left_out.files),
)


def main() -> None:
    """Read every kind and write the tables; a kind that is read wrongly is an error."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("page", type=Path, nargs="?", default=PAGE, help="whose section is renewed")
    write_between(parser.parse_args().page, "films", section(all_kinds()))


def all_kinds() -> list[Kind]:
    """Every kind, in the order of the page."""
    return [kind for make in MAKERS for kind in make()]


def section(kinds: list[Kind]) -> str:
    """The tables, one a group, with how many there are."""
    n_read = sum(kind.expected is not None for kind in kinds)
    lines = [
        f"{len(kinds)} kinds, made by `python -m tools.formats.films`: {n_read} are read, "
        f"{len(kinds) - n_read} are left out with their reason.",
        "",
    ]
    for group, members in groupby(kinds, key=lambda kind: kind.group):
        left_out = group.startswith("Left out")
        heading = "reason and detail" if left_out else "largest difference from the known pixels, grey levels"
        lines += [f"#### {group}", "", f"| kind | {heading} |", "|---|---|"]
        lines += [f"| {kind.name} | {outcome(kind)} |" for kind in members]
        lines += [""]
    return "\n".join(lines)


def read(data: bytes) -> Film:
    """A film as `load_file` reads it."""
    instead = stand_in(data[:HEAD], Path("FILM"))
    if instead:
        raise Excluded("stand_in", f"{instead.what}. {instead.mend}")
    return read_film(data)


def outcome(kind: Kind) -> str:
    """What came of a kind.

    Raises:
        ValueError: something else than is due.
    """
    try:
        film = read(kind.data)
    except Excluded as why:
        if kind.expected is None and kind.why in why.detail:
            return f"`{why.reason}`: {why.detail}"
        raise ValueError(f"{kind.name} is left out, {why}") from None
    if kind.expected is None:
        raise ValueError(f"{kind.name} is read, and must be left out")
    difference = worst(film.pixels, kind.expected)
    if difference > kind.tolerance:
        raise ValueError(f"{kind.name} is {difference} grey levels off; {kind.tolerance} are allowed")
    return f"{difference} (lossy)" if kind.tolerance > 2 else str(difference)


if __name__ == "__main__":
    run(main)
