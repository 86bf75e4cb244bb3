"""Drift and claims as tables show them: which interval, who leads, and by which method."""

import pandas as pd

# How the columns of the intervals of drift, its shared part and drift over scale begin.
PARTS = ("", "shared_", "over_scale_")


def with_bounds(drift: pd.DataFrame, recipe: bool = True) -> pd.DataFrame:
    """Rows of the table drift with one 95 % interval a quantity, `low` to `high`, `shared_low` and so on.

    Args:
        drift: from `compare.findings.drift.summarise`.
        recipe: whether the interval is of the recipe, and of these checkpoints only where that is unknown;
            else of these checkpoints.
    """
    names = [f"{part}{end}" for part in PARTS for end in ("low", "high")]
    fixed = {name: drift[f"fixed_{name}"] for name in names}
    return drift.assign(
        **{name: drift[name].fillna(fixed[name]) if recipe else fixed[name] for name in names}
    )


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
