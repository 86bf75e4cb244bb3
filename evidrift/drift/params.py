"""Parameters of the stage drift."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from evidrift.base.section import Section, load_section

Share = Annotated[float, Field(gt=0, lt=1)]


class Drift(Section):
    """How maps are compared.

    Attributes:
        area: share of the image's area whose moved share is the primary measure.
        curve: further shares, for the curve of the moved share over areas.
        draws: other patients of the class that each image meets under each seed, for the scale.
        seed: of those draws.
    """

    area: Share
    curve: list[Share]
    draws: Annotated[int, Field(ge=1)]
    seed: int


def load_drift(path: Path) -> Drift:
    """The section `drift` of a parameter file."""
    return load_section(path, Drift, "drift")
