"""What makes no sense is refused before any work: a sample of `python -m tools.torture parameters`."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from evidrift.base.errors import UserError
from evidrift.base.yaml import dump_yaml, read_yaml
from evidrift.params import WRITTEN, WRITTEN_IN_DATA, check
from tests.places import ROOT
from tools.torture import parameters

EVERY = 11  # of the values; the torture takes all


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder; the project is the working folder."""
    monkeypatch.chdir(ROOT)
    return tmp_path


@pytest.mark.parametrize("case", list(parameters.values())[::EVERY], ids=lambda case: case.name)
def test_a_value_that_makes_no_sense_is_refused(case, folder):
    assert parameters.judged(case, folder) == ""


@pytest.mark.parametrize("case", list(parameters.files()), ids=lambda case: case.name)
def test_a_file_that_makes_no_sense_is_refused(case, folder):
    assert parameters.judged(case, folder) == ""


@pytest.mark.parametrize("case", list(parameters.commands()), ids=lambda case: case.name)
def test_a_command_line_that_makes_no_sense_is_refused(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert parameters.judged(case, tmp_path) == ""


CONTENT = read_yaml(ROOT / "profiles" / "tiny.yaml")
PLACES = [place for place, _ in parameters.leaves(CONTENT)]
TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]))
ANYTHING = TEXT | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)


@given(
    st.sampled_from(PLACES), ANYTHING | st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]))
)
@settings(max_examples=100, deadline=None)
def test_any_single_value_is_accepted_or_refused_in_a_sentence(tmp_path_factory, place, value):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(dump_yaml(parameters.changed(CONTENT, place, value)))
    try:
        check(path, files=False)
    except UserError as error:
        assert all(line.isprintable() for line in str(error).splitlines())


def test_whoever_checks_a_source_knows_every_place_that_the_pipeline_writes_to():
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"].values()
    outs = [out for stage in stages for key in ("outs", "metrics", "plots") for out in stage.get(key, [])]
    tops = {(out if isinstance(out, str) else next(iter(out))).split("/")[0] for out in outs}
    assert tops - {"data"} <= set(WRITTEN)
    inside = {out.split("/")[1] for out in outs if isinstance(out, str) and out.startswith("data/")}
    assert inside == set(WRITTEN_IN_DATA)
