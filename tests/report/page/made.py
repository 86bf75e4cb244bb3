"""Everything that a report is made of, of made-up studies."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from evidrift.base.table import write_table
from evidrift.compare.output import write_tables
from evidrift.compare.result import compare
from evidrift.drift.source import ArchitectureMaps
from evidrift.drift.table import build
from evidrift.drift.tables import PAIRS
from evidrift.report.page.material import ReportFiles
from evidrift.report.words.answers import Audited
from evidrift.report.words.study_context import study_context
from evidrift.report.words.summarise import Context, write_summary
from tests.compare.studies import rules, study_of
from tests.drift.study import PARAMS
from tests.report.figures.test_figures import write_images, write_map_files
from tests.report.page import records

HOSTILE = "</script><script>alert(1)</script>\"'&.png"
HOSTILE_CLASS = "<img src=x onerror=alert(2)>"


def material(folder: Path, *maps: ArchitectureMaps, context: Context | None = None) -> ReportFiles:
    """Writes a study's material; `context` in the place of the study's own."""
    study = study_of(*maps)
    for each in maps:
        write_map_files(folder / "maps" / each.architecture, each, "cam")
        columns, _, notes = build(each, PARAMS)
        write_table(folder / "drift" / each.architecture / PAIRS, columns, vars(notes))
    write_images(folder / "store.h5", maps[0])
    result = compare(study, rules())
    tables = write_tables(folder / "tables", result)
    write_summary(folder / "tables", tables, study, result, context or study_context(study))
    return ReportFiles(folder / "tables", folder / "drift", folder / "maps", folder / "store.h5")


def audit_context(**change: Any) -> Context:
    """Of an audit whose gate failed; `change` in the place of its own parts."""
    context = Context(
        kind="audit",
        before="before",
        after="after",
        labels_known=True,
        images={"source": "folder", "images_in": 7, "kept": 6, "excluded": {"unreadable": 1}},
        gate=records.gate(),
        audited=Audited("By LayerCAM the evidence moved.", "supported", "failed"),
        models={"densenet_mini": [("Model before", "<old>.keras")]},
        parameters={"methods": ["layer_cam"]},
    )
    return replace(context, **change)


def hostile(maps: ArchitectureMaps) -> ArchitectureMaps:
    """The same with an image and a class whose names would like to be markup."""
    ids = np.array([HOSTILE, *maps.image_ids[1:]])
    return replace(maps, image_ids=ids, classes=(HOSTILE_CLASS, *maps.classes[1:]))


def payload(page: str, name: str) -> dict:
    """The JSON that a page embeds under a name."""
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])
