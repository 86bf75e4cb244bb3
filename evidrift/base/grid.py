"""The study's grid: which architectures, seeds and attribution families are run."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from evidrift.base.choices import Choices
from evidrift.base.section import Section, load_section

Name = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]
Seed = Annotated[int, Field(ge=0)]


class Grid(Section):
    """Every architecture is trained with every seed and explained by every attribution family."""

    architectures: Choices[list[Name]]
    seeds: Choices[list[Seed]]
    families: Choices[list[Name]]


def load_grid(path: Path) -> Grid:
    """The section `grid` of a parameter file."""
    return load_section(path, Grid, "grid")
