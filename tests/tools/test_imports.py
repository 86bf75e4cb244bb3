"""What benchmarks and tools import from the project is there: no test runs most of them."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.places import ROOT

PROJECT = ("evidrift", "benchmarks", "tools", "tests")


def place(module: str) -> Path | None:
    """The file of a module, or the folder of a package without one."""
    path = ROOT.joinpath(*module.split("."))
    for file in (path / "__init__.py", path.with_suffix(".py")):
        if file.exists():
            return file
    return path if path.is_dir() else None


@cache
def names(file: Path) -> set[str]:
    """What a module binds, and what every module has."""
    found = {"__path__", "__file__", "__doc__"}
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found


def missing(source: str) -> Iterator[str]:
    """What a module's text imports from the project and is not there, inside functions too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
            yield from (name for name in modules if name.split(".")[0] in PROJECT and not place(name))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in PROJECT:
            module = str(node.module)
            file = place(module)
            known = names(file) if file and file.is_file() else set()
            for alias in node.names:
                if not file or not (alias.name in known or place(f"{module}.{alias.name}")):
                    yield f"{module}.{alias.name}"


@pytest.mark.parametrize("folder", ["benchmarks", "tools"])
def test_what_is_imported_from_the_project_is_there(folder):
    files = sorted((ROOT / folder).rglob("*.py"))
    found = {file.name: gone for file in files if (gone := list(missing(file.read_text(encoding="utf-8"))))}
    assert files
    assert not found


def test_what_has_moved_is_found():
    source = "import evidrift.gone\nfrom evidrift.attribution.layers import resolve\nimport numpy.gone\n"
    source += "from evidrift.base.seeds import stream, gone\nfrom evidrift.networks.target import layers\n"
    assert list(missing(source)) == [
        "evidrift.gone",
        "evidrift.attribution.layers.resolve",
        "evidrift.base.seeds.gone",
    ]
