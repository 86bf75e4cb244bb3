"""The report's first screen in words: what is asked, what came out, and with which verdict."""

from collections.abc import Iterator, Sequence

from evidrift.claims.claim import Claim
from evidrift.claims.stability import Extreme
from evidrift.compare.findings.opinions import answer
from evidrift.compare.result import Result
from evidrift.compare.summary import Answer
from evidrift.report.words.names import method_name

OPEN = "not decidable"


def answer_of(result: Result, kind: str, audited: str = "", outcome: str | None = None) -> Answer:
    """The answer of a study, from its claims; or of an audit.

    Args:
        result: of `compare`.
        kind: `study` or `audit`.
        audited: an audit's own sentence.
        outcome: of an audit's gate; None without one.
    """
    moved = [claim for claim in result.claims if claim.kind == "moved"]
    if kind == "audit":
        if outcome is not None:
            question = "Did the evidence move, and does the model after pass the gate?"
            return Answer(question=question, sentence=audited, verdict=outcome, details=())
        verdict = next((claim.verdict for claim in _best_known(moved)), OPEN)
        question = "Did the evidence move between these checkpoints?"
        return Answer(question=question, sentence=audited, verdict=verdict, details=())
    recipe = [claim for claim in moved if claim.estimand == "recipe"]
    movement, verdict = _movement(recipe, result.observed.undecidable)
    if len(result.architectures) == 1:
        question = "Did fine-tuning move the evidence further than another training would?"
        return Answer(question=question, sentence=movement, verdict=verdict, details=())
    sentence, verdict = _dependence(result)
    return Answer(
        question="Does it depend on the attribution method which architecture keeps its evidence best?",
        sentence=sentence,
        verdict=verdict,
        details=(movement, *_first_places(result.extremes)),
    )


def opinions_of(result: Result) -> list[str]:
    """Whether the reversal between LayerCAM and Grad-CAM++ survives; nothing for a single architecture."""
    return answer(result.question) if len(result.architectures) > 1 else []


def _best_known(moved: Sequence[Claim]) -> list[Claim]:
    """Claims about the recipe where any of these is decided, else about these checkpoints."""
    recipe = [claim for claim in moved if claim.estimand == "recipe"]
    decided = any(claim.verdict != OPEN for claim in recipe)
    return recipe if decided else [claim for claim in moved if claim.estimand != "recipe"]


def _movement(claims: Sequence[Claim], undecidable: str) -> tuple[str, str]:
    """Whether fine-tuning moved the evidence, over all architectures and methods."""
    shown = sum(claim.verdict == "supported" for claim in claims)
    excluded = sum(claim.verdict == "refuted" for claim in claims)
    if not claims or not (shown or excluded):
        why = claims[0].reason if claims else _clause(undecidable) or "there is no usable map."
        return f"Whether fine-tuning moved the evidence is not decidable: {_lower(why)}", OPEN
    unit = (
        "combinations of architecture and method" if len({claim.arch for claim in claims}) > 1 else "methods"
    )
    everywhere = f"in all {len(claims)} {unit}" if len(claims) > 1 else "by the one method that was asked"
    if excluded == len(claims):
        return (
            f"Fine-tuning moved the evidence no further than another training would, {everywhere}.",
            "refuted",
        )
    if not shown:
        return (
            "Fine-tuning is not shown to have moved the evidence further than another training would.",
            OPEN,
        )
    moved = "Fine-tuning moved the evidence further than another training would"
    if shown == len(claims):
        return f"{moved}, {everywhere}.", "supported"
    return f"{moved}, in {shown} of {len(claims)} {unit}.", OPEN


def _dependence(result: Result) -> tuple[str, str]:
    """Whether the order of architectures depends on the method."""
    claims = [each for each in result.claims if each.kind == "reversal" and each.estimand == "recipe"]
    found = [claim for claim in claims if claim.verdict == "supported"]
    unknown = [claim for claim in claims if claim.verdict == OPEN]
    if found:
        shown = "; ".join(_reversal(claim) for claim in found[:2])
        more = f" ({len(found)} of {len(claims)} comparisons show such a reversal)" if len(found) > 2 else ""
        return f"Yes: {shown}{more}.", "supported"
    if not claims:
        why = _clause(result.observed.undecidable) or "no two methods here can disagree."
        return _capital(why), OPEN
    if unknown:
        if result.observed.undecidable:
            return _capital(_clause(result.observed.undecidable)), OPEN
        return (
            f"No change of order between two methods is shown, but in {len(unknown)} of "
            f"{len(claims)} comparisons one cannot be ruled out either.",
            OPEN,
        )
    return (
        f"No: in all {len(claims)} comparisons a change of order between two methods is ruled out that would "
        f"be larger than {result.margin:g} of the way from floor to chance.",
        "refuted",
    )


def _reversal(claim: Claim) -> str:
    stable, other = (claim.other, claim.arch) if claim.interaction > 0 else (claim.arch, claim.other)
    return (
        f"{stable} keeps its evidence better than {other} under {method_name(claim.method)}, and worse under "
        f"{method_name(claim.against)}"
    )


def _first_places(extremes: Sequence[Extreme]) -> Iterator[str]:
    """By architecture, under which methods it is shown to be the most stable one."""
    first = [each for each in extremes if each.place == "most stable"]
    shown: dict[str, list[str]] = {}
    for each in first:
        if each.verdict == "supported":
            shown.setdefault(each.arch, []).append(method_name(each.method))
    if shown:
        told = "; ".join(f"{arch} under {_listed(methods)}" for arch, methods in shown.items())
        rest = len(first) - sum(map(len, shown.values()))
        yield f"Shown to be the most stable: {told}." + (
            f" Under the other {rest} methods no first place is shown." if rest > 1 else ""
        )
    elif first:
        yield "Under no method is one architecture shown to be the most stable."


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _clause(undecidable: str) -> str:
    """A reason without the words `not decidable:` before it, as a sentence's end."""
    text = undecidable.removeprefix("not decidable: ").strip()
    return f"{text.rstrip('.')}." if text else ""


def _lower(sentence: str) -> str:
    # a name or an abbreviation keeps its capitals
    return sentence if sentence[1:2].isupper() else sentence[:1].lower() + sentence[1:]


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
