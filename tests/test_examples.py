"""The examples in docstrings are run as they are printed."""

import doctest
from importlib import import_module

import pytest

from tests.attribution.small import prepare, small_classifier, small_pixels, small_targets
from tests.auditing.made import network, write_films
from tests.maps.test_mapfile import write
from tests.places import ROOT
from tests.reliance.films import films

FILES = [
    path
    for path in sorted((ROOT / "evidrift").rglob("*.py"))
    if "Example:" in path.read_text(encoding="utf-8")
]
MODULES = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in FILES]


def examples(module):
    """A test for each docstring that has examples."""
    return [test for test in doctest.DocTestFinder().find(import_module(module)) if test.examples]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """What the examples find beside them."""
    for seed, name in enumerate(("old.keras", "new.keras")):
        network(seed).save(tmp_path / name)
    for path in write_films(tmp_path / "labelled").rglob("*.png"):
        (tmp_path / "films").mkdir(exist_ok=True)
        path.rename(tmp_path / "films" / path.name)
    (tmp_path / "gate.yaml").write_text("drift: {mean_at_most: 0.5}\nunusable_at_most: 0.5\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("module", MODULES)
def test_examples_do_what_they_say(module, folder):
    names = {"classifier": small_classifier(), "prepare": prepare}
    names |= {"pixels": small_pixels(), "targets": small_targets(), "path": write(folder / "maps.h5")}
    names["images"] = films()
    for test in examples(module):
        test.globs |= names
        said = []
        failed, _ = doctest.DocTestRunner().run(test, out=said.append)
        assert not failed, "".join(said)


def test_no_example_is_left_out():
    written = sum(path.read_text(encoding="utf-8").count("Example:") for path in FILES)
    assert written == sum(len(examples(module)) for module in MODULES) >= 3
