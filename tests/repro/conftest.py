"""Two projects, once made with `dvc repro` and once with `evidrift repro`."""

import shutil

import pytest

from tests.repro.project import Project


@pytest.fixture(scope="session")
def empty(tmp_path_factory):
    """A project in which nothing has run, only to be copied."""
    return Project.create(tmp_path_factory.mktemp("repro") / "project")


@pytest.fixture
def project(empty, tmp_path):
    shutil.copytree(empty.path, tmp_path / "project")
    return Project(tmp_path / "project")


@pytest.fixture
def twin(empty, tmp_path):
    shutil.copytree(empty.path, tmp_path / "twin")
    return Project(tmp_path / "twin")
