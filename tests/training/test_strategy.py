"""Strategies by name: found, refused with a hint, typed; and the stamp that fine-tuning depends on."""

import ast
import hashlib
from types import ModuleType

import pytest

from evidrift.base.errors import UserError
from evidrift.strategies import wise
from evidrift.training import strategy
from evidrift.training.strategy import find_strategy, load_strategy, names, stamp, strategy_of
from tests.places import ROOT


def test_strategies_are_the_files_of_their_folder():
    files = {path.stem for path in (ROOT / "evidrift/strategies").glob("*.py")} - {"__init__"}
    assert set(names()) == files
    assert {"plain", "wise", "maps"} <= files


@pytest.mark.parametrize("name", names())
def test_each_says_what_it_is_and_imports_no_tensorflow_by_itself(name):
    module = find_strategy(name)
    assert isinstance(module.DIAL, bool)
    assert hasattr(module, "treat" if module.TRAINS else "blend")
    lines = (ROOT / f"evidrift/strategies/{name}.py").read_text().splitlines()
    assert not [
        line for line in lines if line.startswith(("import keras", "import tensorflow", "from keras"))
    ]


@pytest.mark.parametrize("name", names())
def test_what_each_imports_of_evidrift_lies_in_rooms_that_treat_lists_and_has_loaded(name):
    """The stamp knows the file alone, treat's dependencies these rooms: nothing else is seen to change."""
    rooms = set()
    for node in ast.walk(ast.parse((ROOT / f"evidrift/strategies/{name}.py").read_text())):
        modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        assert not (isinstance(node, ast.ImportFrom) and node.level), "a relative import"
        rooms |= {module.split(".")[1] for module in modules if module.startswith("evidrift.")}
        assert "evidrift" not in modules
    assert rooms <= {"base", "networks", "training"}
    assert "base" in rooms


def test_a_misspelt_one_is_refused_with_the_likely_one():
    with pytest.raises(UserError, match=r"wize is not a strategy of fine-tuning\. Did you mean wise\?"):
        find_strategy("wize")


@pytest.mark.parametrize(
    ("defined", "lacking"),
    [
        ({}, "DIAL, TRAINS, Params, treat"),
        ({"DIAL": False, "TRAINS": True, "Params": None, "blend": None}, "treat"),
        ({"DIAL": False, "TRAINS": False, "Params": None, "treat": None}, "blend"),
    ],
)
def test_a_file_that_lacks_something_is_told_what(monkeypatch, tmp_path, defined, lacking):
    (tmp_path / "mine.py").touch()
    module = ModuleType("mine")
    vars(module).update(defined)
    monkeypatch.setattr(strategy, "STRATEGIES", tmp_path)
    monkeypatch.setattr(strategy, "import_module", lambda name: module)
    with pytest.raises(UserError, match=rf"evidrift/strategies/mine\.py does not define {lacking}\. docs"):
        find_strategy("mine")


def test_its_parameters_are_its_own():
    chosen = strategy_of({"wise": {"share": 0.25}}, "", ("finetune", "a", "strategy"))
    assert (chosen.name, chosen.module, chosen.params) == ("wise", wise, wise.Params(share=0.25))
    with pytest.raises(UserError, match=r"finetune\.a\.strategy\.wise\.shar is not a parameter\. Did you"):
        strategy_of({"wise": {"shar": 0.25, "share": 1}}, "", ("finetune", "a", "strategy"))


def test_a_strength_is_a_section_of_its_own(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text("strategies: {wise: {low: {share: 0.75}, high: {share: 0.5}}}\n")
    assert load_strategy(path, "wise", "high").params == wise.Params(share=0.5)
    with pytest.raises(UserError, match=r"strategies\.wise\.top is missing\. Present beside it: high, low"):
        load_strategy(path, "wise", "top")


def test_the_stamp_is_the_name_and_the_file_s_hash():
    content = (ROOT / "evidrift/strategies/plain.py").read_bytes()
    assert stamp("plain") == f"plain {hashlib.sha256(content).hexdigest()}\n"
    assert stamp("wise") != stamp("plain")
