"""Parameters of the stage check."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from evidrift.base.choices import Batch, Choices, Images, LayerName
from evidrift.base.grid import Seed
from evidrift.base.section import Section, load_section


class Faithfulness(Section):
    """Insertion and deletion curves.

    Attributes:
        images_per_class: test images of each class, as far as there are and a family explained them. Fewer
            than five patients in all decide nothing.
        steps: into which a curve divides the image's area.
        baseline: what stands in a deleted pixel's place: the `blur`red image, its `mean`, `black` or `white`.
    """

    images_per_class: Images
    steps: Annotated[int, Field(ge=2, le=1_000)]
    baseline: Literal["blur", "mean", "black", "white"]


class Randomisation(Section):
    """Maps of networks with random weights.

    Attributes:
        images_per_class: as above; at least three, of different patients, give a chance level.
        depths: steps from the head alone to all weights; 1 is all at once.
    """

    images_per_class: Annotated[Images, Field(ge=3)]
    depths: Annotated[int, Field(ge=1, le=1_000)]


class Check(Section):
    """On what the attribution methods are checked.

    Attributes:
        seeds: of the grid's, whose checkpoints are used.
        layers: target layers whose maps are checked, as they stand in the section `explain`.
        batch_size: network inputs per pass, at most.
        faithfulness: insertion and deletion curves.
        randomisation: maps of networks with random weights.
    """

    seeds: Choices[list[Seed]]
    layers: Choices[list[LayerName]]
    batch_size: Batch
    faithfulness: Faithfulness
    randomisation: Randomisation


def load_check(path: Path) -> Check:
    """The section `check` of a parameter file."""
    return load_section(path, Check, "check")
