"""The study's result as tables for the terminal; plain text where there is none.

Names come from parameters and files: they are printed as they are, never read as rich's markup, and
without control characters.
"""

import math
import sys
from typing import IO, Any

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table

from evidrift.drift.tablefile import PRIMARY
from evidrift.stats.compare import Result
from evidrift.stats.models import MEASURES, over_seeds
from evidrift.stats.opinions import REFERENCE, answer
from evidrift.stats.ranking import NO_TEST, SCALED, Ranking, Reversal
from evidrift.stats.trust import signs, signs_of_methods

# Where output is not a terminal, whose width could be asked.
WIDTH = 118
# Reversals at one layer that people still read; of more, the study's own two methods are shown.
MANY = 6
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
    if cohort.image_ids:
        for layer in dict.fromkeys(result.drift["layer"]):
            to.print(drift_table(result, layer))
    else:
        to.print("The common cohort is empty: there is no drift to compare. Each cohort's: cohorts.csv.")
    _print_order(result, to)
    for warning in result.warnings:
        to.print(f"Note: {_safe(warning)}", style="yellow")


def models_table(result: Result) -> Table:
    """Accuracy, AUC and calibration error of both checkpoints."""
    table = _table(f"Models on the test split: {_spread(result)}")
    for heading in ("architecture", "checkpoint"):
        table.add_column(heading, no_wrap=True)
    for heading in MEASURES:
        table.add_column(heading.replace("_", " ").replace("auc", "AUC"), no_wrap=True, justify="right")
    for (arch, checkpoint), row in over_seeds(result.models).iterrows():
        cells = [_mean(row[name], row[f"{name}_sd"]) for name in MEASURES]
        table.add_row(_safe(arch), checkpoint, *cells, end_section=checkpoint == "ft")
    return table


def drift_table(result: Result, layer: str) -> Table:
    """The four primary measures at one layer, each with its floor and chance below it."""
    table = _table(
        f"Drift at layer {_safe(layer)} (larger = more): {_spread(result)}, below it floor / chance"
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
            name = _safe(arch) if place == 1 else ""
            label = _safe(f"{method} {marked.get((arch, layer, method), '')}".strip())
            table.add_row(name, label, *cells, end_section=place == len(methods))
    return table


def ranking_table(result: Result) -> Table:
    """Architectures by method and layer, most stable first."""
    table = _table("Ranking by excess overlap / (chance - floor), most stable first")
    for heading in ("layer", "method"):
        table.add_column(heading, no_wrap=True)
    table.add_column("order")
    layer = None
    marked = signs_of_methods(result.marks)
    for ranking in result.observed.rankings:
        name = "" if ranking.layer == layer else _safe(ranking.layer)
        label = f"{ranking.method} {marked.get((ranking.layer, ranking.method), '')}".strip()
        table.add_row(name, _safe(label), _order(ranking))
        layer = ranking.layer
    return table


def reversal_table(reversals: list[Reversal]) -> Table:
    """Who is more stable under one method and under the other."""
    table = _table(f"Reversals observed at layer {_safe(reversals[0].layer)}")
    for heading in ("under", "order", "but under", "order"):
        table.add_column(heading, no_wrap=True)
    table.add_column("note")
    for each in reversals:
        stable, other = _safe(each.stable), _safe(each.other)
        stable_here, other_here, stable_there, other_there = each.scores
        table.add_row(
            _safe(each.method),
            f"{stable} {stable_here:.3f}\n< {other} {other_here:.3f}",
            _safe(each.against),
            f"{other} {other_there:.3f}\n< {stable} {stable_there:.3f}",
            _note(each),
        )
    return table


def _print_order(result: Result, to: Console) -> None:
    observed = result.observed
    if observed.undecidable:
        to.print(f"Ranking and reversals: {observed.undecidable}.", style="bold")
        return
    to.print(ranking_table(result))
    if len(result.architectures) == 1:
        to.print("One architecture: there is no order to reverse.")
        return
    # `penultimate` comes first; conclusions rest on it.
    layers = list(dict.fromkeys(ranking.layer for ranking in observed.rankings))
    main = [each for each in observed.reversals if each.layer == layers[0]]
    if len(main) > MANY:
        main = [each for each in main if {each.method, each.against} == {REFERENCE, SCALED}]
    if main:
        to.print(reversal_table(main))
        if any(each.effect_of_confidence for each in main):
            to.print(
                "effect of confidence: the reversal is gone when both checkpoints' logits have unit scale."
            )
    if rest := len(observed.reversals) - len(main):
        to.print(f"{rest} more, between other methods or at other layers, in reversals.csv.")
    elif not main:
        to.print("No reversal of means observed at any layer.", style="bold")
    _print_opinions(result, layers[0], to)
    to.print(f"{NO_TEST}\n", style="bold")


def _print_opinions(result: Result, layer: str, to: Console) -> None:
    to.print(tau_table(result, layer))
    to.print("Does the reversal between LayerCAM and Grad-CAM++ survive?", style="bold")
    for sentence in answer(result.question):
        to.print(_safe(sentence))
    to.print()


def tau_table(result: Result, layer: str) -> Table:
    """Kendall's tau between the orders that the methods give, one triangle of it."""
    rows = result.taus[result.taus["layer"] == layer]
    methods = list(dict.fromkeys([*rows["method"], *rows["other_method"]]))
    table = _table(f"Kendall's tau of the orders at layer {_safe(layer)} (1 the same, -1 the opposite)")
    table.add_column("")
    for number, _ in enumerate(methods[:-1], start=1):
        table.add_column(str(number), justify="right", no_wrap=True)
    taus = {(row.method, row.other_method): row for row in rows.itertuples()}
    for number, method in enumerate(methods, start=1):
        cells = [_tau(taus[other, method]) for other in methods[: number - 1]]
        table.add_row(f"{number} {_safe(method)}", *cells)
    if rows["alike"].any():
        table.caption = "(in brackets: methods that cannot disagree)"
    return table


def _tau(row: Any) -> str:
    text = "-" if math.isnan(row.tau) else f"{row.tau:.2f}"
    return f"({text})" if row.alike else text


def _order(ranking: Ranking) -> str:
    order = " < ".join(f"{_safe(arch)} {score:.3f}" for arch, score in ranking.scores)
    without = ", ".join(map(_safe, ranking.unscored))
    parts = [
        order,
        f"no score: {without}" if without else "",
        "another order if unusable maps count as overlap 0" if ranking.excluded_maps_matter else "",
    ]
    return "; ".join(filter(None, parts))


def _note(reversal: Reversal) -> str:
    notes = {
        "effect of confidence": reversal.effect_of_confidence,
        f"maps nearly the same (r {reversal.alike or 0:.3f})": reversal.flagged,
        "gone if unusable maps count as overlap 0": reversal.excluded_maps_matter,
    }
    return "; ".join(note for note, applies in notes.items() if applies)


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE, pad_edge=False)


def _spread(result: Result) -> str:
    return "mean ± sd over seeds" if len(result.seeds) > 1 else "mean, one seed"


def _drift_cell(row: pd.Series) -> str:
    return f"{_mean(row['mean'], row['sd'])}\n{_number(row['floor'])} / {_number(row['chance'])}"


def _mean(mean: float, sd: float) -> str:
    return _number(mean) if math.isnan(sd) else f"{_number(mean)} ± {_number(sd)}"


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"


def _safe(name: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in str(name))
