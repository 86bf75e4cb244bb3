"""The data card, the probe, the model cards, and how to reproduce it all."""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from evidrift.maps.mapfile import CHECKPOINTS
from evidrift.report.page.material import Material
from evidrift.report.words.cells import (
    DASH,
    Cell,
    Column,
    TableView,
    count,
    interval,
    number,
    run_word,
    table,
)

PROBES = {
    "thumbnails": "thumbnails of 16 x 16 pixels",
    "traits": "traits of the acquisition: shape, border, histogram",
    "source": "the image's source",
}


def split_table(material: Material) -> TableView | None:
    """Images and patients by class and split."""
    images = material.summary.images
    splits: Mapping[str, Mapping[str, int]] = images.get("splits", {})
    patients = images.get("patients", {})
    if not splits:
        return None
    classes = list(dict.fromkeys(name for counts in splits.values() for name in counts))
    lines = [
        [Cell(name, "name"), *(_counted(splits, patients, split, [name]) for split in splits)]
        for name in classes
    ]
    lines.append([Cell("all", "name"), *(_counted(splits, patients, split, classes) for split in splits)])
    told = "; patients in brackets" if any("(" in cell.text for line in lines for cell in line) else ""
    columns = [Column("Class"), *(Column(split, numeric=True) for split in splits)]
    return table(f"Images by class and split{told}", columns, lines)


def _counted(
    splits: Mapping[str, Mapping[str, int]],
    patients: Mapping[str, Mapping[str, int]],
    split: str,
    classes: list[str],
) -> Cell:
    n_images, n_patients = (
        sum(counts.get(split, {}).get(name, 0) for name in classes) for counts in (splits, patients)
    )
    told = f" ({n_patients:,})" if n_patients and n_patients != n_images else ""
    return Cell(f"{n_images:,}{told}", "number")


def exclusion_table(material: Material) -> TableView | None:
    """How many images were left out, by reason."""
    images = material.summary.images
    reasons: Mapping[str, int] = images.get("excluded", {})
    ignored: Mapping[str, int] = images.get("ignored_files", {})
    lines = [[Cell(reason.replace("_", " "), "name"), count(n)] for reason, n in reasons.items() if n]
    lines += [[Cell(f"not an image: {kind}", "name"), count(n)] for kind, n in ignored.items() if n]
    return (
        table("Left out, by reason", [Column("Reason"), Column("Files", numeric=True)], lines)
        if lines
        else None
    )


def data_facts(material: Material) -> list[tuple[str, str]]:
    """The images in terms and texts."""
    images = material.summary.images
    facts = []
    if "images_in" in images:
        facts.append(("Images found", f"{images['images_in']:,}"))
    if "kept" in images:
        facts.append(("Images kept", f"{images['kept']:,}"))
        facts.append(("Left out", f"{sum(images.get('excluded', {}).values()):,}"))
    cohort = material.summary.cohort
    patients = f" of {cohort.patients:,} patients" if material.summary.patients_known else ""
    facts.append(("Common cohort", f"{cohort.images:,} images{patients}"))
    facts.append(
        (
            "Patient ids",
            "known" if material.summary.patients_known else "unknown: an image counts as a patient",
        )
    )
    origins = {"given": "as given with the images", "drawn": "drawn by patient", "hash": "drawn by patient"}
    if origin := images.get("split_origin"):
        facts.append(("Split", origins.get(str(origin), str(origin))))
    if images.get("source") == "phantoms":
        facts.append(("Origin", "phantoms: drawn by a program, not of patients"))
    identical = images.get("identical_across_splits")
    if identical is not None:
        facts.append(("Identical across splits", f"{identical:,}"))
    near = (material.summary.probe or {}).get("near_duplicates")
    if near:
        facts.append(("Near-duplicates across splits", f"{near['count']:,} pairs"))
    return facts


def probe_table(material: Material) -> TableView | None:
    """What tells the class without a network."""
    probe = material.summary.probe
    if probe is None:
        return None
    columns = [Column("A linear model that sees only", "probe"), Column("Accuracy", numeric=True)]
    columns += [Column("Largest class", numeric=True), Column("Note")]
    lines = [
        [
            Cell(PROBES.get(name, name), "name"),
            interval(found.get("accuracy"), found.get("low"), found.get("high")),
            number(found.get("baseline")),
            Cell(str(found.get("reason", ""))),
        ]
        for name, found in probe["predictions"].items()
    ]
    return table("What tells the class without any network", columns, lines)


def model_table(material: Material) -> TableView:
    """Performance on the images that were explained, over seeds."""
    models = material.table("models")
    names = dict(zip(CHECKPOINTS, (material.summary.before, material.summary.after), strict=True))
    columns = [Column("Architecture", "architecture"), Column("Checkpoint", "checkpoint")]
    columns += [Column("Accuracy", numeric=True), Column("AUC", "auc", numeric=True)]
    columns += [Column("Calibration error", "calibration", numeric=True)]
    lines = []
    for arch in material.summary.architectures:
        for checkpoint, name in names.items():
            own = models[(models["arch"] == arch) & (models["checkpoint"] == checkpoint)]
            cells = (_spread(own[measure]) for measure in ("accuracy", "auc", "calibration_error"))
            lines.append([Cell(arch, "name"), Cell(name), *cells])
    word = run_word(material.summary)
    return table(f"Performance on the images explained: mean, and the range over {word}s", columns, lines)


def _spread(values: pd.Series) -> Cell:
    values = pd.to_numeric(values, errors="coerce").dropna()
    if values.empty:
        return Cell(DASH, "number")
    low, high = values.min(), values.max()
    return interval(values.mean(), low, high, 3) if len(values) > 1 else number(values.mean(), 3)


def model_cards(material: Material) -> list[tuple[str, list[tuple[str, str]]]]:
    """By architecture, terms and texts: what its trainings and its map files say."""
    summary, cards = material.summary, []
    word = run_word(summary)
    for arch in summary.architectures:
        lines = list(summary.models.get(arch, ()))
        weights: dict[str, list[str]] = {checkpoint: [] for checkpoint in CHECKPOINTS}
        for seed in summary.seeds:
            maps = next(material.map_files(arch, seed))
            for checkpoint in CHECKPOINTS:
                weights[checkpoint].append(maps.origin.weights[checkpoint][:12])
        if "Input" not in dict(lines):
            lines.append(("Input", f"{maps.origin.size} x {maps.origin.size} pixels"))
        methods = [method for layer, method in maps.methods() if layer == summary.layer]
        if methods:
            grid = maps.maps(CHECKPOINTS[0], summary.layer, methods[0]).shape[1:]
            lines.append(("Target layer", f"{maps.layer_name(summary.layer)}, {grid[0]} x {grid[1]} cells"))
        # an audit names its files and their whole hashes
        names = (summary.before, summary.after) if summary.kind == "study" else ()
        for checkpoint, name in zip(CHECKPOINTS, names, strict=False):
            told = ", ".join(dict.fromkeys(weights[checkpoint]))
            lines.append((f"Weights {name}, sha256 begins, by {word}", told))
        cards.append((arch, lines))
    return cards


def versions(material: Material) -> list[tuple[str, str]]:
    """Of the libraries that made the maps, all that were found."""
    found: dict[str, set[str]] = {}
    for note in material.notes.values():
        for library, known in note.versions.items():
            found.setdefault(library, set()).update(known)
    return [(library, ", ".join(sorted(known))) for library, known in sorted(found.items())]


def parameter_text(parameters: Mapping[str, Any]) -> str:
    """Parameters to read and compare, sorted by name."""
    return json.dumps(parameters, indent=2, sort_keys=True, default=str)
