"""Delete outputs of architectures, seeds and families that left the grid.

    python -m tools.prune params.yaml            as `make prune` does
    python -m tools.prune params.yaml --check    deletes nothing, stops where there are any

DVC leaves the files of a dropped seed where they were, and folders that hold them would be hashed with them.
Only the workspace's copies go: what DVC has cached or pushed stays there. Nothing is touched but files and
folders whose paths fit an output in dvc.yaml, and never an input that params.yaml names; and what killed runs
of such items have left in scratch/.
"""

import argparse
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from evidrift.base.errors import UserError, run
from evidrift.base.grid import NAME, load_grid
from evidrift.base.section import read_params
from evidrift.tradeoff.params import load_tradeoff

PATTERNS = {"arch": NAME, "seed": "[0-9]+", "family": NAME, "strategy": NAME, "strength": NAME}
Allowed = dict[str, list[str]]  # by item of a matrix, its values


def outside_the_grid(root: Path, params: Path) -> list[Path]:
    """Outputs in the workspace that belong to no item of the grid, relative to `root`, sorted."""
    content = _checked(params)
    inputs = {(root / name).resolve() for name in _inputs(content)}
    found = set()
    for template, allowed in _templates(_stages(root), content):
        pattern = re.compile(re.sub(r"\\\$\\\{item\\\.(\w+)\\\}", _group, re.escape(template)))
        folder = root / template.split("/")[0]
        for path in folder.rglob("*"):
            match = pattern.fullmatch(path.relative_to(root).as_posix())
            if match and not _in_grid(match, allowed) and not _holds_any(path.resolve(), inputs):
                found.add(path.relative_to(root))
    return sorted(found)


def unfinished(root: Path, params: Path) -> list[Path]:
    """What killed runs have left in scratch/ of items outside the grid, relative to `root`, sorted."""
    content, found = _checked(params), []
    for name, stage in _stages(root).items():
        items = "".join(f"-(?P<{item}>{PATTERNS[item]})" for item in stage.get("matrix", ()))
        pattern = re.compile(f"{name}{items}-[0-9a-f]{{16}}")
        for path in (root / "scratch").glob(f"{name}-*"):
            match = pattern.fullmatch(path.name)
            if match and not _in_grid(match, _allowed(stage, content)):
                found.append(path.relative_to(root))
    return sorted(found)


def _holds_any(path: Path, inputs: set[Path]) -> bool:
    return any(each == path or path in each.parents for each in inputs)


def _checked(params: Path) -> dict[str, Any]:
    """The parameter file, whose lists of items are in order: what they lack would be deleted."""
    load_grid(params)
    load_tradeoff(params)
    return read_params(params)


def _stages(root: Path) -> dict[str, Any]:
    return yaml.safe_load((root / "dvc.yaml").read_text(encoding="utf-8"))["stages"]


def _allowed(stage: dict[str, Any], params: dict[str, Any]) -> Allowed:
    """A matrix is made of lists in the parameter file: `arch: ${grid.architectures}`."""
    allowed = {}
    for item, reference in stage.get("matrix", {}).items():
        section, key = reference.removeprefix("${").removesuffix("}").split(".")
        allowed[item] = [str(value) for value in params[section][key]]
    return allowed


def _templates(stages: dict[str, Any], params: dict[str, Any]) -> Iterator[tuple[str, Allowed]]:
    """Every output that belongs to an item of a matrix, e.g. data/drift/${item.arch}, and the items."""
    for stage in stages.values():
        for output in [*stage.get("outs", []), *stage.get("metrics", []), *stage.get("plots", [])]:
            if isinstance(output, str) and "${item." in output:
                yield output, _allowed(stage, params)


def _group(match: re.Match) -> str:
    return f"(?P<{match[1]}>{PATTERNS[match[1]]})"


def _in_grid(match: re.Match, allowed: Allowed) -> bool:
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
    for path in [] if args.check else [*outside, *unfinished(root, args.params)]:
        print(f"deleted {path}")
        shutil.rmtree(root / path) if (root / path).is_dir() else (root / path).unlink()
        for folder in (root / path).parents:
            if folder == root or any(folder.iterdir()):
                break
            folder.rmdir()


if __name__ == "__main__":
    run(main)
