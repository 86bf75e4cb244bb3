"""The house: which room stands on which, and what of it each stage of the pipeline says it depends on."""

import ast
import json
import sys
from pathlib import Path

import pytest
import yaml

from tests.places import ROOT

# Lowest first: a room imports from the floors below its own. Rooms of one floor do not know each other.
FLOORS = (
    ("base",),
    ("images", "networks", "maps"),
    ("measures", "zoo", "prepare", "probe", "training", "attribution"),
    ("drift", "families", "check", "reliance", "foreign", "strategies"),
    ("trajectory", "claims", "judge"),
    ("compare",),
    ("tradeoff",),
    ("report", "params", "repro"),
    ("auditing",),
    ("demo",),
    ("cli", "stages", "tools", "benchmarks"),
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
OUTSIDE = ("stages", "tools", "benchmarks")  # of the package
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
LAZY = ROOT / "evidrift" / "__init__.py"


def room_of(module: str) -> str | None:
    """The room of a module of this project; None for others, and for the package itself."""
    package, *rest = module.split(".")
    if package == "evidrift":
        return rest[0] if rest else None
    return package if package in OUTSIDE else None


def imports() -> list[tuple[str, str, str]]:
    """(file, its room, the room it imports from), of every import in the project, inside functions too."""
    found = []
    for path in (each for folder in ("evidrift", *OUTSIDE) for each in (ROOT / folder).rglob("*.py")):
        file = path.relative_to(ROOT).as_posix()
        room = room_of(file.removesuffix(".py").replace("/", "."))
        if room not in FLOOR:  # evidrift/__init__.py and __main__.py
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            found += [(file, room, other) for other in map(room_of, modules) if other not in (None, room)]
    return found


def test_every_room_has_its_floor():
    folders = {path.parent.name for path in ROOT.glob("evidrift/*/__init__.py")}
    modules = {path.stem for path in ROOT.glob("evidrift/[a-z]*.py")}
    assert folders | modules == set(FLOOR) - set(OUTSIDE)


def test_imports_run_downwards_only():
    found = imports()
    assert len(found) > 500
    assert [
        f"{file} imports from {other}" for file, room, other in found if FLOOR[other] >= FLOOR[room]
    ] == []


def places_of(stage: str) -> list[str]:
    return [dep for dep in STAGES[stage]["deps"] if dep.startswith(("evidrift/", "stages/"))]


def test_every_stage_script_is_a_stage_and_depends_on_itself():
    assert {path.stem for path in ROOT.glob("stages/[a-z]*.py")} == set(STAGES)
    assert all(f"stages/{stage}.py" in places_of(stage) for stage in STAGES)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_pins_its_process_before_it_imports_anything_else_and_depends_on_how_it_computes(stage):
    nodes = ast.parse((ROOT / "stages" / f"{stage}.py").read_text()).body
    names = [ast.unparse(node) for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    others = (name for name in names if name.split()[1].partition(".")[0] not in sys.stdlib_module_names)
    assert next(others) == "import evidrift.base.pinned"
    assert "compute" in STAGES[stage]["params"]


@pytest.mark.parametrize("stage", STAGES)
def test_what_a_stage_lists_is_there(stage):
    for place in places_of(stage):
        example = place.replace("${item.arch}", "densenet_mini").replace("${item.family}", "cam")
        assert (ROOT / example).exists()


def test_the_pipeline_is_a_page():
    assert len((ROOT / "dvc.yaml").read_text().splitlines()) <= 420


def test_init_files_are_empty_but_for_the_lazy_audit_so_that_they_need_not_be_listed():
    """`from evidrift import audit` is made when it is asked for; no stage does."""
    filled = [path for path in ROOT.glob("evidrift/**/__init__.py") if path.read_text().strip()]
    assert filled == [LAZY]
    body = ast.parse(LAZY.read_text()).body
    outside = [node for node in body if isinstance(node, ast.ImportFrom | ast.Import)]
    assert [ast.unparse(node) for node in outside] == ["from typing import TYPE_CHECKING, Any"]


def traces(study) -> list[dict]:
    """What each process of a stage was called with, and the modules that it had loaded in the end."""
    return [json.loads(path.read_text()) for path in sorted(study.trace.glob("*.json"))]


def stage_of(trace: dict) -> str:
    return Path(trace["argv"][0]).stem


@pytest.mark.slow
def test_each_module_that_a_running_stage_loads_lies_in_a_place_that_it_lists(tiny_study):
    for trace in traces(tiny_study):
        values = dict(zip(trace["argv"][1::2], trace["argv"][2::2], strict=False))
        arch, family = values.get("--arch", ""), values.get("--family", "")
        listed = [
            place.replace("${item.arch}", arch).replace("${item.family}", family)
            for place in places_of(stage_of(trace))
        ]
        files = {f"{name.replace('.', '/')}.py" for name in trace["modules"] if room_of(name) in FLOOR}
        loaded = {file for file in files if (ROOT / file).exists()}  # packages have no such file
        astray = {
            file
            for file in loaded
            if not any(file == place or file.startswith(f"{place}/") for place in listed)
        }
        assert not astray, f"{stage_of(trace)} loads what dvc.yaml does not list: {sorted(astray)}"
    assert {stage_of(trace) for trace in traces(tiny_study)} == set(STAGES)


@pytest.mark.slow
def test_prepare_probe_drift_compare_and_report_never_load_tensorflow(tiny_study):
    for stage in ("prepare", "probe", "drift", "compare", "report"):
        loaded = [trace for trace in traces(tiny_study) if stage_of(trace) == stage]
        assert loaded
        for trace in loaded:
            assert not {"tensorflow", "keras"} & set(trace["modules"])
