"""S3 and read-only HTTP as real remotes, on loopback: nothing is computed twice, no secret gets out."""

import importlib

import pytest

from tools.torture import servers
from tools.torture.dvc_project import Project

pytest.importorskip("dvc_s3", reason="pip install -r requirements-remotes.txt -c constraints.txt")
for each in ("s3fs", "dvc_http"):  # once, for all forks
    importlib.import_module(each)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    project = Project.made(tmp_path_factory.mktemp("servers") / "finished")
    assert project.repro().code == 0
    project.commit()
    project.ran()
    return project


@pytest.fixture(scope="module")
def endpoint():
    with servers.s3() as endpoint:
        yield endpoint


@pytest.mark.slow
def test_through_s3_nothing_runs_again_and_the_secret_stands_in_config_local_alone(
    finished, endpoint, tmp_path
):
    row = servers.round_trip(finished, tmp_path, endpoint)
    assert row.well, row.note


def test_a_secret_in_a_log_would_be_found(finished, tmp_path):
    project = servers.copied(finished, tmp_path / "project")
    (project.path / ".dvc" / "config.local").write_text(servers.SECRET)
    assert servers.leaks(project) == []
    (project.path / ".dvc" / "tmp" / "a.log").write_text(f"key={servers.SECRET}")
    (project.path / "notes.txt").write_text(servers.SECRET)
    project.commit()
    found = servers.leaks(project)
    assert {"a.log", "notes.txt"} <= {each.rpartition("/")[2] for each in found}
    assert found[-1] == "git"


@pytest.mark.slow
def test_a_folder_behind_a_web_server_is_a_remote_to_pull_from(finished, tmp_path):
    row = servers.read_only(finished, tmp_path)
    assert row.well, row.note
