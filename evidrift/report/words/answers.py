"""The report's first screen in words: what is asked, what came out, and with which verdict."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from evidrift.base.sentence import Sentence, Spelling, listed, method, say, spelled
from evidrift.claims.claim import OPEN, Claim
from evidrift.claims.stability import Extreme
from evidrift.compare.findings.opinions import REFERENCE
from evidrift.compare.result import Result
from evidrift.compare.summary import Answer
from evidrift.measures.of_pairs import MOVED_SHARE

PERCENT = "\N{NO-BREAK SPACE}%"


class Audited(NamedTuple):
    """What an audit answers.

    Attributes:
        sentence: how far the evidence moved, by the first method.
        verdict: that it is preserved, by the same method.
        outcome: of the gate; None without one.
    """

    sentence: str
    verdict: str
    outcome: str | None


def answer_of(result: Result, spelling: Spelling, audited: Audited | None = None) -> Answer:
    """The answer of a study, from its claims; or of an audit.

    The verdict of a study of several architectures rests on the primary family alone.

    Args:
        result: of `compare`.
        spelling: the page's.
        audited: an audit's own answer.
    """
    details: Sequence[Sentence] = ()
    exploratory: Sequence[Sentence] = ()
    sentence: str
    if audited:
        sentence, verdict = audited.sentence, audited.outcome or audited.verdict
        question = "How far did the evidence move, and is it preserved?"
        if audited.outcome:
            question = "May the model after take the place of the model before?"
    elif len(result.architectures) == 1:
        question = "How far did fine-tuning move the evidence, and would another training move it alike?"
        sentence, verdict = _movement(result)
        details = tuple(_how_far(result))
        exploratory = tuple(_preserved(result))
    else:
        question = "Do LayerCAM and Grad-CAM++ disagree on which architecture keeps its evidence best?"
        sentence, verdict = _dependence(result)
        details = tuple(_how_far(result))
        exploratory = (_movement(result)[0], *_preserved(result), *_first_places(result.extremes))
    return Answer(
        question=question,
        sentence=spelled(sentence, spelling),
        verdict=verdict,
        details=tuple(spelled(each, spelling) for each in details),
        exploratory=tuple(spelled(each, spelling) for each in exploratory),
    )


def _how_far(result: Result) -> Iterator[Sentence]:
    """By LayerCAM, else by the first method: the drift of each architecture, and the scale."""
    table = result.drift
    at = (table["layer"] == result.layer) & (table["measure"] == MOVED_SHARE) & table["mean"].notna()
    rows = table[at]
    if rows.empty:
        return
    by = REFERENCE if (rows["method"] == REFERENCE).any() else str(rows["method"].iloc[0])
    rows = rows[rows["method"] == by]
    several = len(rows) > 1
    moved = [
        say(
            "{share} of the strongest evidence lies elsewhere{place}" if not at else "{share}{place}",
            share=f"{100 * row.mean:.0f}{PERCENT}",
            place=f" in {row.arch}" if several else "",
        )
        for at, row in enumerate(rows.itertuples())
    ]
    ends = [f"{100 * end:.0f}" for end in (rows["scale"].min(), rows["scale"].max()) if end == end]
    between = " to ".join(dict.fromkeys(ends))
    told = f" From one patient to another it is {between}{PERCENT}." if ends else ""
    yield say(
        "How far: after fine-tuning, {moved} ({method}).{told}",
        moved=_and(moved),
        method=method(by),
        told=told,
    )


def _movement(result: Result) -> tuple[Sentence, str]:
    """Whether every training moves the evidence alike, over all architectures and methods."""
    claims = [each for each in result.claims if each.kind == "moved"]
    shown = sum(claim.verdict == "supported" for claim in claims)
    excluded = sum(claim.verdict == "refuted" for claim in claims)
    if not claims or not (shown or excluded):
        why = _why_not(claims, result.observed.undecidable, "there is no usable map")
        return say("Whether every training moves the evidence alike is not decidable: {why}", why=why), OPEN
    everywhere = _everywhere(claims)
    moved = "Every training moves part of the evidence alike"
    if excluded == len(claims):
        excludes = f"a shared drift of {result.margin:g} or more is excluded"
        return say(f"No training moves what another moves, {everywhere}: {excludes}."), "refuted"
    if not shown:
        return say("It is not shown that every training moves the evidence alike."), OPEN
    if shown == len(claims):
        return say(f"{moved}, {everywhere}."), "supported"
    return say(f"{moved}, in {shown} of {len(claims)} {_unit(claims)}."), OPEN


def _preserved(result: Result) -> Iterator[Sentence]:
    """Where the evidence is shown to be preserved, and where it is shown not to be."""
    claims = [each for each in result.claims if each.kind == "preserved" and each.estimand == "recipe"]
    limit = f"{result.preserved:g} of the way from one patient to another"
    for verdict, words in (("supported", "less than"), ("refuted", "more than")):
        n = sum(claim.verdict == verdict for claim in claims)
        if n:
            where = _everywhere(claims) if n == len(claims) else f"in {n} of {len(claims)} {_unit(claims)}"
            yield say(f"The evidence is shown to move {words} {limit}, {where}.")


def _everywhere(claims: Sequence[Claim]) -> str:
    return f"in all {len(claims)} {_unit(claims)}" if len(claims) > 1 else "by the one method that was asked"


def _unit(claims: Sequence[Claim]) -> str:
    several = len({claim.arch for claim in claims}) > 1
    return "combinations of architecture and method" if several else "methods"


def _why_not(claims: Sequence[Claim], undecidable: Sentence | None, else_: str) -> Sentence:
    """The first claim's reason, or why nothing is decided, as the end of a sentence."""
    if claims and claims[0].reason:
        return claims[0].reason.inside()
    return say("{why}.", why=undecidable or else_)


def _dependence(result: Result) -> tuple[Sentence, str]:
    """Whether the order of architectures under LayerCAM differs from that under Grad-CAM++."""
    claims = [each for each in result.claims if each.kind == "reversal" and each.family == "primary"]
    found = [claim for claim in claims if claim.verdict == "supported"]
    unknown = [claim for claim in claims if claim.verdict == OPEN]
    undecidable = result.observed.undecidable
    pairs = f"{len(claims)} pairs of architectures" if len(claims) > 1 else "the one pair of architectures"
    if found:
        return say("Yes: {shown}.", shown=listed([_reversal(claim) for claim in found], "; ")), "supported"
    if not claims:
        why = undecidable or result.question.why_not or say("the two methods cannot disagree here")
        return say("Not decidable: {why}.", why=why), OPEN
    if unknown and undecidable:
        return say("Not decidable: {why}.", why=undecidable), OPEN
    if unknown:
        among = f"all {pairs}" if len(unknown) == len(claims) else f"{len(unknown)} of {pairs}"
        among = among if len(claims) > 1 else pairs
        return say(f"No change of order is shown, but in {among} one cannot be ruled out either."), OPEN
    among = f"all {pairs}" if len(claims) > 1 else pairs
    return say(
        f"No: in {among} a change of order is ruled out in which both leads are {result.margin:g} of the "
        "strongest evidence or more."
    ), "refuted"


def _reversal(claim: Claim) -> Sentence:
    stable, other = (claim.other, claim.arch) if claim.interaction > 0 else (claim.arch, claim.other)
    return say(
        "{stable} keeps its evidence better than {other} under {here}, and worse under {there}",
        stable=stable,
        other=other,
        here=method(claim.method),
        there=method(claim.against),
    )


def _first_places(extremes: Sequence[Extreme]) -> Iterator[Sentence]:
    """By architecture, under which methods it is shown to be the most stable one."""
    first = [each for each in extremes if each.place == "most stable"]
    shown: dict[str, list[str]] = {}
    for each in first:
        if each.verdict == "supported":
            shown.setdefault(each.arch, []).append(each.method)
    if shown:
        told = [
            say("{arch} under {methods}", arch=arch, methods=_and([method(name) for name in each]))
            for arch, each in shown.items()
        ]
        rest = len(first) - sum(map(len, shown.values()))
        others = f" Under the other {rest} methods no first place is shown." if rest > 1 else ""
        yield say("Shown to be the most stable: {told}.{others}", told=listed(told, "; "), others=others)
    elif first:
        yield say("Under no method is one architecture shown to be the most stable.")


def _and(parts: Sequence[Any]) -> Sentence:
    *head, last = parts
    return listed([listed(head, ", "), last], " and ") if head else say("{one}", one=last)
