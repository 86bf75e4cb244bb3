"""The tables of drift by class, cohort and epoch, of the methods' checks and of the epochs kept."""

from collections.abc import Iterator
from functools import partial

import pandas as pd

from evidrift.check.marks import EXCESS_MARGIN, GAIN_MARGIN, OPEN, REFUTED, SUPPORTED
from evidrift.maps.mapfile import CHECKPOINTS
from evidrift.measures.of_pairs import MOVED_SHARE
from evidrift.report.page.material import Material
from evidrift.report.words import view
from evidrift.report.words.cells import checkpoint_names, cohort_names, run_word
from evidrift.report.words.names import method_name
from evidrift.report.words.numbers import PAGE

PLACES = {
    "lungs": "lungs",
    "finding": "finding",
    "hit": "strongest cell in the finding (share of films)",
    "border": "border, outer 5 % of each side",
    "corners": "four corners, 15 % of a side each",
}
UNUSABLE = ["flat", "blank", "nan", "thin"]


def class_table(material: Material) -> view.TableView:
    """Drift and confusion by class."""
    return view.table(
        "Drift by class, with 95 % intervals; wrong: share of its images that are taken for others",
        material.at_layer("classes"),
        [
            view.words("Class", "label"),
            *view.WHERE,
            view.intervals("Drift", "drift", "drift_low", "drift_high", "drift"),
            view.intervals("Seed floor", "floor", "floor_low", "floor_high"),
            view.numbers("Wrong", "confusion"),
            view.words("Most taken for", "confused_with"),
            view.counts("Images", "n_measured"),
        ],
    )


def place_table(material: Material) -> view.TableView | None:
    """Where the evidence lies before and after; None where nothing is known of that."""
    shares = material.at_layer("localisation")
    if shares.empty:
        return None
    keys = ["measure", "arch", "method"]
    means = shares.pivot(index=keys, columns="checkpoint", values="mean").reindex(columns=list(CHECKPOINTS))
    random = shares.groupby(keys, sort=False)[["random"]].first()
    moves = material.at_layer("moves").set_index(keys)[["change", "low", "high"]]
    rows = random.join(means).join(moves).reset_index()
    rows = rows.sort_values("measure", key=lambda names: names.map(list(PLACES).index), kind="stable")
    return view.table(
        "Share of the evidence at a place, mean over patients",
        rows,
        [
            view.words("Place", "measure", "place", PLACES),
            *view.WHERE,
            *(
                view.numbers(name.capitalize(), checkpoint)
                for checkpoint, name in checkpoint_names(material.summary).items()
            ),
            view.intervals("Change", "change", "low", "high", "interval"),
            view.numbers("A random map", "random"),
        ],
    )


def cohort_means(material: Material) -> pd.DataFrame:
    """Mean drift over all trainings: arch, method, cohort, drift, n_measured."""
    cohorts = material.at_layer("cohorts")
    known = cohorts[cohorts[MOVED_SHARE].notna() & (cohorts["n_measured"] > 0)]
    known = known.assign(total=known[MOVED_SHARE] * known["n_measured"])
    sums = (
        known.groupby(["arch", "method", "cohort"], sort=False)[["total", "n_measured"]].sum().reset_index()
    )
    sums["drift"] = sums["total"] / sums["n_measured"]
    architectures = list(material.summary.architectures)
    order = sums["arch"].map(architectures.index).sort_values(kind="stable").index
    return sums.loc[order, ["arch", "method", "cohort", "drift", "n_measured"]]


def cohort_table(material: Material, means: pd.DataFrame) -> view.TableView:
    """Drift by cohort, and how many images each has."""
    return view.table(
        f"Mean drift by cohort; maps: pairs of maps of all {run_word(material.summary)}s",
        means,
        [
            view.words("Prediction", "cohort", "cohort", cohort_names(material.summary)),
            *view.WHERE,
            view.numbers("Drift", "drift", "drift"),
            view.counts("Maps", "n_measured"),
        ],
    )


def along_table(material: Material) -> view.TableView:
    """Drift and accuracy by epoch."""
    return view.table(
        "Drift from the transfer-learned checkpoint, epoch by epoch",
        material.table("along_training"),
        [
            view.words("Architecture", "arch", "architecture"),
            view.counts("Seed", "seed", "seed"),
            view.methods("Method"),
            view.counts("Epoch", "epoch"),
            view.intervals("Drift", "drift", "low", "high", "drift"),
            view.numbers("Scale", "scale", "scale"),
            view.numbers("Accuracy", "accuracy"),
        ],
    )


def check_table(material: Material) -> view.TableView | None:
    """What the checks say about each method on both checkpoints."""
    checks = material.at_layer("checks")
    if checks.empty:
        return None
    by_key = {(row["method"], row["arch"], row["checkpoint"]): row for row in checks.to_dict("records")}

    def told(heading: str, check: str, figure: str) -> Iterator[view.Column]:
        def cell(row: view.Row, checkpoint: str) -> view.Cell:
            return _told(by_key.get((row["method"], row["arch"], checkpoint), {}), check, figure)

        for checkpoint, name in checkpoint_names(material.summary).items():
            yield view.Column(f"{heading}, {name}", partial(cell, checkpoint=checkpoint), check)

    return view.table(
        "Checks of the attribution methods",
        [
            {"method": method, "arch": arch}
            for method in dict.fromkeys(checks["method"])
            for arch in material.summary.architectures
        ],
        [
            *reversed(view.WHERE),
            *told("More than a random map", "faithful", "gain"),
            *told("Survives random weights", "insensitive", "excess"),
        ],
        "Below more than a random map: the gain in deletion and insertion; no: shown to be less than "
        f"{GAIN_MARGIN:g}. Below survives: by how much more the map of random weights correlates with this "
        f"image's than with another patient's; no: shown to be less than {EXCESS_MARGIN:g}. The intervals of "
        "a check on an architecture hold together at 95 %",
    )


def _told(row: view.Row, check: str, figure: str) -> view.Cell:
    """A check's verdict in words, and the figure behind it."""
    told = {SUPPORTED: "yes", REFUTED: "no"}.get(row.get(check, OPEN), "not shown")
    if pd.isna(row.get(figure)):
        return view.Cell(told)
    ends = PAGE.interval(row[f"{figure}_low"], row[f"{figure}_high"])
    return view.Cell(
        told, note=f"{PAGE.number(row[figure], 2)}, {ends}" if ends else PAGE.number(row[figure], 2)
    )


def kept_table(material: Material) -> view.TableView | None:
    """The epochs whose weights were kept."""
    if material.summary.histories is None:
        return None
    rows = pd.DataFrame(material.summary.histories)
    return view.table(
        "Epochs whose weights were kept",
        rows[rows["kept"].astype(bool)],
        [
            view.words("Architecture", "arch", "architecture"),
            view.counts("Seed", "seed", "seed"),
            view.words("Checkpoint", "checkpoint", "checkpoint", checkpoint_names(material.summary)),
            view.counts("Epoch kept", "epoch"),
            view.numbers("Validation loss", "validation_loss", digits=3),
            view.numbers("Validation accuracy", "validation_accuracy"),
        ],
    )


def places(material: Material) -> Iterator[str]:
    """Sentences about how many pairs of maps cannot be used or hold less than the area asks for."""
    statuses = material.at_layer("statuses")
    own = statuses[statuses["images"] == "all"]
    for row in own[own[UNUSABLE].sum(axis=1) > 0].to_dict("records"):
        told = ", ".join(f"{int(row[name])} {name}" for name in UNUSABLE if row[name])
        yield f"{row['arch']}, {method_name(row['method'])}: {told} of {int(row['pairs'])} pairs"
