"""Parameters of the stage compare."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from evidrift.base.section import Section, load_section

Share = Annotated[float, Field(gt=0, lt=1)]


class Compare(Section):
    """How architectures are compared and shown.

    Attributes:
        min_patients: a claim that rests on fewer patients is not decidable.
        margin: what does not matter, as a share of the way from floor to chance: an excess, a difference or
            a reversal is refuted when it is shown to be smaller.
        confounding: a probe that sees no anatomy, or next to none, does well when its accuracy reaches this
            share of the networks', both above the share of the largest class. Then every verdict is warned.
        cases: cases in each architecture's panel.
    """

    min_patients: Annotated[int, Field(ge=1)]
    margin: Share
    confounding: Share
    cases: Annotated[int, Field(ge=1, le=20)]


def load_compare(path: Path) -> Compare:
    """The section `compare` of a parameter file."""
    return load_section(path, Compare, "compare")
