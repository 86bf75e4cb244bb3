"""summary.json is read back as it was written."""

import pytest

from evidrift.compare.result import compare
from evidrift.compare.summary import read_summary
from evidrift.report.words.study_context import study_context
from evidrift.report.words.summarise import summarise
from tests.compare.studies import rules, study_of
from tests.drift.study import architecture
from tests.report.page.made import material

pytestmark = pytest.mark.slow


def test_it_is_read_back_as_it_was_written(tmp_path):
    maps = [architecture(name) for name in ("densenet_mini", "resnetv2_mini")]
    tables = material(tmp_path, *maps).tables
    study = study_of(*maps)
    expected = summarise(study, compare(study, rules()), study_context(study))
    found = read_summary(tables)
    assert found.model_copy(update={"tables": {}}) == expected
    assert "drift.csv" in found.tables  # their checksums, which are known once they are written
    assert len(found.histories["epoch"]) == 2 * 2 * 2 * 2  # architectures, seeds, checkpoints, epochs
    assert found.layer == "penultimate"
