"""What all printed tables share: plain boxes, numbers that may be missing, names that cannot do harm."""

import math


def mean_text(mean: float, sd: float) -> str:
    """`mean ± sd`, without the latter where there is none."""
    return number_text(mean) if math.isnan(sd) else f"{number_text(mean)} ± {number_text(sd)}"


def interval_text(value: float, low: float, high: float) -> str:
    """`value [low, high]`, signed where it may be."""
    if math.isnan(value):
        return "-"
    return f"{value:.2f}" if math.isnan(low) else f"{value:.2f} [{low:.2f}, {high:.2f}]"


def number_text(value: float) -> str:
    """Three decimals, `-` where there is no number."""
    return "-" if math.isnan(value) else f"{value:.3f}"


def p_text(value: float) -> str:
    """A p-value, `<0.001` below that."""
    return "<0.001" if value < 0.001 else number_text(value)


def safe(name: str) -> str:
    """A name without control characters."""
    return "".join(character if character.isprintable() else "?" for character in str(name))
