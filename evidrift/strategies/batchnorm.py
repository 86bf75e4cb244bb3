"""A dial: plain fine-tuning with batch normalisation in a mode of its own.

`update` normalises by each batch and lets the moving statistics follow; `inference` keeps those of tl. It
takes the place of finetune.<architecture>.batchnorm. Scales and offsets are trained in both.
"""

from typing import TYPE_CHECKING, Literal

from evidrift.base.section import Section

if TYPE_CHECKING:
    from evidrift.training.treatment import Setting, Treatment

DIAL = True
TRAINS = True


class Params(Section):
    """Batch normalisation.

    Attributes:
        mode: `inference` keeps the pretrained statistics, `update` trains them too.
    """

    mode: Literal["inference", "update"]


def treat(setting: "Setting", params: Params) -> "Treatment":
    """The mode in place of the recipe's."""
    from evidrift.training.treatment import Treatment

    return Treatment(batchnorm=params.mode)
