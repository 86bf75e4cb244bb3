"""Taking a profile as params.yaml never loses an edit, and never stands in the way of one."""

import errno
import os
import re
import shutil
import subprocess
from pathlib import Path

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
    (tmp_path / ".gitignore").write_text("/scratch/\n")
    subprocess.run(["git", "init", "--quiet"], check=True)
    commit("start")
    return tmp_path


def commit(message: str) -> None:
    subprocess.run([*GIT, "add", "--all"], check=True)
    subprocess.run([*GIT, "commit", "--quiet", "--message", message], check=True)


def edit(name: str, text: str) -> None:
    Path(name).write_text(text)


def params() -> str:
    return Path("params.yaml").read_text()


def refused(name: str) -> str:
    """The sentence; what was edited is still there."""
    before = params()
    with pytest.raises(UserError) as told:
        use(name)
    assert params() == before
    return str(told.value)


def test_a_profile_replaces_committed_parameters_and_another_profile(project):
    use("small")
    assert params() == "small: 1\n"
    use("large")
    assert params() == "large: 1\n"


def test_a_profile_is_edited_and_run_again_and_again_without_a_commit(project):
    edit("profiles/mine.yaml", "mine: 1\n")
    for value in (1, 2, 3):
        edit("profiles/mine.yaml", f"mine: {value}\n")
        use("mine")
        assert params() == f"mine: {value}\n"
    edit("profiles/mine.yaml", "mine: 4\n")
    use("large")  # params.yaml still is the copy of an earlier text of another profile
    assert params() == "large: 1\n"
    use("mine")
    assert params() == "mine: 4\n"


def test_an_edit_by_hand_is_kept_and_the_advice_loses_neither_it_nor_the_profile(project):
    use("small")
    edit("params.yaml", "small: by hand\n")
    edit("profiles/small.yaml", "small: 2\n")
    edit("profiles/small_2.yaml", "another\n")
    told = refused("small")
    assert "holds edits that are in no profile and no commit" in told
    source, target = re.search(r"`cp (\S+) (\S+)`", told).groups()
    assert not (project / target).exists()
    shutil.copy2(source, target)
    use("small")
    assert params() == "small: 2\n"
    assert (project / target).read_text() == "small: by hand\n"
    assert (project / "profiles" / "small_2.yaml").read_text() == "another\n"


def test_an_edit_of_committed_parameters_is_kept_until_it_is_committed(project):
    edit("params.yaml", "own: 2\n")
    refused("small")
    subprocess.run([*GIT, "add", "--all"], check=True)
    refused("small")  # the next `git add` would lose it
    commit("own")
    use("small")


def test_what_an_earlier_commit_a_stash_or_an_experiment_holds_may_be_replaced(project):
    edit("params.yaml", "own: 2\n")
    commit("second")
    edit("params.yaml", "own: 1\n")
    use("small")

    edit("params.yaml", "stashed\n")
    subprocess.run([*GIT, "stash", "--quiet"], check=True)
    edit("params.yaml", "stashed\n")
    use("small")

    edit("params.yaml", "of an experiment\n")  # DVC keeps one as a commit under refs/exps
    refused("small")
    tree = (
        "GIT_INDEX_FILE=scratch/index git read-tree HEAD && GIT_INDEX_FILE=scratch/index git add params.yaml"
    )
    shell = f"{tree} && GIT_INDEX_FILE=scratch/index git write-tree"
    tree_id = subprocess.run(shell, shell=True, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S602
    made = subprocess.run(
        [*GIT, "commit-tree", tree_id, "-p", "HEAD", "-m", "experiment"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    subprocess.run(["git", "update-ref", "refs/exps/aa/bb/name", made], check=True)
    use("small")


def test_without_git_and_without_what_was_copied_last_an_edit_is_kept_all_the_same(project):
    use("small")
    shutil.rmtree(project / ".git")
    edit("profiles/small.yaml", "small: 2\n")
    use("small")
    edit("profiles/small.yaml", "small: 3\n")
    shutil.rmtree(project / "scratch")
    refused("small")


def test_an_unknown_profile_lists_those_that_exist(project):
    with pytest.raises(UserError, match=r"There is no profile tiny. There are: large, small."):
        use("tiny")


def test_ten_seeds_is_the_default_study_but_for_its_seeds():
    files = ("params.yaml", "profiles/ten_seeds.yaml")
    default, ten = (yaml.safe_load((ROOT / file).read_text(encoding="utf-8")) for file in files)
    assert ten["grid"].pop("seeds") == list(range(1, 11))
    assert default["grid"].pop("seeds") == [1, 2, 3]
    assert ten == default


def test_a_full_disk_leaves_what_was_there(project, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            use("small")
    assert params() == "own: 1\n"
    assert sorted(path.name for path in project.iterdir() if path.is_file()) == [".gitignore", "params.yaml"]
    use("large")
    assert params() == "large: 1\n"
