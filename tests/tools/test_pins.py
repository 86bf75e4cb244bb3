"""Packages are installed by version and hash, from lists that fit what is asked for."""

import re

import pytest

from tests.places import ROOT
from tools.pins import ALONE, BUILD, ELSEWHERE, GROUPS, LOCKS, RUNTIME

ENTRY = re.compile(r"^([\w.-]+)==([\w.+!]+)(?: ;[^\\]+)?((?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n", re.M)


def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(group):
    text = (ROOT / LOCKS / f"{group}.txt").read_text(encoding="utf-8")
    rest = ENTRY.sub("", text)
    assert set(rest.splitlines()) <= {
        "# Written by `make pins`: do not edit.",
        f"-r {RUNTIME}.txt",
    }  # no host
    found = {plain(name): version for name, version, _ in ENTRY.findall(text)}
    return found | (locked(RUNTIME) if f"-r {RUNTIME}.txt" in rest else {})


def asked(name):
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    pins = dict(re.findall(r"^([\w.-]+)(?:\[.*\])?==([\w.+!]+)$", "\n".join(lines), flags=re.M))
    above = [line.removeprefix("-r ") for line in lines if line.startswith("-r ")]
    return {plain(each): version for each, version in pins.items()} | {
        key: value for each in above for key, value in asked(each).items()
    }


@pytest.mark.parametrize(("group", "requirements"), [*GROUPS.items(), *ALONE.items()])
def test_the_list_of_each_group_holds_what_its_requirements_ask_for_with_hashes(group, requirements):
    assert asked(requirements).items() <= locked(group).items()


def test_what_builds_comes_first_and_is_what_is_installed_later():
    assert locked("build").keys() == set(BUILD)
    assert locked("build").items() <= locked(RUNTIME).items()


def test_constraints_give_the_same_versions():
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    given = {plain(name): version for name, version in re.findall(r"^([\w.-]+)==([\w.+!]+)", text, re.M)}
    assert given == {name: version for group in GROUPS for name, version in locked(group).items()}


def test_a_build_that_lies_elsewhere_is_of_the_version_that_is_asked_for():
    text = (ROOT / LOCKS / "peers.txt").read_text(encoding="utf-8")
    for pin, sha256 in ELSEWHERE.items():
        assert f"{pin} \\\n" in text
        assert sha256 in text
