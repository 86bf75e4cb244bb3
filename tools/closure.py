"""The modules that each stage really imports: what dvc.yaml must list as its code dependencies.

    python -m tools.closure            prints them, stage by stage
    python -m tools.closure --write    writes them into dvc.yaml

A forgotten module would mean silently stale results, so a test compares this with dvc.yaml.
"""

import argparse
import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("evidrift", "stages")

# a module loaded by name -> the matrix item that names it
BY_NAME = {
    "evidrift.models.zoo.": "evidrift/models/zoo/${item.arch}.py",
    "evidrift.attribution.families.": "evidrift/attribution/families/${item.family}.py",
}


def closure(stage: str) -> set[str]:
    """Paths of all project modules that a stage script imports, directly or not, itself included.

    Modules loaded by name stand as dvc.yaml's template, e.g. evidrift/models/zoo/${item.arch}.py, and
    what any of them imports counts. The empty `__init__.py` files do not.
    """
    found: set[str] = set()
    todo = [f"stages/{stage}.py"]
    while todo:
        path = todo.pop()
        if path in found:
            continue
        found.add(path)
        files = sorted(ROOT.glob(path.replace("${item.arch}", "*").replace("${item.family}", "*")))
        for file in files:
            if file.name != "__init__.py":
                todo.extend(_imports(ast.parse(file.read_text(encoding="utf-8"))))
    return found


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _paths(alias.name)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from _paths(node.module)
            for alias in node.names:
                yield from _paths(f"{node.module}.{alias.name}")
        elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
            # import_module(f"evidrift.models.zoo.{name}")
            template = BY_NAME.get(str(node.values[0].value))
            if template:
                yield template


def _paths(module: str) -> Iterator[str]:
    if module.split(".")[0] in PACKAGES:
        path = module.replace(".", "/") + ".py"
        if (ROOT / path).exists():
            yield path


def main() -> None:
    """Print the closure of the named stages, or of all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("stage", nargs="*", help="e.g. explain; all where none is given")
    names = parser.parse_args().stage or [path.stem for path in sorted(ROOT.glob("stages/[a-z]*.py"))]
    for name in names:
        print(f"{name}:")
        for path in sorted(closure(name)):
            print(f"      - {path}")


if __name__ == "__main__":
    main()
