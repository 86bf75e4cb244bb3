"""Everything that a report is made of, of made-up studies."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from evidrift.drift.source import ArchitectureMaps
from evidrift.report.html.material import ReportFiles
from evidrift.report.html.study_context import study_context
from evidrift.report.html.summary import Context, write_summary
from evidrift.stats.compare import compare
from evidrift.stats.output import write_tables
from tests.report.test_figures import write_histories, write_images, write_map_files
from tests.stats.studies import files_of, rules, study_of

HOSTILE = "</script><script>alert(1)</script>\"'&.png"
HOSTILE_CLASS = "<img src=x onerror=alert(2)>"


def material(folder: Path, *maps: ArchitectureMaps, context: Context | None = None) -> ReportFiles:
    """Writes a study's material; `context` in the place of the study's own."""
    study = study_of(folder / "study", *maps)
    for each in maps:
        write_map_files(folder / "maps" / each.architecture, each, "cam")
        write_histories(folder / "plots", each)
    write_images(folder / "store.h5", maps[0])
    result = compare(study, rules())
    files = files_of(folder / "study")
    if context is None:
        histories = (folder / "plots" / "train_tl", folder / "plots" / "finetune")
        context = study_context(study, files.prepared, files.probe, histories)
    write_tables(folder / "tables", result)
    write_summary(folder / "tables", study, result, context)
    return ReportFiles(folder / "tables", files.drift, folder / "maps", folder / "store.h5")


def hostile(maps: ArchitectureMaps) -> ArchitectureMaps:
    """The same with an image and a class whose names would like to be markup."""
    ids = np.array([HOSTILE, *maps.image_ids[1:]])
    return replace(maps, image_ids=ids, classes=(HOSTILE_CLASS, *maps.classes[1:]))


def payload(page: str, name: str) -> dict:
    """The JSON that a page embeds under a name."""
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])
