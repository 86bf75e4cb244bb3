"""A fault at some of all writes, see tools/torture/writes.py: `python -m tools.torture writes` tries each."""

import pytest

from evidrift.base.errors import UserError
from tools.torture.runner import Runner
from tools.torture.study import Study
from tools.torture.writes import SMALL, Trial, shim


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    try:
        return shim(tmp_path_factory.mktemp("shim"))
    except UserError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def study(tiny_study):
    return Study(tiny_study.path)


@pytest.fixture(scope="module")
def runner(study, library):
    with Runner(study, {"LD_PRELOAD": str(library)}) as runner:
        yield runner


def first(study, kind):
    return next(stage for stage in study.stages if stage.kind == kind)


@pytest.mark.slow
@pytest.mark.parametrize("kind", SMALL)
def test_whichever_step_fails_or_is_the_last_nothing_is_wrong_and_the_next_run_mends_it(
    study, runner, tmp_path, kind
):
    for row in Trial(study, runner, first(study, kind), tmp_path).rows(few=2):
        assert row.well, row


@pytest.mark.slow
def test_half_an_output_under_its_own_name_would_be_found(study, tmp_path):
    stage = first(study, "drift")
    place = study.place(tmp_path / "place", stage)
    assert study.wrong(place, stage) == []
    (place / "data/drift/inception_mini").mkdir(parents=True)
    (place / "data/drift/inception_mini/pairs.parquet").write_bytes(b"half")
    assert study.wrong(place, stage) == ["data/drift/inception_mini/pairs.parquet"]
    (place / "data/drift/inception_mini/pairs.parquet").rename(
        place / "data/drift/inception_mini/.partial-pairs.parquet"
    )
    assert study.wrong(place, stage) == []
    assert "data/drift/inception_mini/pairs.parquet" in study.differing(place, stage)
