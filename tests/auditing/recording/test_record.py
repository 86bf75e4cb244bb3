"""The record: three sides in audit.json, its schema, JUnit beside it, a plan filled from audit.json alone."""

import argparse
import csv
import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from evidrift import audit
from evidrift.auditing.recording.filed import schema
from evidrift.base.errors import UserError
from evidrift.cli.audit import add_arguments, run
from tests.auditing.made import network
from tests.places import ROOT
from tests.prepare.films import film, save

pytestmark = pytest.mark.slow

GATE = """\
# written before the model was seen
drift: {mean_at_most: 0.35}
regressed: {at_most: 0.5}
sensitivity_drop_at_most: 0.5
subgroups: {columns: [sex], accuracy_drop_at_most: 0.5}
"""
COLUMNS = ("path", "label", "patient_id", "sex", "age")
N = 24


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """Films in a manifest with sex and age; three models, the first of which is another network."""
    root = tmp_path_factory.mktemp("record")
    with (root / "films.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for number in range(N):
            path = f"{number:02d}.png"
            save(root / path, film(number, 80, 72))
            rows.writerow([path, "abc"[number % 3], f"p{number // 2}", "FM"[number % 2], 10 + 3 * number])
    for name, seed in (("before", 0), ("after", 1)):
        network(seed).save(root / f"{name}.keras")
    network(2, turned=True).save(root / "original.h5")
    (root / "gate.yaml").write_text(GATE)
    return root


@pytest.fixture(scope="module")
def found(root):
    return audit(
        root / "before.keras",
        root / "after.keras",
        root / "films.csv",
        original=root / "original.h5",
        gate=root / "gate.yaml",
        command="evidrift audit --original original.h5 ...",
        out=root / "out",
        quiet=True,
    )


@pytest.fixture(scope="module")
def filed(found, root) -> dict:
    return json.loads((root / "out" / "audit.json").read_text(encoding="utf-8"))


def test_it_keeps_to_its_published_schema(filed):
    published = json.loads((ROOT / "docs" / "audit.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(published)
    jsonschema.validate(filed, published, jsonschema.Draft202012Validator)
    assert published == schema(), "run `python -m tools.audit_schema`"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(filed | {"outcome": "perhaps"}, published)


def test_a_stranger_fills_the_performance_section_of_a_plan_from_it_alone(filed):
    """The items of a change-control plan (FDA, December 2024), each looked up in audit.json by its keys."""
    plan = {}
    # which models, by content
    for part, model in filed["models"].items():
        assert re.fullmatch("[0-9a-f]{64}", model["sha256"])
        plan[part] = f"{model['file']} ({model['format']}, Keras {model['keras']}), {model['classes']}"
    assert set(plan) == {"original 1", "before 1", "after 1"}
    assert plan["original 1"].startswith("original.h5 (whole model (HDF5), Keras 3.")
    # acceptance criteria fixed beforehand: their text, hash and time; how they came out, against both models
    assert filed["gate_file"]["text"] == GATE
    assert filed["gate_file"]["changed"].startswith("20")
    asked = {(limit["name"], limit["against"]): (limit["limit"], limit["verdict"]) for limit in filed["gate"]}
    for name in ("sensitivity_drop_at_most", "subgroups.accuracy_drop_at_most"):
        assert {side for key, side in asked if key == name} == {"before", "original"}
    # performance of each version, overall, by class and by subgroup, each with its interval
    rows = {
        (row["part"], row["group"]["label"], row["group"]["column"], row["group"]["value"]): row
        for row in filed["performance"]
    }
    for part in plan:
        whole = rows[part, None, None, None]
        assert whole["accuracy"]["low"] <= whole["accuracy"]["value"] <= whole["accuracy"]["high"]
        assert whole["calibration_error"]["high"] is not None
        for label in "abc":
            for measure in ("sensitivity", "specificity", "auc"):
                each = rows[part, label, None, None][measure]
                assert each["low"] <= each["value"] <= each["high"]
        for column, value in (("sex", "F"), ("sex", "M"), ("age", "0-17"), ("age", "65+")):
            assert rows[part, None, column, value]["accuracy"]["value"] is not None
            assert rows[part, None, column, value]["group"]["n_patients"] > 0
    # paired differences to the version in use and to the one first cleared
    differences = {
        (row["reference"], row["candidate"]): row["accuracy"]
        for row in filed["differences"]
        if row["group"]["label"] is None and row["group"]["column"] is None
    }
    for reference in ("before 1", "original 1"):
        own = differences[reference, "after 1"]
        levels = [rows[part, None, None, None]["accuracy"]["value"] for part in ("after 1", reference)]
        assert own["value"] == pytest.approx(levels[0] - levels[1], abs=2e-6)
        assert own["low"] <= own["value"] <= own["high"]
    # which films changed sides, and whether chance could share them out so
    for flips in filed["flips"]:
        assert 0 <= flips["p"] <= 1
        assert set(flips["negative"] + flips["positive"]) <= {f"{number:02d}.png" for number in range(N)}
    # the films, what was not looked at, how to go on in service, and with what all this was done
    assert filed["images"]["listed"] == filed["images"]["audited"] + filed["images"]["excluded"]
    assert any("trained on any of these films" in sentence for sentence in filed["not_checked"])
    assert {"share of the films that the model calls a"} <= {each["what"] for each in filed["watch"]}
    assert set(filed["versions"]) == {"evidrift", "python", "tensorflow", "keras", "numpy"}
    assert filed["command"] == "evidrift audit --original original.h5 ..."


def test_the_model_after_is_held_against_the_original_too(filed, found):
    """It lies where the one before had its evidence; both have left the original's."""
    moved = {
        (each["reference"], each["candidate"]): {m["method"]: m["drift"]["value"] for m in each["moved"]}
        for each in filed["comparisons"]
    }
    assert list(moved) == [("before", "after"), ("original", "after"), ("original", "before")]
    assert moved["before", "after"]["layer_cam"] < 0.2 < moved["original", "after"]["layer_cam"]
    outcomes = {(each["reference"], each["candidate"]): each["outcome"] for each in filed["comparisons"]}
    assert outcomes["original", "before"] is None
    by_side = {
        side: {limit["verdict"] for limit in filed["gate"] if limit["against"] == side}
        for side in ("before", "original")
    }
    for side, verdicts in by_side.items():
        assert "failed" not in verdicts or outcomes[side, "after"] in ("failed", "not judged")
    assert found.outcome == filed["outcome"] == "not judged"  # networks that learned nothing
    assert set(found.models.index) == {"original 1", "before 1", "after 1"}
    assert {"accuracy", "auc"} <= set(found.performance["measure"])
    assert set(found.differences["reference"]) == {"before 1", "original 1"}


def test_the_gate_fails_where_the_model_after_has_left_the_original(root, capsys):
    """Before and after are the same file, and still: changes add up."""
    after, films = root / "after.keras", root / "films.csv"
    gate = root / "drift.yaml"
    gate.write_text("drift: {mean_at_most: 0.37}\nunusable_at_most: 0.5\n")
    how = {"gate": gate, "labels": False, "methods": ["layer_cam"], "quiet": True}
    assert audit(after, after, films, **how).outcome == "passed"
    words = ["--original", root / "original.h5", "--before", after, "--after", after, "--images", films]
    words += ["--gate", gate, "--no-labels", "--methods", "layer_cam", "--out", root / "held", "--json"]
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    args = parser.parse_args(list(map(str, words)))
    args.quiet, args.words = True, ["audit", "two words"]
    assert run(args) == 1
    held = json.loads(capsys.readouterr().out)
    assert held == json.loads((root / "held" / "audit.json").read_text())
    assert held["command"] == "evidrift audit 'two words'"
    drift = {
        (each["against"], each["verdict"]) for each in held["gate"] if each["name"] == "drift.mean_at_most"
    }
    assert drift == {("before", "passed"), ("original", "failed")}
    assert held["performance"] == held["differences"] == held["flips"] == []
    assert any("Labels were not given" in sentence for sentence in held["not_checked"])


def test_junit_has_a_case_for_each_limit_by_its_verdict(filed, root):
    suite = ET.parse(root / "out" / "audit.xml").getroot()  # noqa: S314 - our own file
    cases = suite.findall("testcase")
    assert len(cases) == int(suite.get("tests")) == len(filed["gate"])
    elements = {"failed": "failure", "not judged": "error", "passed": "system-out"}
    for case, limit in zip(cases, filed["gate"], strict=True):
        assert case.get("name") == limit["name"]
        assert case.get("classname") == f"gate.against {limit['against']}"
        (inside,) = case
        assert (inside.tag, inside.text) == (elements[limit["verdict"]], limit["reason"])
    verdicts = [limit["verdict"] for limit in filed["gate"]]
    assert int(suite.get("failures")) == verdicts.count("failed")
    assert int(suite.get("errors")) == verdicts.count("not judged")


def test_a_column_that_is_not_there_is_said_before_any_model_is_asked(root):
    with pytest.raises(
        UserError, match=r"`subgroups` names ward, which is no column of the films; there are age"
    ):
        audit(root / "before.keras", root / "after.keras", root / "films.csv", subgroups=["ward"], quiet=True)
