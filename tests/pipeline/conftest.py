"""The tiny study: two clean runs in two folders, built once, serve all tests that need outputs."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.pipeline.workplace import ROOT, Workplace


@pytest.fixture(scope="session")
def tiny_studies(tmp_path_factory):
    """Both runs, and the trace of the modules that the first run's stages loaded."""
    trace = tmp_path_factory.mktemp("trace")

    def build(number):
        place = Workplace.create(tmp_path_factory.mktemp(f"tiny{number}"))
        place.env |= {"PYTHONPATH": str(ROOT / "tests" / "trace"), "EVIDRIFT_TRACE": str(trace)}
        place.output = place.run("dvc", "repro")
        place.commit("run")
        return place

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(build, (1, 2))
    first.trace = trace
    return first, second


@pytest.fixture(scope="session")
def tiny_study(tiny_studies):
    """The first run: only to be read."""
    return tiny_studies[0]


@pytest.fixture
def tiny_copy(tiny_study, tmp_path):
    """A copy of the first run, to be changed."""
    shutil.copytree(tiny_study.path, tmp_path / "study", symlinks=True)
    return Workplace(tmp_path / "study")
