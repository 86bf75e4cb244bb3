"""Parameters of the stage finetune."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from evidrift.params.choices import Distinct
from evidrift.params.grid import Seed
from evidrift.params.section import load_section
from evidrift.params.training import Training


class Finetune(Training):
    """Fine-tuning of the whole network.

    Attributes:
        views: augmented copies of each training image that epochs choose from; 0 for none.
        batchnorm: `inference` keeps the pretrained statistics, `update` trains them too.
        keep_epochs: seeds of which the weights after every epoch are kept, for the stage trajectory. Others
            than the grid's count for nothing.
    """

    views: Annotated[int, Field(ge=0)]
    batchnorm: Literal["inference", "update"]
    keep_epochs: Distinct[list[Seed]]


def load_finetune(path: Path, architecture: str) -> Finetune:
    """The section `finetune.<architecture>` of a parameter file."""
    return load_section(path, Finetune, "finetune", architecture)
