"""The study's grid: which architectures, seeds and attribution families are run."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from evidrift.base.choices import Choices
from evidrift.base.section import Section, load_section

NAME = "[a-z][a-z0-9_]*"
SEEDS = 2**32  # so many there are: the generators of numpy and TensorFlow take 32 bits

Name = Annotated[str, Field(pattern=rf"^{NAME}$", max_length=64)]
Seed = Annotated[int, Field(ge=0, lt=SEEDS)]


class Grid(Section):
    """Every architecture is trained with every seed and explained by every attribution family."""

    architectures: Choices[list[Name]]
    seeds: Choices[list[Seed]]
    families: Choices[list[Name]]


def load_grid(path: Path) -> Grid:
    """The section `grid` of a parameter file."""
    return load_section(path, Grid, "grid")
