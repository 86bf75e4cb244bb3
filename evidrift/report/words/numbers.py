"""Numbers as text. How a missing one looks, and the ends of an interval, is the medium's matter."""

from dataclasses import dataclass
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Notation:
    """How a medium writes numbers.

    Attributes:
        missing: what stands where there is no number.
        ends: an interval, with places for its two ends.
    """

    missing: str
    ends: str

    def number(self, value: Any, digits: int = 3) -> str:
        """A number, without a sign where it rounds to 0."""
        return self.missing if pd.isna(value) else f"{value:z,.{digits}f}"

    def p(self, value: Any) -> str:
        """A p-value, `<0.001` below that."""
        return "<0.001" if value < 0.001 else self.number(value)

    def interval(self, low: Any, high: Any, digits: int = 2) -> str:
        """An interval; nothing where an end is missing."""
        if pd.isna(low) or pd.isna(high):
            return ""
        return self.ends.format(self.number(low, digits), self.number(high, digits))


PLAIN = Notation(missing="-", ends="[{}, {}]")
PAGE = Notation(missing="–", ends="{} to {}")  # noqa: RUF001 - a dash where there is no number


def interval_text(value: float, low: float, high: float) -> str:
    """`value [low, high]`, in plain text."""
    ends = "" if pd.isna(value) else PLAIN.interval(low, high)
    return f"{PLAIN.number(value, 2)} {ends}".strip()
