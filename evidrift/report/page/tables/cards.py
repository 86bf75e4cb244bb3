"""The data card, the probe, the model cards, and how to reproduce it all."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd

from evidrift.maps.mapfile import CHECKPOINTS
from evidrift.report.page.material import Material
from evidrift.report.words import view
from evidrift.report.words.cells import checkpoint_names, run_word

PROBES = {
    "thumbnails": "thumbnails of 16 x 16 pixels",
    "traits": "traits of the acquisition: shape, border, histogram",
    "source": "the image's source",
}


def split_table(material: Material) -> view.TableView | None:
    """Images and patients by class and split."""
    images = material.summary.images
    splits: Mapping[str, Mapping[str, int]] = images.get("splits", {})
    patients: Mapping[str, Mapping[str, int]] = images.get("patients", {})
    if not splits:
        return None
    classes = list(dict.fromkeys(name for counts in splits.values() for name in counts))

    def counted(row: tuple[str, list[str]], split: str) -> view.Cell:
        n_images, n_patients = (
            sum(counts.get(split, {}).get(name, 0) for name in row[1]) for counts in (splits, patients)
        )
        told = f" ({n_patients:,})" if n_patients and n_patients != n_images else ""
        return view.Cell(f"{n_images:,}{told}", "number")

    found = view.table(
        "Images by class and split",
        [*((name, [name]) for name in classes), ("all", classes)],
        [
            view.Column("Class", lambda row: view.Cell(row[0])),
            *(view.Column(split, partial(counted, split=split), "", "number") for split in splits),
        ],
    )
    brackets = any("(" in cell.value for line in found.rows for cell in line)
    return replace(found, caption=f"{found.caption}; patients in brackets") if brackets else found


def exclusion_table(material: Material) -> view.TableView | None:
    """How many images were left out, by reason."""
    images = material.summary.images
    left_out = {reason.replace("_", " "): n for reason, n in images.get("excluded", {}).items()}
    left_out |= {f"not an image: {kind}": n for kind, n in images.get("ignored_files", {}).items()}
    rows = [{"reason": reason, "files": n} for reason, n in left_out.items() if n]
    columns = [view.words("Reason", "reason"), view.counts("Files", "files")]
    return view.table("Left out, by reason", rows, columns) if rows else None


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
    known = (
        "known" if material.summary.patients_known else "unknown: an image without one counts as a patient"
    )
    facts.append(("Patient ids", known))
    origins = {"given": "as given with the images", "drawn": "drawn by patient", "hash": "drawn by patient"}
    if material.summary.kind == "study" and (origin := images.get("split_origin")):
        facts.append(("Split", origins.get(str(origin), str(origin))))
    if images.get("source") == "phantoms":
        facts.append(("Origin", "phantoms: drawn by a program, not of patients"))
    identical = images.get("identical_across_splits")
    if material.summary.kind == "study" and identical is not None:
        facts.append(("Identical across splits", f"{identical:,}"))
    near = (material.summary.probe or {}).get("near_duplicates")
    if near:
        facts.append(("Near-duplicates across splits", f"{near['count']:,} pairs"))
    return facts


def probe_table(material: Material) -> view.TableView | None:
    """What tells the class without a network."""
    probe = material.summary.probe
    if probe is None:
        return None
    return view.table(
        "What tells the class without any network",
        [{"reason": "", **found, "sees": name} for name, found in probe["predictions"].items()],
        [
            view.words("A linear model that sees only", "sees", "probe", PROBES),
            view.intervals("Accuracy", "accuracy", "low", "high"),
            view.numbers("Largest class", "baseline"),
            view.words("Note", "reason"),
        ],
    )


def model_table(material: Material) -> view.TableView:
    """Performance on the images that were explained, over seeds."""
    models = material.table("models")
    names = checkpoint_names(material.summary)
    runs = dict(list(models.groupby(["arch", "checkpoint"])))

    def spread(measure: str) -> Callable[[view.Row], view.Cell]:
        def cell(row: view.Row) -> view.Cell:
            values = pd.to_numeric(runs[row["arch"], row["checkpoint"]][measure], errors="coerce").dropna()
            ends = (values.min(), values.max()) if len(values) > 1 else None
            return view.Cell(values.mean(), "number", ends, digits=3)

        return cell

    return view.table(
        f"Performance on the images explained: mean, and the range over {run_word(material.summary)}s",
        [{"arch": arch, "checkpoint": each} for arch in material.summary.architectures for each in names],
        [
            view.words("Architecture", "arch", "architecture"),
            view.words("Checkpoint", "checkpoint", "checkpoint", names),
            view.Column("Accuracy", spread("accuracy"), "", "number"),
            view.Column("AUC", spread("auc"), "auc", "number"),
            view.Column("Calibration error", spread("calibration_error"), "calibration", "number"),
        ],
    )


def model_cards(material: Material) -> list[tuple[str, list[tuple[str, str]]]]:
    """By architecture, terms and texts: what its trainings and its map files say."""
    summary, cards = material.summary, []
    word = run_word(summary)
    for arch in summary.architectures:
        # a record has a card for each model file
        lines = [] if summary.record else list(summary.models.get(arch, ()))
        weights: dict[str, list[str]] = {checkpoint: [] for checkpoint in CHECKPOINTS}
        for seed in summary.seeds:
            maps = next(material.map_files(arch, seed))
            for checkpoint in CHECKPOINTS:
                weights[checkpoint].append(maps.origin.weights[checkpoint][:12])
        if not summary.record and "Input" not in dict(lines):
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
    """Of the libraries that made the maps, all that were found; of an audit what its record has."""
    if material.summary.record:
        return sorted(material.summary.record.versions.items())
    found: dict[str, set[str]] = {}
    for note in material.notes.values():
        for library, known in note.versions.items():
            found.setdefault(library, set()).update(known)
    return [(library, ", ".join(sorted(known))) for library, known in sorted(found.items())]


def parameter_text(parameters: Mapping[str, Any]) -> str:
    """Parameters to read and compare, sorted by name."""
    return json.dumps(parameters, indent=2, sort_keys=True, default=str)
