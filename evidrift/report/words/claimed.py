"""Claims and drift as tables show them: what is known best, who leads, and by which method."""

from typing import Literal, NamedTuple

import pandas as pd

from evidrift.claims.known import OPEN, best_known
from evidrift.report.words.view import Row

NAN = float("nan")


class Known(NamedTuple):
    """What is known best of one architecture under a method.

    Attributes:
        verdict: of the claim.
        estimate, low, high: with its simultaneous interval; NaN where it has none.
        n_patients: behind it.
        detectable: what this sample would have found with a power of 80 %.
    """

    verdict: str
    estimate: float
    low: float
    high: float
    n_patients: int
    detectable: float


UNKNOWN = Known(OPEN, NAN, NAN, NAN, 0, NAN)


def known(claims: pd.DataFrame, kind: Literal["moved", "preserved"]) -> dict[tuple[str, str], Known]:
    """By architecture and method, the claim that is known best.

    That every training moves the evidence alike is a claim of the recipe alone. That the evidence is
    preserved is one of these checkpoints too, which stands where nothing is decided for the recipe.

    Args:
        claims: of `compare.output.claim_table`.
        kind: of claim.
    """
    own = claims[claims["kind"] == kind]
    found = {key: best_known(rows.itertuples()) for key, rows in own.groupby(["arch", "method"], sort=False)}
    return {
        key: Known(*(getattr(each, name) for name in Known._fields)) for key, each in found.items() if each
    }


def bounds(row: Row, name: Literal["", "shared_", "over_scale_"] = "") -> tuple[float, float]:
    """A quantity's 95 % interval in a row of the table drift: of the recipe; else of these checkpoints.

    Args:
        row: of `compare.findings.drift.summarise`.
        name: how the interval's columns begin: "" for drift itself.
    """
    recipe = row[f"{name}low"], row[f"{name}high"]
    return (row[f"fixed_{name}low"], row[f"fixed_{name}high"]) if pd.isna(recipe[0]) else recipe


def with_bounds(drift: pd.DataFrame) -> pd.DataFrame:
    """Rows of the table drift; `low` to `high`, and those of its parts, as `bounds` finds them."""
    found = drift.copy()
    for name in ("", "shared_", "over_scale_"):
        both = [bounds(row, name) for row in drift.to_dict("records")]
        found[[f"{name}low", f"{name}high"]] = pd.DataFrame(both, index=drift.index, columns=["low", "high"])
    return found


def led_by(claims: pd.DataFrame) -> pd.DataFrame:
    """The recipe's differences, with who leads and by how much.

    Args:
        claims: of `compare.output.claim_table`.

    Returns:
        Their rows, and `first`, the more stable architecture, `second`, and first's `lead` with its
        simultaneous interval `lead_low` to `lead_high`.
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


def reversals(claims: pd.DataFrame, every: pd.DataFrame) -> pd.DataFrame:
    """Reversals, with who leads under either method.

    Args:
        claims: about reversals, of `compare.output.claim_table`.
        every: claim, of which the recipe's differences are looked up.

    Returns:
        Their rows, and `here` and `there`, which of the two is the more stable under `method` and `against`;
        `here_lead` and `there_lead`, by how much.
    """
    led = led_by(every)[["arch", "other", "method", "first", "lead"]]
    found = claims
    for name, by in (("here", "method"), ("there", "against")):
        own = led.rename(columns={"method": by, "first": name, "lead": f"{name}_lead"})
        found = found.merge(own, on=["arch", "other", by], how="left")
    return found


def together(claims: pd.DataFrame) -> str:
    """How the intervals of a table of claims hold, in words."""
    n = int(claims["n_claims"].max()) if len(claims) else 0
    return f"the intervals of all {n} hold together at 95 %" if n > 1 else "95 % interval"
