"""Delete outputs of architectures, seeds and families that left the grid.

    python -m tools.prune params.yaml            as `make prune` does
    python -m tools.prune params.yaml --check    deletes nothing, stops where there are any

DVC leaves the files of a dropped seed where they were, and folders that hold them would be hashed with them.
Only the workspace's copies go: what DVC has cached or pushed stays there. Nothing is touched but files and
folders whose paths fit an output in dvc.yaml, and never an input that params.yaml names.
"""

import argparse
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from evidrift.base.errors import UserError, run
from evidrift.base.grid import NAME, Grid, load_grid
from evidrift.base.section import read_params

PATTERNS = {"arch": NAME, "seed": "[0-9]+", "family": NAME}


def outside_the_grid(root: Path, params: Path) -> list[Path]:
    """Outputs in the workspace that belong to no item of the grid, relative to `root`, sorted."""
    grid = load_grid(params)
    inputs = {(root / name).resolve() for name in _inputs(read_params(params))}
    found = set()
    for template in _templates(yaml.safe_load((root / "dvc.yaml").read_text(encoding="utf-8"))):
        pattern = re.compile(re.sub(r"\\\$\\\{item\\\.(\w+)\\\}", _group, re.escape(template)))
        folder = root / template.split("/")[0]
        for path in folder.rglob("*"):
            match = pattern.fullmatch(path.relative_to(root).as_posix())
            if match and not _in_grid(match, grid) and not _holds_any(path.resolve(), inputs):
                found.add(path.relative_to(root))
    return sorted(found)


def _holds_any(path: Path, inputs: set[Path]) -> bool:
    return any(each == path or path in each.parents for each in inputs)


def _templates(pipeline: dict[str, Any]) -> Iterator[str]:
    """Every output that belongs to an item of a matrix, e.g. data/drift/${item.arch}."""
    for stage in pipeline["stages"].values():
        for output in [*stage.get("outs", []), *stage.get("metrics", []), *stage.get("plots", [])]:
            if isinstance(output, str) and "${item." in output:
                yield output


def _group(match: re.Match) -> str:
    return f"(?P<{match[1]}>{PATTERNS[match[1]]})"


def _in_grid(match: re.Match, grid: Grid) -> bool:
    allowed = {
        "arch": grid.architectures,
        "seed": [str(seed) for seed in grid.seeds],
        "family": grid.families,
    }
    return all(value in allowed[item] for item, value in match.groupdict().items())


def _inputs(params: dict[str, Any]) -> Iterator[str]:
    """Files that the parameters name: they are the user's, wherever they lie."""
    yield str(params["prepare"]["source"])
    for architecture in params["architectures"].values():
        yield str(architecture["weights"])


def _more(n: int) -> str:
    return f" and {n} more output{'s' * (n > 1)} lie" if n else " lies"


def main() -> None:
    """Delete them, naming each; or stop where there are any."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("params", type=Path)
    parser.add_argument("--check", action="store_true", help="delete nothing, stop where there are any")
    args = parser.parse_args()
    root = Path.cwd()
    outside = outside_the_grid(root, args.params)
    if args.check and outside:
        raise UserError(
            f"{outside[0]}{_more(len(outside) - 1)} outside the grid of {args.params}. "
            "`make prune` deletes the workspace's copies (DVC's cache keeps them); then run this again."
        )
    for path in outside:
        print(f"deleted {path}")
        shutil.rmtree(root / path) if (root / path).is_dir() else (root / path).unlink()
        for folder in (root / path).parents:
            if folder == root or any(folder.iterdir()):
                break
            folder.rmdir()


if __name__ == "__main__":
    run(main)
