"""Whether claims survive the choices, and who is left out: tables and sentences for every medium."""

import pandas as pd

from evidrift.compare.findings.choices import (
    COHORTS,
    OPPOSITE,
    SAME,
    UNKNOWN,
    column_of,
)
from evidrift.measures.of_pairs import MOVED_SHARE
from evidrift.report.words import view

ALL = "all"  # the cohort of all architectures
NAMED = 3  # choices named in a cell; the rest are counted


def left_out_words(table: pd.DataFrame) -> str:
    """How many images count for all architectures, and of which class the smallest share does.

    Args:
        table: `left_out`, see `compare.findings.cohorts.left_out_table`.
    """
    own = table[table["cohort"] == ALL]
    if own.empty:
        return ""
    shares = own["n_counted"] / own["n_images"]
    fewest = own.loc[shares.idxmin()]
    told = f"{own['n_counted'].sum()} of {own['n_images'].sum()} films count"
    if shares.max() == shares.min():
        return f"{told}."
    return f"{told}, {fewest['n_counted']} of {fewest['n_images']} of {fewest['label']}."


def left_out_view(table: pd.DataFrame) -> view.TableView:
    """By class, how many test images count: for all, for each two, for each architecture by itself.

    Args:
        table: `left_out`.
    """
    wide = table.pivot(index="label", columns="cohort", values="n_counted")
    cohorts = list(dict.fromkeys(table["cohort"]))
    total = table.groupby("label")["n_images"].first()
    rows = wide[cohorts].assign(total=total).reset_index()
    return view.table(
        "Test images that count, by class: right in every checkpoint of these architectures",
        rows,
        [
            view.words("Class", "label"),
            view.counts("Test images", "total"),
            *(view.counts("All" if each == ALL else each, each) for each in cohorts),
        ],
    )


def robustness_view(table: pd.DataFrame, named: bool = True) -> view.TableView:
    """How many reasonable choices say the same of each primary claim.

    Args:
        table: `robustness`, see `compare.findings.multiverse.robustness`.
        named: with the choices that show the opposite, for which there must be room.
    """
    return view.table(
        "Would another choice have said the same?",
        table,
        [
            view.Column("Architectures", lambda row: view.Cell(f"{row['arch']}, {row['other']}")),
            view.methods("Method"),
            view.Column("Against", _against),
            view.verdicts("Verdict"),
            view.Column("Agree", lambda row: view.Cell(_share(row), "number"), kind="number"),
            view.counts("Show the same", column_of(SAME)),
            view.counts("Show the opposite", column_of(OPPOSITE)),
            *[view.Column("Which show the opposite", _turned_by)] * named,
        ],
        "Agree: choices whose estimate points the same way, of those that can be decided; all share films "
        "and trainings",
    )


def cohorts_view(table: pd.DataFrame, layer: str) -> view.TableView:
    """Each primary difference by the study's own measure, on each cohort.

    Args:
        table: `multiverse`, see `compare.findings.multiverse.multiverse`.
        layer: that conclusions rest on.
    """
    at = (table["layer"] == layer) & (table["measure"] == MOVED_SHARE) & (table["kind"] == "difference")
    keys = ["arch", "other", "method", "stable"]
    rows = [
        dict(zip(keys, about, strict=True)) | own.set_index("cohort").to_dict("index")
        for about, own in table[at].groupby(keys, sort=False)
    ]
    return view.table(
        "Images right under all, and under the two: the lead of the more stable by the study's own choice",
        rows,
        [
            view.Column("Architectures", lambda row: view.Cell(f"{row['arch']}, {row['other']}")),
            view.methods("Method"),
            view.words("More stable", "stable"),
            *(_on(cohort) for cohort in COHORTS if any(cohort in row for row in rows)),
        ],
    )


def paper_view(table: pd.DataFrame) -> view.TableView:
    """The paper's own quantities beside ours.

    Args:
        table: `paper`, see `compare.findings.paper.paper_table`.
    """
    published = [view.numbers("Published", "published", digits=3)] if table["published"].notna().any() else []
    return view.table(
        "As the paper measures it (mean IoU at half the maximum over each architecture's own true "
        "positives), and as this study does",
        table,
        [
            view.methods("Method"),
            view.words("Architecture", "arch"),
            view.Column("IoU", _iou, kind="number"),
            *published,
            view.counts("Images", "n_images"),
            view.counts("Place", "place"),
            view.intervals("Drift", "drift", "low", "high", "drift"),
            view.counts("Common images", "n_common"),
            view.counts("Place by drift", "place_by_drift"),
        ],
        "IoU: higher is more stable; drift: lower is. 1 is the most stable",
    )


def _against(row: view.Row) -> view.Cell:
    against = row["against"]
    return view.Cell(against, "method") if isinstance(against, str) and against else view.Cell("")


def _share(row: view.Row) -> str:
    decided = int(row["choices"]) - int(row[column_of(UNKNOWN)])
    return f"{round(row['agree'] * decided)} of {decided}" if decided else "0 of 0"


def _turned_by(row: view.Row) -> view.Cell:
    named = row["turned_by"].split("; ") if isinstance(row["turned_by"], str) and row["turned_by"] else []
    rest = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
    return view.Cell("; ".join(named[:NAMED]) + rest)


def _iou(row: view.Row) -> view.Cell:
    if pd.isna(row["iou"]):
        return view.Cell(None, "number")
    spread = "" if pd.isna(row["iou_sd"]) else f" ± {row['iou_sd']:.3f}"
    return view.Cell(f"{row['iou']:.3f}{spread}", "number")


def _on(cohort: str) -> view.Column:
    def cell(row: view.Row) -> view.Cell:
        found = row.get(cohort, {})
        images = f"{found['n_images']:,} images" if found else ""
        return view.Cell(found.get("lead"), "number", (found.get("low"), found.get("high")), note=images)

    return view.Column(COHORTS[cohort].removeprefix("common to ").capitalize(), cell, kind="number")
