"""The tables of drift by class, cohort and epoch, of the methods' checks and of the epochs kept."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from evidrift.maps.mapfile import CHECKPOINTS
from evidrift.report.page.material import Material
from evidrift.report.words.cells import (
    DASH,
    Cell,
    Column,
    TableView,
    cohort_names,
    count,
    interval,
    method_label,
    number,
    number_text,
    run_word,
    table,
)

PLACES = {
    "lungs": "lungs",
    "finding": "finding",
    "hit": "strongest cell in the finding (share of films)",
    "border": "border, outer 5 % of each side",
    "corners": "four corners, 15 % of a side each",
}


def class_table(material: Material) -> TableView:
    """Drift and confusion by class."""
    columns = [Column("Class"), Column("Architecture", "architecture"), Column("Method", "method")]
    columns += [Column("Drift", "drift", numeric=True), Column("Beyond its floor", "floor", numeric=True)]
    columns += [Column("Wrong", numeric=True), Column("Most taken for"), Column("Images", numeric=True)]
    lines = [
        [
            Cell(str(row["label"]), "name"),
            Cell(row["arch"]),
            Cell(method_label(row["method"])),
            interval(row["drift"], row["drift_low"], row["drift_high"]),
            interval(row["excess"], row["excess_low"], row["excess_high"]),
            number(row["confusion"]),
            Cell(DASH if pd.isna(row["confused_with"]) else str(row["confused_with"])),
            count(row["n_measured"]),
        ]
        for row in material.at_layer("classes").to_dict("records")
    ]
    return table(
        "Drift by class, with 95 % intervals; wrong: share of its images that are taken for others",
        columns,
        lines,
    )


def place_table(material: Material) -> TableView | None:
    """Where the evidence lies before and after; None where nothing is known of that."""
    rows = material.at_layer("localisation")
    if rows.empty:
        return None
    moves = material.at_layer("moves").set_index(["measure", "arch", "method"])
    names = (material.summary.before, material.summary.after)
    columns = [Column("Place", "place"), Column("Architecture", "architecture"), Column("Method", "method")]
    columns += [Column(name.capitalize(), numeric=True) for name in names]
    columns += [Column("Change", "interval", numeric=True), Column("A random map", numeric=True)]
    lines = []
    for key, own in rows.groupby(["measure", "arch", "method"], sort=False):
        measure, arch, method = map(str, key)
        shares = own.set_index("checkpoint")
        move = moves.loc[key]
        lines.append(
            [
                Cell(PLACES.get(measure, measure), "name"),
                Cell(arch),
                Cell(method_label(method)),
                *(number(shares["mean"].get(checkpoint)) for checkpoint in CHECKPOINTS),
                interval(move["change"], move["low"], move["high"]),
                number(shares["random"].iloc[0]),
            ]
        )
    lines.sort(key=lambda line: list(PLACES.values()).index(line[0].text))
    return table("Share of the evidence at a place, mean over patients", columns, lines)


def cohort_means(material: Material) -> pd.DataFrame:
    """Mean drift over all trainings: arch, method, cohort, drift, n_measured."""
    cohorts = material.at_layer("cohorts")
    known = cohorts[cohorts["overlap"].notna() & (cohorts["n_measured"] > 0)]
    known = known.assign(total=(1 - known["overlap"]) * known["n_measured"])
    sums = (
        known.groupby(["arch", "method", "cohort"], sort=False)[["total", "n_measured"]].sum().reset_index()
    )
    sums["drift"] = sums["total"] / sums["n_measured"]
    architectures = list(material.summary.architectures)
    order = sums["arch"].map(architectures.index).sort_values(kind="stable").index
    return sums.loc[order, ["arch", "method", "cohort", "drift", "n_measured"]]


def cohort_table(material: Material, means: pd.DataFrame) -> TableView:
    """Drift by cohort, and how many images each has."""
    names = cohort_names(material.summary)
    columns = [
        Column("Prediction", "cohort"),
        Column("Architecture", "architecture"),
        Column("Method", "method"),
    ]
    columns += [Column("Drift", "drift", numeric=True), Column("Maps", numeric=True)]
    lines = [
        [
            Cell(names[row["cohort"]], "name"),
            Cell(row["arch"]),
            Cell(method_label(row["method"])),
            number(row["drift"]),
            count(row["n_measured"]),
        ]
        for row in means.to_dict("records")
    ]
    return table(
        f"Mean drift by cohort; maps: pairs of maps of all {run_word(material.summary)}s", columns, lines
    )


def along_table(material: Material) -> TableView:
    """Drift and accuracy by epoch."""
    columns = [
        Column("Architecture", "architecture"),
        Column("Seed", "seed", numeric=True),
        Column("Method", "method"),
    ]
    columns += [Column("Epoch", numeric=True), Column("Drift", "drift", numeric=True)]
    columns += [Column("Chance", "chance", numeric=True), Column("Accuracy", numeric=True)]
    lines = [
        [
            Cell(row["arch"], "name"),
            count(row["seed"]),
            Cell(method_label(row["method"])),
            count(row["epoch"]),
            interval(row["drift"], row["low"], row["high"]),
            number(row["chance"]),
            number(row["accuracy"]),
        ]
        for row in material.table("along_training").to_dict("records")
    ]
    return table("Drift from the transfer-learned checkpoint, epoch by epoch", columns, lines)


def check_table(material: Material) -> TableView | None:
    """What the checks say about each method on both checkpoints."""
    checks = material.at_layer("checks")
    if checks.empty:
        return None
    before, after = material.summary.before, material.summary.after
    columns = [Column("Method", "method"), Column("Architecture", "architecture")]
    columns += [Column(f"Faithful, {name}", "faithful") for name in (before, after)]
    columns += [Column(f"Survives random weights, {name}", "insensitive") for name in (before, after)]
    by_key = checks.set_index(["method", "arch", "checkpoint"])
    lines = []
    for method in dict.fromkeys(checks["method"]):
        for arch in material.summary.architectures:
            keys = [(method, arch, checkpoint) for checkpoint in CHECKPOINTS]
            found = [by_key.loc[key] if key in by_key.index else {} for key in keys]
            lines.append(
                [
                    Cell(method_label(method), "name"),
                    Cell(arch),
                    *(_told(row, "faithful", "gain", ("shown", "not shown")) for row in found),
                    *(_told(row, "insensitive", "similarity", ("no", "yes")) for row in found),
                ]
            )
    note = (
        "Below faithful: how much more than a random map the map gains in deletion and insertion. Below "
        "survives: the correlation with the map of random weights"
    )
    return table("Checks of the attribution methods", columns, lines, note)


def _told(row: Mapping[str, Any], name: str, figure: str, words: tuple[str, str]) -> Cell:
    """A check's verdict in words, the good one first, and the figure behind it."""
    text = str(row.get(name))
    if text not in ("True", "False"):
        return Cell("not decidable")
    is_good = (text == "True") == (name == "faithful")
    return Cell(words[0] if is_good else words[1], "good" if is_good else "bad", number_text(row[figure], 3))


def kept_table(material: Material) -> TableView | None:
    """The epochs whose weights were kept."""
    if material.summary.histories is None:
        return None
    rows = pd.DataFrame(material.summary.histories)
    names = {"tl": material.summary.before, "ft": material.summary.after}
    columns = [Column("Architecture", "architecture"), Column("Seed", "seed", numeric=True)]
    columns += [Column("Checkpoint", "checkpoint"), Column("Epoch kept", numeric=True)]
    columns += [Column("Validation loss", numeric=True), Column("Validation accuracy", numeric=True)]
    lines = [
        [
            Cell(row["arch"], "name"),
            count(row["seed"]),
            Cell(names[row["checkpoint"]]),
            count(row["epoch"]),
            number(row["validation_loss"], 3),
            number(row["validation_accuracy"]),
        ]
        for row in rows[rows["kept"].astype(bool)].to_dict("records")
    ]
    return table("Epochs whose weights were kept", columns, lines)


def places(material: Material) -> Iterator[str]:
    """Sentences about how many pairs of maps cannot be used or hold less than the area asks for."""
    statuses = material.at_layer("statuses")
    own = statuses[statuses["images"] == "all"]
    for row in own[(own[["flat", "blank", "nan", "thin"]].sum(axis=1)) > 0].to_dict("records"):
        told = ", ".join(f"{int(row[name])} {name}" for name in ("flat", "blank", "nan", "thin") if row[name])
        yield f"{row['arch']}, {method_label(row['method'])}: {told} of {int(row['pairs'])} pairs"
