"""What a sentence tells the user to set exists where the user stands: an option, an argument, or a key."""

import inspect
import re

import pytest
import yaml

from evidrift import audit
from evidrift.auditing.deriving import derive_gate
from evidrift.auditing.words import FIXED, SPELLING
from evidrift.base.keys import KEYS, PIPELINE
from evidrift.cli.main import _parser
from evidrift.cli.spelling import FLAGS
from tests.places import ROOT

# Rooms that the pipeline has no part in.
FOREIGN = ("auditing", "foreign", "cli", "demo")


def said() -> dict[str, set[str]]:
    """By parameter, the rooms whose sentences name it."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "evidrift").rglob("*.py"):
        for name in re.findall(r"\bparameter\(\"(\w+)\"\)", path.read_text(encoding="utf-8")):
            found.setdefault(name, set()).add(path.relative_to(ROOT / "evidrift").parts[0])
    return found


def options(command: str) -> set[str]:
    _, _, parser = _parser([command])
    return {name for action in parser._actions for name in action.option_strings}


def reached_by_an_audit() -> list[str]:
    """All but what only the source of a study can be wrong about."""
    return sorted(name for name, rooms in said().items() if rooms != {"prepare"} or name != "manifest")


@pytest.mark.parametrize("name", reached_by_an_audit())
def test_a_command_names_its_own_options_or_says_it_in_words(name):
    told = FLAGS.parameter(name)
    assert told in options("audit") | options("gate") if told.startswith("-") else told == FIXED[name]


@pytest.mark.parametrize("name", reached_by_an_audit())
def test_in_python_a_sentence_names_an_argument_or_says_it_in_words(name):
    arguments = {key for call in (audit, derive_gate) for key in inspect.signature(call).parameters}
    assert name in FIXED or (name in arguments and SPELLING.parameter(name) == f"`{name}`")


def test_the_pipeline_names_keys_of_the_parameter_file():
    content = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    for name, rooms in said().items():
        if not rooms <= set(FOREIGN):
            assert name in KEYS, name
            here = content
            for key in PIPELINE.parameter(name).split("."):
                here = here[key]
