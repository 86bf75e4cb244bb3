"""The tiny study: one clean run, built once, serves all tests that need outputs."""

import shutil

import pytest

from tests.pipeline.workplace import ROOT, Workplace


@pytest.fixture(scope="session")
def tiny_study(tmp_path_factory):
    """The run, only to be read, and the trace of the modules that its stages loaded."""
    place = Workplace.create(tmp_path_factory.mktemp("tiny"))
    place.trace = tmp_path_factory.mktemp("trace")
    place.env |= {"PYTHONPATH": str(ROOT / "tests" / "trace"), "EVIDRIFT_TRACE": str(place.trace)}
    place.run("dvc", "repro")
    place.commit("run")
    return place


@pytest.fixture
def tiny_copy(tiny_study, tmp_path):
    """A copy of the run, to be changed."""
    shutil.copytree(tiny_study.path, tmp_path / "study", symlinks=True)
    return Workplace(tmp_path / "study")
