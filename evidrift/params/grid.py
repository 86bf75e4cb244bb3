"""The study's grid: which architectures, seeds and attribution families are run."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from evidrift.params.section import Section, load_section

Name = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]


class Grid(Section):
    """Every architecture is trained with every seed and explained by every attribution family."""

    architectures: Annotated[list[Name], Field(min_length=1)]
    seeds: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)]
    families: Annotated[list[Name], Field(min_length=1)]

    @field_validator("architectures", "seeds", "families")
    @classmethod
    def _no_repeats(cls, values: list) -> list:
        repeated = sorted({str(value) for value in values if values.count(value) > 1})
        if repeated:
            raise ValueError(f"{', '.join(repeated)} stands in it more than once.")
        return values


def load_grid(path: Path) -> Grid:
    """The section `grid` of a parameter file."""
    return load_section(path, Grid, "grid")
