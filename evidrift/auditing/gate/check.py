"""One limit of a gate and what comes of it, and what comes of all of them.

A limit has parts: the pairs of models and, where it is asked by class, the classes. It is passed only if the
upper bound of every part lies below it, and failed if the lower bound of one lies above it; else it is not
judged, since the films are too few to tell. Each upper bound fails in at most 5 % of all samples of patients.
Since every part must be passed, one that does harm is passed wrongly in at most 5 % (intersection-union),
however many limits and parts there are. Lower bounds are corrected for the number of parts instead. The
models are files, as they are: there is nothing random about them but the films on which they are tried.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from evidrift.auditing.gate.films import of
from evidrift.base.interval import ERROR, Bounds
from evidrift.base.sentence import listed, parameter, say
from evidrift.compare.record import Side

Verdict = Literal["passed", "failed", "not judged"]
EXIT_CODES: dict[str, int] = {"passed": 0, "failed": 1, "not judged": 2}
KNOWLEDGE = "knowledge"
NAN = float("nan")
NO_LABELS = say(
    "Labels are not known, so neither is which films are right. Give them ({images}).",
    images=parameter("images"),
)


class Bounded(Protocol):
    """What a limit must hold for, with bounds; see `films.Part`."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def of(self) -> str: ...  # noqa: D102
    @property
    def values(self) -> np.ndarray: ...  # noqa: D102
    def bounds(self, low_error: float = ERROR, high_error: float = ERROR) -> Bounds: ...  # noqa: D102
    def n_for(self, limit: float) -> int | None: ...  # noqa: D102


@dataclass(frozen=True)
class Check:
    """One limit and what came of it.

    Attributes:
        name: key in the gate file, or `knowledge`, which every gate asks for.
        what: in words.
        value, low, high: what was found, with its two bounds, each of which fails in at most 5 % of all
            samples of patients; NaN where there is none.
        limit: at most this; where `least`, more than this.
        verdict: `passed`, `failed` or `not judged`.
        reason: one sentence or two.
        least: whether the limit is one from below.
        against: side that the model after is held against.
    """

    name: str
    what: str
    value: float
    low: float
    high: float
    limit: float
    verdict: Verdict
    reason: str
    least: bool = False
    against: Side = "before"

    @property
    def asked(self) -> str:
        """The limit in words."""
        return f"more than {self.limit:g}" if self.least else f"at most {self.limit:g}"


def outcome(checks: Sequence[Check]) -> Verdict:
    """Failed if one check is; else not judged if one is not; else passed.

    Of models that are not shown to know anything nothing is judged: they may have been fed wrongly.
    """
    verdicts = {check.verdict for check in checks}
    blind = any(check.name == KNOWLEDGE and check.verdict != "passed" for check in checks)
    if blind or not checks:
        return "not judged"
    return "failed" if "failed" in verdicts else "not judged" if "not judged" in verdicts else "passed"


def check(name: str, what: str, limit: float, parts: Sequence[Bounded]) -> Check:
    """One limit that all parts must keep.

    Args:
        name: key in the gate file.
        what: in words.
        limit: at most this.
        parts: at least one; one without patients is not judged.
    """
    found = [each.bounds(low_error=ERROR / len(parts)) for each in parts]
    nobody = [each.name for each in parts if not len(each.values)]
    known = [bounds for bounds in found if bounds.value == bounds.value]
    # of the largest mean of all parts
    whole = Bounds(*(max((each[at] for each in known), default=NAN) for at in range(3)))
    size = f"{whole.value:z.3f} [{whole.low:z.3f}, {whole.high:z.3f}]"
    largest = _largest(parts, found) if known else ""
    verdict: Verdict
    reason: str
    if known and whole.low > limit:
        verdict, reason = (
            "failed",
            say("{size} lies above {limit:g}.{of}", size=size, limit=limit, of=largest),
        )
    elif nobody:
        verdict, reason = "not judged", say("There is no film that counts{of}.", of=of(nobody[0]))
    elif whole.high <= limit:
        verdict, reason = (
            "passed",
            say("{size} lies below {limit:g}.{of}", size=size, limit=limit, of=largest),
        )
    else:
        told = say("{size} holds {limit:g}.{of}", size=size, limit=limit, of=largest)
        verdict, reason = "not judged", listed([told, _would_tell(parts, found, limit)])
    return Check(name, what, *whole, limit, verdict, reason)


def _largest(parts: Sequence[Bounded], found: Sequence[Bounds]) -> str:
    """Which of several parts has the largest value."""
    values = [each.value for each in found]
    name = parts[int(np.nanargmax(values))].name
    several = np.nanmax(values) > np.nanmin(values)
    return say(" The largest is that of {name}.", name=name) if name and several else ""


def _would_tell(parts: Sequence[Bounded], found: Sequence[Bounds], limit: float) -> str:
    """How many patients it would take, where that can be said."""
    needed: dict[str, int] = {}
    for each, bounds in zip(parts, found, strict=True):
        if bounds.high > limit:
            n = each.n_for(limit)
            if n is None:
                return "The value itself is not below the limit: more patients like these would not pass."
            needed[each.of] = max(n, needed.get(each.of, 0))
    most = max(needed, key=needed.__getitem__)
    return say("About {n} patients{of} like these would tell.", n=_round_up(needed[most]), of=of(most))


def _round_up(n: int) -> int:
    """To two digits."""
    step = 10 ** max(len(str(n)) - 2, 0)
    return -(-n // step) * step
