"""The claims and their verdicts as tables for the terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from evidrift.base.keys import PIPELINE
from evidrift.base.sentence import spelled
from evidrift.claims.claim import Claim
from evidrift.compare.findings.opinions import REFERENCE
from evidrift.compare.findings.ranking import SCALED
from evidrift.compare.findings.signs import signs, signs_of_methods
from evidrift.compare.result import Result
from evidrift.report.terminal.plain import add_columns, plain_table
from evidrift.report.words.numbers import interval_text, mean_text, number_text, p_text, safe

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
    to.print(moved_table(result, by_kind["moved"]))
    _print_open(by_kind["moved"], to)
    if len(result.architectures) > 1:
        to.print(difference_table(result, by_kind["difference"]))
        _print_open(by_kind["difference"], to)
        to.print(stability_table(result))
        _print_reversals(by_kind["reversal"], to)


def moved_table(result: Result, claims: Sequence[Claim]) -> Table:
    """The study's table: drift of the overlap with its spread, floor, chance, interval and verdict."""
    table = plain_table(
        "Has the evidence moved, on the way from floor (other seed) to chance (other patient)?"
    )
    add_columns(table, architecture="name", method="name")
    table.add_column(f"1 - overlap, {100 * result.area:g} %", no_wrap=True, justify="right")
    add_columns(table, floor="right", chance="right", share_of_the_way="right", p="right", verdict="left")
    marked = signs(result.marks)
    rows = result.drift[(result.drift["layer"] == result.layer) & (result.drift["measure"] == "overlap")]
    by_key = rows.set_index(["arch", "method"])
    for arch in result.architectures:
        own = [claim for claim in claims if claim.arch == arch]
        for place, claim in enumerate(own, start=1):
            row = by_key.loc[arch, claim.method]
            table.add_row(
                safe(arch) if place == 1 else "",
                safe(f"{claim.method} {marked.get((arch, result.layer, claim.method), '')}".strip()),
                mean_text(row["mean"], row["sd"]),
                number_text(row["floor"]),
                number_text(row["chance"]),
                interval_text(claim.estimate, claim.low, claim.high),
                p_text(claim.p_corrected),
                claim.verdict,
                end_section=place == len(own),
            )
    return table


def difference_table(result: Result, claims: Sequence[Claim]) -> Table:
    """Who is more stable under each method, with what the test over patients alone says beside it."""
    table = plain_table("Who is the more stable? Difference in the share of the way")
    add_columns(table, method="name", more_stable="name", less_stable="name", difference="right")
    add_columns(table, p="right", Wilcoxon_p_and_r="right", verdict="left")
    marked = signs_of_methods(result.marks)
    method = None
    for claim in claims:
        pair = (claim.arch, claim.other) if not claim.estimate > 0 else (claim.other, claim.arch)
        wilcoxon = f"{p_text(claim.wilcoxon_p)}, {abs(claim.wilcoxon_effect):.2f}"
        label = f"{claim.method} {marked.get((result.layer, claim.method), '')}".strip()
        table.add_row(
            "" if claim.method == method else safe(label),
            *map(safe, pair),
            interval_text(*claim.lead),
            p_text(claim.p_corrected),
            wilcoxon if claim.wilcoxon_p == claim.wilcoxon_p else "-",
            claim.verdict,
        )
        method = claim.method
    seen = [claim.detectable for claim in claims if claim.detectable == claim.detectable]
    table.caption = (
        "Wilcoxon's test (r: rank-biserial correlation), uncorrected, takes these trainings as given and "
        "asks about the middle patient: it may find what other trainings would not show."
    )
    if seen:
        found = f"With a power of 80 % this sample would have found {min(seen):.2f} to {max(seen):.2f}."
        table.caption = f"{found} {table.caption}"
    return table


def stability_table(result: Result) -> Table:
    """The most and the least stable architecture by method, and how likely the observed order is."""
    table = plain_table("The most and the least stable architecture")
    for heading in ("method", "most stable", "", "least stable", ""):
        table.add_column(heading, no_wrap=heading == "", overflow="fold")
    table.add_column("probability of the likeliest order", justify="right")
    for method in dict.fromkeys(each.method for each in result.extremes):
        cells = []
        for each in result.extremes:
            if each.method == method:
                cells += [safe(each.arch) or "-", each.verdict]
        orders = result.orders[result.orders["method"] == method]
        likely = f"{orders['probability'].iloc[0]:.2f}" if len(orders) else "-"
        table.add_row(safe(method), *cells, likely)
    return table


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
        to.print(reversal_verdicts(shown))
    to.print()


def reversal_verdicts(claims: Sequence[Claim]) -> Table:
    """Reversals with their size, the interaction and the verdict."""
    table = plain_table("Reversals as observed: the smaller of the two leads, and the interaction")
    add_columns(table, architectures="name", methods="name", smaller_lead="right", interaction="right")
    add_columns(table, p="right", verdict="left")
    for claim in claims:
        notes = [words for key, words in NOTES.items() if key in claim.warnings]
        table.add_row(
            f"{safe(claim.arch)}\n{safe(claim.other)}",
            f"{safe(claim.method)}\n{safe(claim.against)}",
            interval_text(claim.estimate, claim.low, claim.high),
            interval_text(claim.interaction, claim.interaction_low, claim.interaction_high),
            p_text(claim.p_corrected),
            "\n".join([claim.verdict, *notes]),
        )
    return table


def _print_open(claims: Sequence[Claim], to: Console) -> None:
    """Why nothing could be decided, where nothing could."""
    reasons = list(dict.fromkeys(spelled(claim.reason, PIPELINE) for claim in claims if claim.reason))
    if reasons and all(claim.verdict == "not decidable" for claim in claims):
        more = f" ({len(reasons) - 1} more in claims.csv)" if len(reasons) > 1 else ""
        to.print(f"Not decidable: {safe(reasons[0])}{more}", style="bold")
