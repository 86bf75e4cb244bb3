"""Parameters of the stage drift."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from evidrift.base.section import Section, load_section

Share = Annotated[float, Field(gt=0, lt=1)]


class Drift(Section):
    """How maps are compared.

    Attributes:
        area: share of the image's area whose overlap is the primary measure.
        curve: further shares, for the curve of overlap over areas.
        draws: pairs of different patients drawn per image and seed, for chance.
        seed: of those draws.
    """

    area: Share
    curve: list[Share]
    draws: Annotated[int, Field(ge=1)]
    seed: int


def load_drift(path: Path) -> Drift:
    """The section `drift` of a parameter file."""
    return load_section(path, Drift, "drift")
