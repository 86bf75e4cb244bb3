"""What a study's report shows beside its result: images, probe, training curves, the trainings in words."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from evidrift.attribution.mapfile import CHECKPOINTS
from evidrift.report.html.summary import Context
from evidrift.stats.study import Study

BEFORE, AFTER = "transfer-learned", "fine-tuned"


def study_context(study: Study, prepared: Path, probe: Path, histories: tuple[Path, Path]) -> Context:
    """The context of a study's report.

    Args:
        study: that was compared.
        prepared: prepare's metrics.
        probe: the probe's metrics.
        histories: folders of the training histories of `tl` and of `ft`.
    """
    return Context(
        kind="study",
        before=BEFORE,
        after=AFTER,
        labels_known=True,
        images=_read(prepared),
        probe=_read(probe),
        histories=_histories(study, histories),
        models={arch: _model_card(study, arch) for arch in study.architectures},
    )


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def _histories(study: Study, folders: tuple[Path, Path]) -> pd.DataFrame:
    tables = []
    for arch in study.architectures:
        for seed in study.seeds:
            for checkpoint, folder in zip(CHECKPOINTS, folders, strict=True):
                table = pd.read_csv(folder / f"{arch}-{seed}.csv")
                kept = table["epoch"] == study.training[arch, seed, checkpoint]["epoch"]
                tables.append(table.assign(arch=arch, seed=seed, checkpoint=checkpoint, kept=kept))
    return pd.concat(tables, ignore_index=True)


def _model_card(study: Study, arch: str) -> list[tuple[str, str]]:
    """What only the trainings know; the report adds what the map files say."""
    lines = []
    for checkpoint, words in zip(CHECKPOINTS, ("transfer learning", "fine-tuning"), strict=True):
        own = [study.training[arch, seed, checkpoint] for seed in study.seeds]
        epochs = ", ".join(str(each["epoch"]) for each in own)
        lines.append((f"Epoch kept of {words}, by seed", epochs))
    rectified = study.notes[arch].rectified.get(study.layer)
    if rectified is not None:
        lines.append(("Target layer cannot be negative", "yes" if rectified else "no"))
    return lines
