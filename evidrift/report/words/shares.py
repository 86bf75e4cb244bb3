"""Shares of the way from floor to chance: what is known best of each, and leads of one over another."""

from typing import Literal, NamedTuple

import pandas as pd

from evidrift.claims.known import OPEN, best_known
from evidrift.report.words.view import Row


class Movement(NamedTuple):
    """What is known best of one architecture's movement under a method.

    Attributes:
        verdict: that the evidence moved.
        low, high: the share's 95 % interval by the same claim; NaN where it has none.
    """

    verdict: str
    low: float
    high: float

    def interval(self, row: Row) -> tuple[float, float]:
        """The claim's interval; where it has none, that of these checkpoints in a row of the table drift."""
        return (row["fixed_low"], row["fixed_high"]) if pd.isna(self.low) else (self.low, self.high)


UNKNOWN = Movement(OPEN, float("nan"), float("nan"))


def movements(claims: pd.DataFrame, kind: Literal["study", "audit"]) -> dict[tuple[str, str], Movement]:
    """By architecture and method, the claim that the evidence moved.

    A study asks about its recipes. An audit asks about its models, and of the recipe where that is decided.

    Args:
        claims: of `compare.output.claim_table`.
        kind: what was asked.
    """
    own = claims[claims["kind"] == "moved"]
    own = own[own["estimand"] == "recipe"] if kind == "study" else own
    found = {key: best_known(rows.itertuples()) for key, rows in own.groupby(["arch", "method"], sort=False)}
    return {key: Movement(each.verdict, each.low, each.high) for key, each in found.items() if each}


def led_by(claims: pd.DataFrame) -> pd.DataFrame:
    """The recipe's differences, with who leads and by how much.

    Args:
        claims: of `compare.output.claim_table`.

    Returns:
        Their rows, and `first`, the more stable architecture, `second`, and first's `lead` with its 95 %
        interval `lead_low` to `lead_high`.
    """
    own = claims[(claims["kind"] == "difference") & (claims["estimand"] == "recipe")]
    behind = own["estimate"] > 0
    return own.assign(
        first=own["other"].where(behind, own["arch"]),
        second=own["arch"].where(behind, own["other"]),
        lead=own["estimate"].abs(),
        lead_low=own["low"].where(behind, -own["high"]),
        lead_high=own["high"].where(behind, -own["low"]),
    )
