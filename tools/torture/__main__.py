"""Try to break it: damage, kills, faults at every write, hostile files. A part is a module beside this one.

python -m tools.torture                              every part, whole: an hour or two
python -m tools.torture writes kills --small         two of them, a few tries each
python -m tools.torture --write docs/reliability.md  and write the tables of that page
"""

import argparse
import sys
from importlib import import_module
from pathlib import Path

from evidrift.base.errors import UserError, run
from tools.marked import write_between
from tools.torture.row import Row

PARTS = ("writes", "kills", "damage", "remotes", "models", "audits", "parameters", "films", "fuzz")


def there() -> list[str]:
    """The parts that exist."""
    return [part for part in PARTS if (Path(__file__).parent / f"{part}.py").exists()]


def table(rows: list[Row]) -> str:
    """Rows as a table of Markdown."""
    lines = ["| what | tried | harmless | |", "|---|---:|---:|---|"]
    lines += [f"| {row.what} | {row.tried:,} | {row.harmless:,} | {row.note} |" for row in rows]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run the parts that were asked for; leave with 1 where anything did harm."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"default: all, {', '.join(there())}")
    parser.add_argument("--small", action="store_true", help="a few tries of each")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="a page with marks for the tables")
    args = parser.parse_args()
    unknown = set(args.parts) - set(there())
    if unknown:
        raise UserError(f"{', '.join(sorted(unknown))} is no part. There are: {', '.join(there())}.")
    well = True
    for part in args.parts or there():
        print(f"{part}:", flush=True)
        rows = import_module(f"tools.torture.{part}").run(not args.small)
        print(table(rows), flush=True)
        well = well and all(row.well for row in rows)
        if args.write:
            write_between(args.write, f"torture: {part}", table(rows))
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    run(main)
