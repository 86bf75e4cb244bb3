"""Parameters of the stage reliance."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from evidrift.base.choices import Batch, Images
from evidrift.base.grid import Name
from evidrift.base.section import Section, load_section
from evidrift.images.marker import CORNERS

# What the regions are called that need no parameter.
STRONGEST, MARKERS = "strongest_fifth", "markers"
REGIONS = (
    *(f"{corner}_corner" for corner in CORNERS),
    *("corners", "border", "outside_lungs", "right_lung", "left_lung", MARKERS, STRONGEST),
)
Edge = Annotated[float, Field(ge=0, le=1)]


def _has_area(edges: list[float]) -> list[float]:
    top, left, bottom, right = edges
    if top >= bottom or left >= right:
        raise ValueError(f"{edges} must be top, left, bottom, right, with top < bottom and left < right.")
    return edges


def _own_names(boxes: dict[str, list[float]]) -> dict[str, list[float]]:
    if taken := sorted(set(boxes) & set(REGIONS)):
        raise ValueError(f"{taken[0]} is a region already. Give the box another name.")
    return boxes


Box = Annotated[list[Edge], Field(min_length=4, max_length=4), AfterValidator(_has_area)]


class Reliance(Section):
    """How the networks are asked what their decisions hang on.

    Attributes:
        images_per_class: test images of each class, as far as there are.
        draws: random places that each region is compared with, an image.
        batch_size: films per pass, at most.
        boxes: further regions by name: top, left, bottom, right in shares of the image's sides.
    """

    images_per_class: Images
    draws: Annotated[int, Field(ge=1, le=1_000)]
    batch_size: Batch
    boxes: Annotated[dict[Name, Box], AfterValidator(_own_names)]


def load_reliance(path: Path) -> Reliance:
    """The section `reliance` of a parameter file."""
    return load_section(path, Reliance, "reliance")
