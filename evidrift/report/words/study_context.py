"""What a study's report shows beside its result: images, probe, training curves, the trainings in words."""

import pandas as pd

from evidrift.compare.findings.strategies import strategies_of
from evidrift.compare.study import Study
from evidrift.maps.mapfile import CHECKPOINTS
from evidrift.probe.results import metrics
from evidrift.report.words.summarise import Context

BEFORE, AFTER = "transfer-learned", "fine-tuned"


def study_context(study: Study) -> Context:
    """The context of a study's report."""
    return Context(
        kind="study",
        before=BEFORE,
        after=AFTER,
        labels_known=True,
        images=study.images,
        probe=metrics(study.probe) if study.probe else None,
        histories=_histories(study),
        models={arch: _model_card(study, arch) for arch in study.architectures},
    )


def _histories(study: Study) -> pd.DataFrame:
    tables = []
    for arch in study.architectures:
        for seed in study.seeds:
            for checkpoint in CHECKPOINTS:
                table = study.histories[arch, seed, checkpoint]
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
    if strategy := strategies_of(study.training).get(arch):
        lines.append(("Strategy of fine-tuning", strategy))
    rectified = study.notes[arch].rectified.get(study.layer)
    if rectified is not None:
        lines.append(("Target layer cannot be negative", "yes" if rectified else "no"))
    return lines
