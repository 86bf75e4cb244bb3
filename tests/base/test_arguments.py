"""A stage's options: the item of the grid reaches them quoted, and fills in their paths."""

import sys

import pytest

from evidrift.base import arguments as module
from evidrift.base.arguments import arguments
from evidrift.base.errors import UserError

ITEM = ["--arch", "densenet_mini", "--seed", "7", "--family", "cam"]


@pytest.fixture
def given(monkeypatch):
    """Reads options, as a stage of the whole grid has them."""
    monkeypatch.setattr(module, "require", lambda compute: None)
    monkeypatch.setattr(module, "load_compute", lambda path: None)

    def read(*words):
        monkeypatch.setattr(sys, "argv", ["stage", *words, "--params", "params.yaml"])
        return arguments("A stage.", ("architecture", "seed", "family", "params"), maps="to write")

    return read


def test_the_item_is_filled_into_paths_and_nothing_else_is(given):
    args = given(*ITEM, "--maps", "maps/@arch/@seed-@family.h5/@archer/@other")
    assert (args.architecture, args.seed, args.family) == ("densenet_mini", 7, "cam")
    assert str(args.maps) == "maps/densenet_mini/7-cam.h5/@archer/@other"


@pytest.mark.parametrize(
    "seed", ["1; touch x", "../1", "01", "-1", "1.0", "1_0", "+1", " 1", "1\n", "", "٣", "4294967296"]
)
def test_what_is_no_seed_is_refused(given, seed):
    with pytest.raises(UserError, match="must be a whole number from 0 to 4294967295"):
        given("--arch", "a", f"--seed={seed}", "--family", "cam", "--maps", "@seed")


@pytest.mark.parametrize("name", ["../x", "a/b", "a b", "A", "", "a\n", "$(x)", "7", ".", "None\x1b[31m"])
def test_what_is_no_name_is_refused(given, name):
    for words in (("--arch", "a", f"--family={name}"), (f"--arch={name}", "--family", "cam")):
        with pytest.raises(UserError, match="must be a name of small letters") as told:
            given("--seed", "1", "--maps", "@arch", *words)
        assert str(told.value).isprintable()


def test_a_strategy_and_its_strength_are_filled_in_too(monkeypatch):
    monkeypatch.setattr(module, "require", lambda compute: None)
    monkeypatch.setattr(module, "load_compute", lambda path: None)
    words = [
        "--arch",
        "a",
        "--strategy",
        "wise",
        "--strength",
        "low",
        "--params",
        "p",
        "--maps",
        "m/@arch/@strategy-@strength",
    ]
    monkeypatch.setattr(sys, "argv", ["stage", *words])
    args = arguments("A stage.", ("architecture", "strategy", "strength", "params"), maps="to write")
    assert str(args.maps) == "m/a/wise-low"
    assert args.item == ("a", "wise", "low")
