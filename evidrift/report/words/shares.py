"""Shares of the way from floor to chance: the interval that is known best, and leads of one over another."""

import pandas as pd

from evidrift.report.words.view import Row


def best_known_interval(row: Row) -> tuple[float, float]:
    """Of a row of the table drift: the recipe's interval, that of these checkpoints where it has none."""
    return (row["low"], row["high"]) if pd.notna(row["low"]) else (row["fixed_low"], row["fixed_high"])


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
