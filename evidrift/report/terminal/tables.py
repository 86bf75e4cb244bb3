"""The study's result as tables for the terminal; plain text where there is none.

Names come from parameters and files: they are printed as they are, never read as rich's markup, and
without control characters.
"""

import sys
from dataclasses import replace
from functools import partial
from typing import IO, Any

from rich.console import Console

from evidrift.base.keys import PIPELINE
from evidrift.base.sentence import spelled
from evidrift.base.shown import shown
from evidrift.compare.findings.associations import answer as association_answer
from evidrift.compare.findings.courses_in_words import sentences
from evidrift.compare.findings.models import MEASURES, over_seeds
from evidrift.compare.findings.opinions import REFERENCE, answer
from evidrift.compare.findings.ranking import SCALED
from evidrift.compare.findings.signs import signs, signs_of_methods
from evidrift.compare.result import Result
from evidrift.measures.of_pairs import PRIMARY
from evidrift.report.terminal.plain import plain_table, spread, spreads
from evidrift.report.terminal.verdicts import print_exploratory, print_how_far, print_primary
from evidrift.report.words import reliance, view
from evidrift.report.words.cells import MEASURES as NAMES
from evidrift.report.words.choices import cohorts_view, left_out_words, paper_view, robustness_view
from evidrift.report.words.numbers import PLAIN

# Where output is not a terminal, whose width could be asked.
WIDTH = 118
PROPERTIES = {
    "confusability": "the confusion of the image's pair of classes",
    "centred_logit": "the change of the label's logit",
}
HEADINGS = NAMES | {"moved_share": "moved share, {area}", "concentration": "|concentration|"}


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
    to.print(left_out_words(result.left_out), style="bold")
    to.print(plain_table(models_table(result), once=False, sections=True))
    print_how_far(result, to)
    _print_question(result, to)
    print_choices(result, to)
    print_exploratory(result, to)
    if result.courses:
        to.print("Drift along training (validation images; docs/trajectory.md)", style="bold")
        for sentence in sentences(result.courses):
            to.print(shown(spelled(sentence, PIPELINE)))
        to.print()
    _print_reliance(result, to)
    _print_associations(result, to)
    if cohort.image_ids:
        for layer in dict.fromkeys(result.drift["layer"]):
            to.print(plain_table(drift_table(result, layer), sections=True))
    else:
        to.print("The common cohort is empty: there is no drift to compare. Each cohort's: cohorts.csv.")
    if result.observed.rankings:
        to.print(plain_table(ranking_table(result)))
    for caveat in result.caveats:
        to.print(f"Note: {shown(spelled(caveat.sentence, PIPELINE))}", style="yellow")


def print_choices(result: Result, to: Console) -> None:
    """Whether the primary claims survive the choices, and the paper's own quantities."""
    if len(result.multiverse):
        to.print(plain_table(robustness_view(result.robustness, named=False), once=False))
        to.print(plain_table(cohorts_view(result.multiverse, result.layer), once=False))
    if len(result.architectures) > 1 and len(result.paper):
        to.print(plain_table(paper_view(result.paper), sections=True))


def models_table(result: Result) -> view.TableView:
    """Accuracy, AUC and calibration error of both checkpoints."""
    headings = {name: name.replace("_", " ").replace("auc", "AUC") for name in MEASURES}
    return view.table(
        f"Models on the test split: {_spread(result)}",
        over_seeds(result.models).reset_index(),
        [
            view.words("architecture", "arch"),
            view.words("checkpoint", "checkpoint"),
            *(spreads(heading, name, f"{name}_sd") for name, heading in headings.items()),
        ],
    )


def drift_table(result: Result, layer: str) -> view.TableView:
    """The four primary measures at one layer, each with its seed floor and its scale below it."""
    marked = signs(result.marks)
    own = result.drift[result.drift["layer"] == layer]
    rows = [
        {"arch": arch, "method": method, **levels.set_index("measure").to_dict("index")}
        for arch in result.architectures
        for method, levels in own[own["arch"] == arch].groupby("method", observed=True, sort=False)
    ]
    return view.table(
        f"Measures at layer {layer} (larger = more): {_spread(result)}, below it seed floor of ft / scale",
        rows,
        [
            view.words("architecture", "arch"),
            view.methods("method", lambda row: marked.get((row["arch"], layer, row["method"]), "")),
            *(
                view.Column(
                    HEADINGS[each].format(area=f"{100 * result.area:g} %"),
                    partial(_levels, measure=each),
                    kind="number",
                )
                for each in PRIMARY
            ),
        ],
    )


def ranking_table(result: Result) -> view.TableView:
    """Architectures by method and layer, most stable first."""
    marked = signs_of_methods(result.marks)
    return view.table(
        "Ranking by drift, most stable first",
        map(vars, result.observed.rankings),
        [
            view.words("layer", "layer"),
            view.methods("method", lambda row: marked.get((row["layer"], row["method"]), "")),
            view.Column("order", _order),
        ],
    )


def _print_question(result: Result, to: Console) -> None:
    observed = result.observed
    if observed.undecidable:
        why = shown(spelled(observed.undecidable, PIPELINE))
        to.print(f"Ranking and reversals: not decidable: {why}.", style="bold")
        return
    if len(result.architectures) == 1:
        to.print("One architecture: there is no order to reverse.")
        return
    print_primary(result, to)
    to.print("Does the reversal between LayerCAM and Grad-CAM++ survive?", style="bold")
    for sentence in answer(result.question):
        to.print(shown(spelled(sentence, PIPELINE)))
    to.print()
    to.print(plain_table(tau_table(result, observed.rankings[0].layer)))  # `penultimate` comes first


def _print_reliance(result: Result, to: Console) -> None:
    if result.reliance.regions.empty:
        return
    to.print("Reliance: what the decision hangs on (docs/reliance.md)", style="bold")
    for sentence in reliance.sentences(result.reliance, result.architectures):
        to.print(shown(spelled(sentence, PIPELINE)))
    to.print()
    to.print(plain_table(reliance_table(result)))


def reliance_table(result: Result) -> view.TableView:
    """By how much more the class's score falls at each region than at random places, under ft."""
    regions = result.reliance.regions
    rows = regions[(regions["label"] == reliance.ALL) & (regions["checkpoint"] == "ft")]
    return view.table(
        "How many logits more the score of the class falls than at random places, ft: 95 % intervals",
        rows.assign(region=rows["region"].map(reliance.region_name)),
        [
            view.words("region", "region"),
            view.words("architecture", "arch"),
            view.words("covered with", "fill", names=reliance.FILLS),
            view.intervals("reliance", "reliance", "low", "high"),
            view.numbers("turned", "flipped"),
            view.numbers("at random", "random_flipped"),
            view.counts("patients", "n_patients"),
        ],
    )


def _print_associations(result: Result, to: Console) -> None:
    title = "What goes with drift? Spearman's correlation over images, an observation (associations.csv)"
    to.print(title, style="bold")
    for key, name in PROPERTIES.items():
        rows = result.associations[result.associations["property"] == key]
        to.print(shown(association_answer(rows, name)))
    to.print()
    if (result.classes["method"] == REFERENCE).any():
        to.print(plain_table(class_drift_table(result), sections=True))


def class_drift_table(result: Result) -> view.TableView:
    """Each class's drift under LayerCAM beside how often it is confused."""
    return view.table(
        "Classes under LayerCAM: confusion beside the drift of images right in both",
        result.classes[result.classes["method"] == REFERENCE],
        [
            view.words("architecture", "arch"),
            view.words("label", "label"),
            view.numbers("confusion", "confusion", digits=3),
            view.words("confused with", "confused_with"),
            view.intervals("drift", "drift", "drift_low", "drift_high"),
            view.intervals("seed floor", "floor", "floor_low", "floor_high"),
            view.counts("images", "n_measured"),
        ],
    )


def tau_table(result: Result, layer: str) -> view.TableView:
    """Kendall's tau between the orders that the methods give, one triangle of it."""
    rows = result.taus[result.taus["layer"] == layer]
    names = list(dict.fromkeys([*rows["method"], *rows["other_method"]]))
    taus = {(row.method, row.other_method): row for row in rows.itertuples()}

    def tau(row: int, column: int) -> view.Cell:
        return _tau(taus[names[column], names[row]]) if column < row else view.Cell("")

    notes = ["In brackets: methods that cannot disagree."] if rows["alike"].any() else []
    own = rows[(rows["method"] == SCALED) & (rows["other_method"] == REFERENCE)].dropna()
    notes += [
        f"Grad-CAM++ and LayerCAM: 95 % interval {row.tau_low:.2f} to {row.tau_high:.2f}, the same order "
        f"with probability {row.same_order:.2f}."
        for row in own.itertuples()
    ]
    return view.table(
        f"Kendall's tau of the orders at {layer}: 1 the same, -1 the opposite",
        range(len(names)),
        [
            view.Column("", lambda row: view.Cell(f"{row + 1} {names[row]}")),
            *(
                view.Column(str(column + 1), partial(tau, column=column), kind="number")
                for column in range(len(names) - 1)
            ),
        ],
        "\n".join(notes),
    )


def _tau(row: Any) -> view.Cell:
    text = PLAIN.number(row.tau, 2)
    return view.Cell(f"({text})" if row.alike else text, "number")


def _order(ranking: view.Row) -> view.Cell:
    without = ", ".join(ranking["unscored"])
    parts = [
        " < ".join(f"{arch} {PLAIN.number(score)}" for arch, score in ranking["scores"]),
        f"no score: {without}" if without else "",
        "another order if unusable maps count as overlap 0" if ranking["excluded_maps_matter"] else "",
    ]
    return view.Cell("; ".join(filter(None, parts)))


def _spread(result: Result) -> str:
    return "mean ± sd over seeds" if len(result.seeds) > 1 else "mean, one seed"


def _levels(row: view.Row, measure: str) -> view.Cell:
    """A measure's mean and spread, below it seed floor and scale."""
    level = row[measure]
    below = f"{PLAIN.number(level['floor_ft'])} / {PLAIN.number(level['scale'])}"
    return replace(spread(level["mean"], level["sd"]), note=below)
