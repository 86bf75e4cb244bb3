"""The study's result as tables for the terminal; plain text where there is none.

Names come from parameters and files: they are printed as they are, never read as rich's markup, and
without control characters.
"""

import math
import sys
from typing import IO, Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from evidrift.base.keys import PIPELINE
from evidrift.base.sentence import spelled
from evidrift.compare.findings.associations import answer as association_answer
from evidrift.compare.findings.courses_in_words import sentences
from evidrift.compare.findings.models import MEASURES, over_seeds
from evidrift.compare.findings.opinions import REFERENCE, answer
from evidrift.compare.findings.ranking import SCALED, Ranking
from evidrift.compare.findings.signs import signs, signs_of_methods
from evidrift.compare.result import Result
from evidrift.measures.of_pairs import PRIMARY
from evidrift.report.terminal.plain import add_columns, plain_table
from evidrift.report.terminal.verdicts import print_verdicts
from evidrift.report.words.numbers import interval_text, mean_text, number_text, safe

# Where output is not a terminal, whose width could be asked.
WIDTH = 118
PROPERTIES = {
    "confusability": "the confusion of the image's pair of classes",
    "centred_logit": "the change of the label's logit",
}
HEADINGS = {
    "displacement": "displacement",
    "overlap": "1 - overlap, {area}",
    "correlation": "1 - correlation",
    "concentration": "|concentration|",
}


def console(file: IO[str] | None = None) -> Console:
    """A console that prints names as they are; without colours off a terminal and under NO_COLOR."""
    stream = file or sys.stdout
    width = None if stream.isatty() else WIDTH
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False)


def print_result(result: Result, to: Console) -> None:
    """Print everything that the study found, caveats last."""
    cohort = result.cohort
    to.print(
        f"Common cohort: {len(cohort.image_ids)} test images of {cohort.n_patients} patients, right in both "
        "checkpoints of every architecture and seed.",
        style="bold",
    )
    to.print(models_table(result))
    print_verdicts(result, to)
    _print_question(result, to)
    if result.courses:
        to.print("Drift along training (validation images; docs/trajectory.md)", style="bold")
        for sentence in sentences(result.courses):
            to.print(safe(spelled(sentence, PIPELINE)))
        to.print()
    _print_associations(result, to)
    if cohort.image_ids:
        for layer in dict.fromkeys(result.drift["layer"]):
            to.print(drift_table(result, layer))
    else:
        to.print("The common cohort is empty: there is no drift to compare. Each cohort's: cohorts.csv.")
    if result.observed.rankings:
        to.print(ranking_table(result))
    for caveat in result.caveats:
        to.print(f"Note: {safe(spelled(caveat.sentence, PIPELINE))}", style="yellow")


def models_table(result: Result) -> Table:
    """Accuracy, AUC and calibration error of both checkpoints."""
    table = plain_table(f"Models on the test split: {_spread(result)}")
    for heading in ("architecture", "checkpoint"):
        table.add_column(heading, no_wrap=True)
    for heading in MEASURES:
        table.add_column(heading.replace("_", " ").replace("auc", "AUC"), no_wrap=True, justify="right")
    for (arch, checkpoint), row in over_seeds(result.models).iterrows():
        cells = [mean_text(row[name], row[f"{name}_sd"]) for name in MEASURES]
        table.add_row(safe(arch), checkpoint, *cells, end_section=checkpoint == "ft")
    return table


def drift_table(result: Result, layer: str) -> Table:
    """The four primary measures at one layer, each with its floor and chance below it."""
    table = plain_table(
        f"Drift at layer {safe(layer)} (larger = more): {_spread(result)}, below it floor / chance"
    )
    for heading in ("architecture", "method"):
        table.add_column(heading, no_wrap=True)
    for measure in PRIMARY:
        heading = HEADINGS[measure].format(area=f"{100 * result.area:g} %")
        table.add_column(heading, no_wrap=True, justify="right")
    rows = result.drift[result.drift["layer"] == layer]
    marked = signs(result.marks)
    for arch in result.architectures:
        methods = dict(list(rows[rows["arch"] == arch].groupby("method", observed=True, sort=False)))
        for place, (method, measures) in enumerate(methods.items(), start=1):
            values = measures.set_index("measure").loc[list(PRIMARY)]
            cells = [_drift_cell(row) for _, row in values.iterrows()]
            name = safe(arch) if place == 1 else ""
            label = safe(f"{method} {marked.get((arch, layer, method), '')}".strip())
            table.add_row(name, label, *cells, end_section=place == len(methods))
    return table


def ranking_table(result: Result) -> Table:
    """Architectures by method and layer, most stable first."""
    table = plain_table("Ranking by excess overlap / (chance - floor), most stable first")
    for heading in ("layer", "method"):
        table.add_column(heading, no_wrap=True)
    table.add_column("order")
    layer = None
    marked = signs_of_methods(result.marks)
    for ranking in result.observed.rankings:
        name = "" if ranking.layer == layer else safe(ranking.layer)
        label = f"{ranking.method} {marked.get((ranking.layer, ranking.method), '')}".strip()
        table.add_row(name, safe(label), _order(ranking))
        layer = ranking.layer
    return table


def _print_question(result: Result, to: Console) -> None:
    observed = result.observed
    if observed.undecidable:
        why = safe(spelled(observed.undecidable, PIPELINE))
        to.print(f"Ranking and reversals: not decidable: {why}.", style="bold")
        return
    if len(result.architectures) == 1:
        to.print("One architecture: there is no order to reverse.")
        return
    to.print("Does the reversal between LayerCAM and Grad-CAM++ survive?", style="bold")
    for sentence in answer(result.question):
        to.print(safe(spelled(sentence, PIPELINE)))
    to.print()
    to.print(tau_table(result, observed.rankings[0].layer))  # `penultimate` comes first


def _print_associations(result: Result, to: Console) -> None:
    title = "What goes with drift? Spearman's correlation over images, an observation (associations.csv)"
    to.print(title, style="bold")
    for key, words in PROPERTIES.items():
        rows = result.associations[result.associations["property"] == key]
        to.print(safe(association_answer(rows, words)))
    to.print()
    if (result.classes["method"] == REFERENCE).any():
        to.print(class_drift_table(result))


def class_drift_table(result: Result) -> Table:
    """Each class's drift under LayerCAM beside how often it is confused."""
    table = plain_table("Classes under LayerCAM: confusion beside the drift of images right in both")
    add_columns(table, architecture="name", label="name", confusion="right", confused_with="name")
    table.add_column("1 - overlap", justify="right", no_wrap=True)
    add_columns(table, excess_over_floor="right", images="right")
    rows = result.classes[result.classes["method"] == REFERENCE]
    for arch, own in rows.groupby("arch", sort=False):
        for place, row in enumerate(own.itertuples(), start=1):
            table.add_row(
                safe(arch) if place == 1 else "",
                safe(row.label),
                number_text(row.confusion),
                safe(row.confused_with),
                interval_text(row.drift, row.drift_low, row.drift_high),
                interval_text(row.excess, row.excess_low, row.excess_high),
                str(row.n_measured),
                end_section=place == len(own),
            )
    return table


def tau_table(result: Result, layer: str) -> Table:
    """Kendall's tau between the orders that the methods give, one triangle of it."""
    rows = result.taus[result.taus["layer"] == layer]
    methods = list(dict.fromkeys([*rows["method"], *rows["other_method"]]))
    table = plain_table(f"Kendall's tau of the orders at {safe(layer)}: 1 the same, -1 the opposite")
    table.add_column("")
    for number, _ in enumerate(methods[:-1], start=1):
        table.add_column(str(number), justify="right", no_wrap=True)
    taus = {(row.method, row.other_method): row for row in rows.itertuples()}
    for number, method in enumerate(methods, start=1):
        cells = [_tau(taus[other, method]) for other in methods[: number - 1]]
        table.add_row(f"{number} {safe(method)}", *cells)
    table.caption = "In brackets: methods that cannot disagree.\n" if rows["alike"].any() else ""
    own = rows[(rows["method"] == SCALED) & (rows["other_method"] == REFERENCE)].dropna()
    for row in own.itertuples():
        table.caption += (
            f"Grad-CAM++ and LayerCAM: 95 % interval {row.tau_low:.2f} to {row.tau_high:.2f}, the same order "
            f"with probability {row.same_order:.2f}."
        )
    return table


def _tau(row: Any) -> str:
    text = "-" if math.isnan(row.tau) else f"{row.tau:.2f}"
    return f"({text})" if row.alike else text


def _order(ranking: Ranking) -> str:
    order = " < ".join(f"{safe(arch)} {score:.3f}" for arch, score in ranking.scores)
    without = ", ".join(map(safe, ranking.unscored))
    parts = [
        order,
        f"no score: {without}" if without else "",
        "another order if unusable maps count as overlap 0" if ranking.excluded_maps_matter else "",
    ]
    return "; ".join(filter(None, parts))


def _spread(result: Result) -> str:
    return "mean ± sd over seeds" if len(result.seeds) > 1 else "mean, one seed"


def _drift_cell(row: pd.Series) -> str:
    return f"{mean_text(row['mean'], row['sd'])}\n{number_text(row['floor'])} / {number_text(row['chance'])}"
