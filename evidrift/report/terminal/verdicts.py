"""How far the evidence moved, and the claims with their verdicts, as tables for the terminal."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd
from rich.console import Console

from evidrift.base.keys import PIPELINE
from evidrift.base.sentence import spelled
from evidrift.base.shown import shown
from evidrift.claims.claim import Claim
from evidrift.compare.findings import basins
from evidrift.compare.findings.signs import signs, signs_of_methods
from evidrift.compare.output import claim_table
from evidrift.compare.result import Result
from evidrift.maps.mapfile import CHECKPOINTS
from evidrift.measures.of_pairs import MOVED_SHARE
from evidrift.report.terminal.plain import plain_table
from evidrift.report.words import view
from evidrift.report.words.cells import mixtures
from evidrift.report.words.claimed import led_by, reversals, together, with_bounds
from evidrift.report.words.numbers import PLAIN

# Exploratory reversals that people still read; of more, those that are supported.
MANY = 6
NOTES = {"effect_of_confidence": "effect of confidence", "maps_alike": "maps nearly the same"}


def print_how_far(result: Result, to: Console) -> None:
    """Print how far the evidence moved at the layer of conclusions; nothing where nothing was measured."""
    if not result.cohort.image_ids:
        return
    if everywhere := [caveat.key for caveat in result.caveats if caveat.about is None]:
        to.print(f"Everything carries: {', '.join(everywhere)} (see the notes).", style="yellow")
    to.print(plain_table(how_far_table(result), sections=True))
    for sentence in basins.sentences(result.basins):
        to.print(shown(spelled(sentence, PIPELINE)))
    to.print()


def print_primary(result: Result, to: Console) -> None:
    """Print the claims of the primary family, which are asked beforehand."""
    claims = [claim for claim in result.claims if claim.family == "primary"]
    if claims:
        title = "Primary: do LayerCAM and Grad-CAM++ order two architectures differently?"
        to.print(plain_table(reversal_table(title, claims, result.claims), once=False))
        _print_open(claims, to)


def print_exploratory(result: Result, to: Console) -> None:
    """Print all other claims of the recipe, each kind corrected for its own number."""
    own = [claim for claim in result.claims if (claim.family, claim.estimand) == ("exploratory", "recipe")]
    if not own or not result.cohort.image_ids:
        return
    to.print(
        f"Exploratory, at layer {shown(result.layer)}, of the recipe (other patients, other trainings):",
        style="bold",
    )
    by_kind = {kind: [claim for claim in own if claim.kind == kind] for kind in KINDS}
    for kind, drawn in KINDS.items():
        if by_kind[kind]:
            to.print(plain_table(drawn(result, by_kind[kind]), sections=kind != "difference"))
            _print_open(by_kind[kind], to)
    if len(result.architectures) > 1:
        to.print(plain_table(stability_table(result)))
        _print_reversals([claim for claim in own if claim.kind == "reversal"], result.claims, to)


def how_far_table(result: Result) -> view.TableView:
    """Drift with its shared and erratic part, the seed floors and the scale."""
    marked = signs(result.marks)
    own = result.drift[(result.drift["layer"] == result.layer) & (result.drift["measure"] == MOVED_SHARE)]
    recipe = bool(own["low"].notna().any())
    return view.table(
        f"How far at {shown(result.layer)}: drift, the share of the strongest {100 * result.area:g} % that "
        "lies elsewhere",
        with_bounds(own),
        [
            view.words("architecture", "arch"),
            view.methods("method", lambda row: marked.get((row["arch"], result.layer, row["method"]), "")),
            view.intervals("drift", "mean", "low", "high"),
            view.numbers("shared", "shared"),
            view.numbers("erratic", "erratic"),
            view.Column("seed floors", partial(_floors, found=mixtures(result.basins.table)), kind="number"),
            view.numbers("scale", "scale"),
            view.intervals("drift / scale", "over_scale", "over_scale_low", "over_scale_high"),
        ],
        "Shared: what every training moves alike; erratic: the rest. Seed floors: what two trainings differ "
        "by, tl / ft. Scale: from one patient to another of the class, under one checkpoint. 95 % intervals, "
        f"one by one, of {'the recipe' if recipe else 'these checkpoints'}.",
    )


def _floors(row: view.Row, found: Mapping[tuple[str, str], int]) -> view.Cell:
    known = not (pd.isna(row["floor_tl"]) and pd.isna(row["floor_ft"]))
    both = f"{PLAIN.number(row['floor_tl'], 2)} / {PLAIN.number(row['floor_ft'], 2)}"
    clouds = {name: found.get((row["arch"], name)) for name in CHECKPOINTS}
    told = [f"{name}: {n} clouds" for name, n in clouds.items() if n]
    return view.Cell(both if known else None, "number", note=", ".join(told))


def moved_table(result: Result, claims: Sequence[Claim]) -> view.TableView:
    """Does every training move the evidence alike?"""
    return _by_architecture(
        result, claims, "Moved: does every training move the evidence alike?", "shared drift"
    )


def preserved_table(result: Result, claims: Sequence[Claim]) -> view.TableView:
    """Is the drift below the stated share of the scale?"""
    title = f"Preserved: is the drift below {result.preserved:g} of the scale?"
    return _by_architecture(result, claims, title, "drift / scale")


def _by_architecture(result: Result, claims: Sequence[Claim], title: str, estimate: str) -> view.TableView:
    marked = signs(result.marks)
    rows = claim_table(sorted(claims, key=lambda claim: result.architectures.index(claim.arch)))
    return view.table(
        title,
        rows,
        [
            view.words("architecture", "arch"),
            view.methods("method", lambda row: marked.get((row["arch"], result.layer, row["method"]), "")),
            view.intervals(estimate, "estimate", "low", "high"),
            *_SURELY,
        ],
        _note(rows, "how far from the limit the truth must lie" if estimate == "drift / scale" else SEEN),
    )


def difference_table(result: Result, claims: Sequence[Claim]) -> view.TableView:
    """Who is more stable under each method."""
    marked = signs_of_methods(result.marks)
    rows = led_by(claim_table(claims))
    return view.table(
        "Difference: who is the more stable? Lead in drift",
        rows,
        [
            view.methods("method", lambda row: marked.get((result.layer, row["method"]), "")),
            view.words("more stable", "first"),
            view.words("less stable", "second"),
            view.intervals("lead", "lead", "lead_low", "lead_high"),
            *_SURELY,
        ],
        _note(rows, SEEN),
    )


SEEN = "the true value that there must be"
_SURELY = (
    view.p_values("p"),
    view.counts("n", "n_patients"),
    view.numbers("detectable", "detectable"),
    view.verdicts("verdict"),
)
KINDS = {"moved": moved_table, "preserved": preserved_table, "difference": difference_table}


def _note(claims: pd.DataFrame, seen: str) -> str:
    return (
        f"n: patients; {together(claims)}, p times their number. Detectable: {seen} for a study of this size "
        "to show it with a power of 80 %."
    )


def stability_table(result: Result) -> view.TableView:
    """The most and the least stable architecture by method, and how likely the observed order is."""
    likely = result.orders.groupby("method", sort=False)["probability"].first()
    rows: dict[str, dict[str, Any]] = {}
    for each in result.extremes:
        row = rows.setdefault(each.method, {"method": each.method, "likely": likely.get(each.method)})
        row |= {each.place: each.arch or None, f"{each.place}, verdict": each.verdict}
    return view.table(
        "The most and the least stable architecture, and the probability of the likeliest order",
        rows.values(),
        [
            view.methods("method"),
            view.words("most stable", "most stable"),
            view.verdicts("", "most stable, verdict"),
            view.words("least stable", "least stable"),
            view.verdicts("", "least stable, verdict"),
            view.numbers("probability", "likely"),
        ],
    )


def _print_reversals(claims: Sequence[Claim], every: Sequence[Claim], to: Console) -> None:
    counts = {
        verdict: sum(claim.verdict == verdict for claim in claims)
        for verdict in ("supported", "refuted", "not decidable")
    }
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    to.print(
        f"Other reversals between methods ({len(claims)} pairs of architectures and of methods that can "
        f"disagree): {told or 'none to ask about'}.",
        style="bold",
    )
    shown = [claim for claim in claims if claim.verdict == "supported" or claim.estimate > 0]
    if len(shown) > MANY:
        shown = [claim for claim in shown if claim.verdict == "supported"]
    if shown:
        to.print(plain_table(reversal_table("Reversals as observed", shown, every), once=False))
    to.print()


def reversal_table(title: str, claims: Sequence[Claim], every: Sequence[Claim]) -> view.TableView:
    """Reversals with who leads under each method, their size and the verdict.

    Args:
        title: of the table.
        claims: about reversals, of one family.
        every: claim, of which the differences are looked up.
    """

    def verdict(row: view.Row) -> view.Cell:
        notes = [note for key, note in NOTES.items() if key in row["warnings"].split("; ")]
        return view.Cell(row["verdict"], "verdict", note="\n".join(notes))

    def leads(row: view.Row) -> view.Cell:
        here, there = (
            "-" if pd.isna(row[lead]) else f"{row[name]} by {row[lead]:.2f}"
            for name, lead in (("here", "here_lead"), ("there", "there_lead"))
        )
        return view.Cell(here, note=there)

    rows = reversals(claim_table(claims), claim_table(every))
    return view.table(
        title,
        rows,
        [
            view.Column("architectures", lambda row: view.Cell(row["arch"], note=row["other"])),
            view.Column("methods", lambda row: view.Cell(row["method"], "method", note=row["against"])),
            view.Column("more stable", leads),
            view.intervals("smaller lead", "estimate", "low", "high"),
            view.p_values("p"),
            view.counts("n", "n_patients"),
            view.numbers("detectable", "detectable"),
            view.Column("verdict", verdict, kind="verdict"),
        ],
        "The smaller of the two leads, below 0 where there is no reversal. "
        + _note(rows, "how large each lead must be"),
    )


def _print_open(claims: Sequence[Claim], to: Console) -> None:
    """Why nothing could be decided, where nothing could."""
    reasons = list(dict.fromkeys(spelled(claim.reason, PIPELINE) for claim in claims if claim.reason))
    if reasons and all(claim.verdict == "not decidable" for claim in claims):
        more = f" ({len(reasons) - 1} more in claims.csv)" if len(reasons) > 1 else ""
        to.print(f"Not decidable: {shown(reasons[0])}{more}", style="bold")
