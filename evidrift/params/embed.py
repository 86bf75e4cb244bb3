"""Parameters of the stage embed."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from evidrift.params.section import Section, load_section


class Embed(Section):
    """Features of the frozen backbone.

    Attributes:
        views: augmented copies of each training image beside the image itself; 0 for none.
        batch_size: images per forward pass.
    """

    views: Annotated[int, Field(ge=0)]
    batch_size: Annotated[int, Field(ge=1)]


def load_embed(path: Path) -> Embed:
    """The section `embed` of a parameter file."""
    return load_section(path, Embed, "embed")
