"""summary.json is read back as it was written."""

import pytest

from evidrift.report.html.study_context import study_context
from evidrift.report.html.summary import read_summary, summarise
from evidrift.stats.compare import compare
from tests.drift.study import architecture
from tests.report.html.made import material
from tests.stats.studies import files_of, rules, study_of

pytestmark = pytest.mark.slow


def test_it_is_read_back_as_it_was_written(tmp_path):
    maps = [architecture(name) for name in ("densenet_mini", "resnetv2_mini")]
    tables = material(tmp_path, *maps).tables
    study, files = study_of(tmp_path / "study", *maps), files_of(tmp_path / "study")
    histories = (tmp_path / "plots/train_tl", tmp_path / "plots/finetune")
    expected = summarise(
        study, compare(study, rules()), study_context(study, files.prepared, files.probe, histories)
    )
    found = read_summary(tables)
    assert found == expected
    assert len(found.histories["epoch"]) == 2 * 2 * 2 * 2  # architectures, seeds, checkpoints, epochs
    assert found.layer == "penultimate"
