"""One limit of a gate and what came of it, and what comes of all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["passed", "failed", "not judged"]
EXIT_CODES: dict[str, int] = {"passed": 0, "failed": 1, "not judged": 2}
KNOWLEDGE = "knowledge"
NAN = float("nan")


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
