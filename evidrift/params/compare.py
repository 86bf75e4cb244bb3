"""Parameters of the stage compare."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from evidrift.params.section import Section, load_section


class Compare(Section):
    """How architectures are compared and shown.

    Attributes:
        min_patients: a common cohort of fewer patients decides nothing.
        cases: cases in each architecture's panel.
    """

    min_patients: Annotated[int, Field(ge=1)]
    cases: Annotated[int, Field(ge=1, le=20)]


def load_compare(path: Path) -> Compare:
    """The section `compare` of a parameter file."""
    return load_section(path, Compare, "compare")
