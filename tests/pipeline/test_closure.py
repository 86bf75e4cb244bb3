"""dvc.yaml's code dependencies are exactly what each stage imports."""

import ast
import json

import pytest
import yaml

from tests.pipeline.workplace import ROOT
from tools.closure import closure

STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]


@pytest.mark.parametrize("stage", STAGES)
def test_the_listed_modules_are_the_import_closure(stage):
    listed = [dep for dep in STAGES[stage]["deps"] if dep.startswith(("evidrift/", "stages/"))]
    assert listed == sorted(closure(stage)), "run `python -m tools.closure --write`"


def test_every_stage_script_is_a_stage_and_the_other_way_round():
    assert {path.stem for path in ROOT.glob("stages/[a-z]*.py")} == set(STAGES)


def test_init_files_are_empty_but_for_the_lazy_audit_so_that_they_need_not_be_listed():
    """`from evidrift import audit` is made when it is asked for; no stage does."""
    filled = [path for path in ROOT.glob("evidrift/**/__init__.py") if path.read_text().strip()]
    assert filled == [ROOT / "evidrift" / "__init__.py"]
    outside = (
        node
        for node in ast.parse(filled[0].read_text()).body
        if isinstance(node, ast.ImportFrom | ast.Import)
    )
    assert [ast.unparse(node) for node in outside] == ["from typing import TYPE_CHECKING, Any"]


def traces(study):
    return [json.loads(path.read_text()) for path in sorted(study.trace.glob("*.json"))]


@pytest.mark.slow
def test_what_a_running_stage_loads_is_listed(tiny_study):
    seen = set()
    for trace in traces(tiny_study):
        stage = trace["argv"][0].rsplit("/", 1)[-1].removesuffix(".py")
        seen.add(stage)
        values = dict(zip(trace["argv"][1::2], trace["argv"][2::2], strict=False))
        listed = {
            dep.replace("${item.arch}", values.get("--architecture", "")).replace(
                "${item.family}", values.get("--family", "")
            )
            for dep in STAGES[stage]["deps"]
        }
        loaded = {
            name.replace(".", "/") + ".py"
            for name in trace["modules"]
            if name.split(".")[0] in ("evidrift", "stages")
        }
        loaded = {path for path in loaded if (ROOT / path).exists()}  # packages have no such file
        missing = {path for path in loaded if not {path, path.rpartition("/")[0]} & listed}
        assert not missing, f"{stage} loads what dvc.yaml does not list: {sorted(missing)}"
    assert seen == set(STAGES)


@pytest.mark.slow
def test_prepare_probe_drift_compare_and_report_never_load_tensorflow(tiny_study):
    for stage in ("prepare", "probe", "drift", "compare", "report"):
        loaded = [trace for trace in traces(tiny_study) if trace["argv"][0].endswith(f"{stage}.py")]
        assert loaded
        for trace in loaded:
            assert not {"tensorflow", "keras"} & set(trace["modules"])
