"""Parameters of the stage drift."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from evidrift.base.choices import Area, Distinct
from evidrift.base.grid import Seed
from evidrift.base.section import Section, load_section


class Drift(Section):
    """How maps are compared.

    Attributes:
        area: share of the image's area whose moved share is the primary measure.
        curve: further shares, for the curve of the moved share over areas.
        draws: other patients of the class that each image meets under each seed, for the scale.
        seed: of those draws.
    """

    area: Area
    curve: Annotated[Distinct[list[Area]], Field(max_length=100)]
    draws: Annotated[int, Field(ge=1, le=1_000)]
    seed: Seed


def load_drift(path: Path) -> Drift:
    """The section `drift` of a parameter file."""
    return load_section(path, Drift, "drift")
