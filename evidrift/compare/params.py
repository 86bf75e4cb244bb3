"""Parameters of the stage compare."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from evidrift.base.choices import Images, Share
from evidrift.base.section import Section, load_section


class Compare(Section):
    """How architectures are compared and shown.

    Attributes:
        min_patients: a claim that rests on fewer patients is not decidable.
        margin: what does not matter, as a moved share: a shared drift, a difference or a reversal is refuted
            when it is shown to be smaller. A convention: 0.05 is a twentieth of the strongest fifth.
        preserved: evidence is preserved if drift is shown to be below this share of the scale, how far one
            patient's map lies from another's. A convention as well.
        confounding: a probe that sees no anatomy, or next to none, does well when its accuracy reaches this
            share of the networks', both above the share of the largest class. Then every verdict is warned.
        cases: cases in each architecture's panel.
    """

    min_patients: Images
    margin: Share
    preserved: Share
    confounding: Share
    cases: Annotated[int, Field(ge=1, le=20)]


def load_compare(path: Path) -> Compare:
    """The section `compare` of a parameter file."""
    return load_section(path, Compare, "compare")
