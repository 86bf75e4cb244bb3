"""The report's first screen in words: what is asked, what came out, and with which verdict."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from evidrift.base.sentence import Sentence, Spelling, listed, method, say, spelled
from evidrift.claims.claim import Claim
from evidrift.claims.known import OPEN
from evidrift.claims.stability import Extreme
from evidrift.compare.result import Result
from evidrift.compare.summary import Answer


class Audited(NamedTuple):
    """What an audit answers.

    Attributes:
        sentence: how far the evidence moved, by the first method.
        verdict: that it moved, by the same method.
        outcome: of the gate; None without one.
    """

    sentence: str
    verdict: str
    outcome: str | None


def answer_of(result: Result, spelling: Spelling, audited: Audited | None = None) -> Answer:
    """The answer of a study, from its claims; or of an audit.

    Args:
        result: of `compare`.
        spelling: the page's.
        audited: an audit's own answer.
    """
    details: Sequence[Sentence] = ()
    if audited:
        sentence, verdict = audited.sentence, audited.outcome or audited.verdict
        question = "Did the evidence move between these checkpoints?"
        if audited.outcome:
            question = "Did the evidence move, and does the model after pass the gate?"
    elif len(result.architectures) == 1:
        question = "Did fine-tuning move the evidence further than another training would?"
        sentence, verdict = _movement(result)
    else:
        question = "Does it depend on the attribution method which architecture keeps its evidence best?"
        sentence, verdict = _dependence(result)
        details = (_movement(result)[0], *_first_places(result.extremes))
    return Answer(
        question=question,
        sentence=spelled(sentence, spelling),
        verdict=verdict,
        details=tuple(spelled(each, spelling) for each in details),
    )


def _movement(result: Result) -> tuple[Sentence, str]:
    """Whether fine-tuning moved the evidence, over all architectures and methods."""
    claims = [each for each in result.claims if each.kind == "moved" and each.estimand == "recipe"]
    shown = sum(claim.verdict == "supported" for claim in claims)
    excluded = sum(claim.verdict == "refuted" for claim in claims)
    if not claims or not (shown or excluded):
        why = _why_not(claims, result.observed.undecidable, "there is no usable map")
        return say("Whether fine-tuning moved the evidence is not decidable: {why}", why=why), OPEN
    several = len({claim.arch for claim in claims}) > 1
    unit = "combinations of architecture and method" if several else "methods"
    everywhere = f"in all {len(claims)} {unit}" if len(claims) > 1 else "by the one method that was asked"
    if excluded == len(claims):
        told = f"Fine-tuning moved the evidence no further than another training would, {everywhere}."
        return say(told), "refuted"
    moved = "Fine-tuning moved the evidence further than another training would"
    if not shown:
        told = "Fine-tuning is not shown to have moved the evidence further than another training would."
        return say(told), OPEN
    if shown == len(claims):
        return say(f"{moved}, {everywhere}."), "supported"
    return say(f"{moved}, in {shown} of {len(claims)} {unit}."), OPEN


def _why_not(claims: Sequence[Claim], undecidable: Sentence | None, else_: str) -> Sentence:
    """The first claim's reason, or why nothing is decided, as the end of a sentence."""
    if claims and claims[0].reason:
        return claims[0].reason.inside()
    return say("{why}.", why=undecidable or else_)


def _dependence(result: Result) -> tuple[Sentence, str]:
    """Whether the order of architectures depends on the method."""
    claims = [each for each in result.claims if each.kind == "reversal" and each.estimand == "recipe"]
    found = [claim for claim in claims if claim.verdict == "supported"]
    unknown = [claim for claim in claims if claim.verdict == OPEN]
    undecidable = result.observed.undecidable
    if found:
        more = f" ({len(found)} of {len(claims)} comparisons show such a reversal)" if len(found) > 2 else ""
        shown = listed([_reversal(claim) for claim in found[:2]], "; ")
        return say("Yes: {shown}{more}.", shown=shown, more=more), "supported"
    if not claims:
        return (undecidable or say("no two methods here can disagree")).whole(), OPEN
    if unknown and undecidable:
        return undecidable.whole(), OPEN
    if unknown:
        return say(
            f"No change of order between two methods is shown, but in {len(unknown)} of {len(claims)} "
            "comparisons one cannot be ruled out either."
        ), OPEN
    return say(
        f"No: in all {len(claims)} comparisons a change of order between two methods is ruled out that would "
        f"be larger than {result.margin:g} of the way from floor to chance."
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
        told = [say("{arch} under {methods}", arch=arch, methods=_and(each)) for arch, each in shown.items()]
        rest = len(first) - sum(map(len, shown.values()))
        others = f" Under the other {rest} methods no first place is shown." if rest > 1 else ""
        yield say("Shown to be the most stable: {told}.{others}", told=listed(told, "; "), others=others)
    elif first:
        yield say("Under no method is one architecture shown to be the most stable.")


def _and(methods: Sequence[str]) -> Sentence:
    *head, last = [method(each) for each in methods]
    return listed([listed(head, ", "), last], " and ") if head else say("{one}", one=last)
