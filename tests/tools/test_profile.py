"""Taking a profile as params.yaml never loses changes."""

import subprocess

import pytest
import yaml

from evidrift.base.errors import UserError
from tests.pipeline.workplace import GIT
from tests.places import ROOT
from tools.profile import use


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "small.yaml").write_text("small: 1\n")
    (tmp_path / "profiles" / "large.yaml").write_text("large: 1\n")
    (tmp_path / "params.yaml").write_text("own: 1\n")
    subprocess.run(["git", "init", "--quiet"], check=True)
    subprocess.run([*GIT, "add", "--all"], check=True)
    subprocess.run([*GIT, "commit", "--quiet", "--message", "start"], check=True)
    return tmp_path


def test_a_profile_replaces_committed_parameters_and_another_profile(project):
    use("small")
    assert (project / "params.yaml").read_text() == "small: 1\n"
    use("large")
    assert (project / "params.yaml").read_text() == "large: 1\n"


def test_uncommitted_changes_are_not_overwritten(project):
    (project / "params.yaml").write_text("own: 2\n")
    with pytest.raises(UserError, match=r"params.yaml has uncommitted changes, which the profile small"):
        use("small")
    assert (project / "params.yaml").read_text() == "own: 2\n"


def test_an_unknown_profile_lists_those_that_exist(project):
    with pytest.raises(UserError, match=r"There is no profile tiny. There are: large, small."):
        use("tiny")


def test_ten_seeds_is_the_default_study_but_for_its_seeds():
    files = ("params.yaml", "profiles/ten_seeds.yaml")
    default, ten = (yaml.safe_load((ROOT / file).read_text(encoding="utf-8")) for file in files)
    assert ten["grid"].pop("seeds") == list(range(1, 11))
    assert default["grid"].pop("seeds") == [1, 2, 3]
    assert ten == default
