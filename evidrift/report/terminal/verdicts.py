"""The claims and their verdicts as tables for the terminal."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from rich.console import Console

from evidrift.base.keys import PIPELINE
from evidrift.base.sentence import spelled
from evidrift.claims.claim import Claim
from evidrift.compare.findings.opinions import REFERENCE
from evidrift.compare.findings.ranking import SCALED
from evidrift.compare.findings.signs import signs, signs_of_methods
from evidrift.compare.output import claim_table
from evidrift.compare.result import Result
from evidrift.report.terminal.plain import plain_table, safe, spreads
from evidrift.report.words import view
from evidrift.report.words.numbers import PLAIN
from evidrift.report.words.shares import led_by

# Reversals that people still read; of more, those that are not open, and the study's own two methods.
MANY = 6
NOTES = {"effect_of_confidence": "effect of confidence", "maps_alike": "maps nearly the same"}
STUDYS_OWN = {REFERENCE, SCALED}


def print_verdicts(result: Result, to: Console) -> None:
    """Print the study's table, the differences and the reversals; nothing where nothing was claimed."""
    recipe = [claim for claim in result.claims if claim.estimand == "recipe"]
    by_kind = {
        kind: [claim for claim in recipe if claim.kind == kind]
        for kind in ("moved", "difference", "reversal")
    }
    if not by_kind["moved"] or not result.cohort.image_ids:
        return
    to.print(
        f"Verdicts at layer {safe(result.layer)}, common cohort. The recipe: patients and seeds random; 95 % "
        "intervals; p after Holm.",
        style="bold",
    )
    if everywhere := [caveat.key for caveat in result.caveats if caveat.about is None]:
        to.print(f"Every verdict carries: {', '.join(everywhere)} (see the notes).", style="yellow")
    to.print(plain_table(moved_table(result, by_kind["moved"]), sections=True))
    _print_open(by_kind["moved"], to)
    if len(result.architectures) > 1:
        to.print(plain_table(difference_table(result, by_kind["difference"])))
        _print_open(by_kind["difference"], to)
        to.print(plain_table(stability_table(result)))
        _print_reversals(by_kind["reversal"], to)


def moved_table(result: Result, claims: Sequence[Claim]) -> view.TableView:
    """The study's table: drift of the overlap with its spread, floor, chance, interval and verdict."""
    marked = signs(result.marks)
    drift = result.drift
    overlap = drift[(drift["layer"] == result.layer) & (drift["measure"] == "overlap")]
    levels = overlap[["arch", "method", "mean", "sd", "floor", "chance"]]
    in_order = sorted(claims, key=lambda claim: result.architectures.index(claim.arch))
    stated = claim_table(in_order).drop(columns=["floor", "chance"])
    rows = stated.merge(levels, on=["arch", "method"], validate="one_to_one")
    return view.table(
        "Has the evidence moved, on the way from floor (other seed) to chance (other patient)?",
        rows,
        [
            view.words("architecture", "arch"),
            view.methods("method", lambda row: marked.get((row["arch"], result.layer, row["method"]), "")),
            spreads(f"1 - overlap, {100 * result.area:g} %", "mean", "sd"),
            view.numbers("floor", "floor", digits=3),
            view.numbers("chance", "chance", digits=3),
            view.intervals("share of the way", "estimate", "low", "high"),
            view.p_values("p"),
            view.verdicts("verdict"),
        ],
    )


def difference_table(result: Result, claims: Sequence[Claim]) -> view.TableView:
    """Who is more stable under each method, with what the test over patients alone says beside it."""
    marked = signs_of_methods(result.marks)
    seen = [claim.detectable for claim in claims if claim.detectable == claim.detectable]
    return view.table(
        "Who is the more stable? Difference in the share of the way",
        led_by(claim_table(claims)),
        [
            view.methods("method", lambda row: marked.get((result.layer, row["method"]), "")),
            view.words("more stable", "first"),
            view.words("less stable", "second"),
            view.intervals("difference", "lead", "lead_low", "lead_high"),
            view.p_values("p"),
            view.Column("Wilcoxon p and r", _wilcoxon, kind="number"),
            view.verdicts("verdict"),
        ],
        (
            f"With a power of 80 % this sample would have found {min(seen):.2f} to {max(seen):.2f}. "
            if seen
            else ""
        )
        + "Wilcoxon's test (r: rank-biserial correlation), uncorrected, takes these trainings as given and "
        "asks about the middle patient: it may find what other trainings would not show.",
    )


def _wilcoxon(row: view.Row) -> view.Cell:
    if pd.isna(row["wilcoxon_p"]):
        return view.Cell(None, "number")
    p, effect = PLAIN.p(row["wilcoxon_p"]), PLAIN.number(abs(row["wilcoxon_effect"]), 2)
    return view.Cell(f"{p}, {effect}", "number")


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


def _print_reversals(claims: Sequence[Claim], to: Console) -> None:
    counts = {
        verdict: sum(claim.verdict == verdict for claim in claims)
        for verdict in ("supported", "refuted", "not decidable")
    }
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    to.print(
        f"Reversals between methods ({len(claims)} pairs of architectures and of methods that can disagree): "
        f"{told or 'none to ask about'}.",
        style="bold",
    )
    shown = [claim for claim in claims if claim.verdict == "supported" or claim.estimate > 0]
    if len(shown) > MANY:
        shown = [
            claim
            for claim in shown
            if claim.verdict == "supported" or {claim.method, claim.against} == STUDYS_OWN
        ]
    if shown:
        to.print(plain_table(reversal_table(shown), once=False))
    to.print()


def reversal_table(claims: Sequence[Claim]) -> view.TableView:
    """Reversals with their size, the interaction and the verdict."""

    def verdict(row: view.Row) -> view.Cell:
        notes = [note for key, note in NOTES.items() if key in row["warnings"].split("; ")]
        return view.Cell(row["verdict"], "verdict", note="\n".join(notes))

    return view.table(
        "Reversals as observed: the smaller of the two leads, and the interaction",
        claim_table(claims),
        [
            view.Column("architectures", lambda row: view.Cell(row["arch"], note=row["other"])),
            view.Column("methods", lambda row: view.Cell(row["method"], "method", note=row["against"])),
            view.intervals("smaller lead", "estimate", "low", "high"),
            view.intervals("interaction", "interaction", "interaction_low", "interaction_high"),
            view.p_values("p"),
            view.Column("verdict", verdict, kind="verdict"),
        ],
    )


def _print_open(claims: Sequence[Claim], to: Console) -> None:
    """Why nothing could be decided, where nothing could."""
    reasons = list(dict.fromkeys(spelled(claim.reason, PIPELINE) for claim in claims if claim.reason))
    if reasons and all(claim.verdict == "not decidable" for claim in claims):
        more = f" ({len(reasons) - 1} more in claims.csv)" if len(reasons) > 1 else ""
        to.print(f"Not decidable: {safe(reasons[0])}{more}", style="bold")
