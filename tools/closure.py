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

# One process of this stage loads every family of the grid, and DVC cannot expand a list into dependencies:
# the folder is exact for a grid of all families, and never too little.
FOLDERS = {"check": {"evidrift/attribution/families/${item.family}.py": "evidrift/attribution/families"}}

# What a module reads that is no module: its stage depends on it too.
READ = {"evidrift/report/html/page.py": "evidrift/report/html/templates"}


def closure(stage: str) -> set[str]:
    """Paths of all project modules that a stage script imports, directly or not, itself included.

    Modules loaded by name stand as dvc.yaml's template, e.g. evidrift/models/zoo/${item.arch}.py, and
    what any of them imports counts. The empty `__init__.py` files do not. A stage that loads all of them
    depends on their folder. Templates and the like stand as their folder.
    """
    found: set[str] = set()
    todo = [f"stages/{stage}.py"]
    while todo:
        path = todo.pop()
        if path in found:
            continue
        found.add(path)
        if path in READ:
            found.add(READ[path])
        files = sorted(ROOT.glob(path.replace("${item.arch}", "*").replace("${item.family}", "*")))
        for file in files:
            if file.name != "__init__.py":
                todo.extend(_imports(ast.parse(file.read_text(encoding="utf-8"))))
    return {FOLDERS.get(stage, {}).get(path, path) for path in found}


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


def with_closures(pipeline: str) -> str:
    """The text of dvc.yaml with each stage's list of modules replaced by its closure."""
    lines: list[str] = []
    stage, in_list = "", False
    for line in pipeline.splitlines():
        name = re.match(r"^  (\w+):$", line)
        stage = name[1] if name else stage
        is_module = re.match(r"^      - (evidrift|stages)/", line) is not None
        if is_module and not in_list:
            lines += [f"      - {path}" for path in sorted(closure(stage))]
        in_list = is_module
        if not is_module:
            lines.append(line)
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the closures, or write them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="into dvc.yaml")
    if parser.parse_args().write:
        file = ROOT / "dvc.yaml"
        file.write_text(with_closures(file.read_text(encoding="utf-8")), encoding="utf-8")
        return
    for path in sorted(ROOT.glob("stages/[a-z]*.py")):
        print(f"{path.stem}:", *sorted(closure(path.stem)), sep="\n      - ")


if __name__ == "__main__":
    main()
