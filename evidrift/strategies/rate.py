"""A dial: plain fine-tuning at a fraction of its learning rate.

Every variable's rate is `factor` times finetune.<architecture>.learning_rate, at every step. How far
attention moves in fine-tuning depends strongly on the rate (Xia 2026, arXiv 2604.16410: CLIP at four rates
from 1e-6 to 5e-5, 80 runs), so that a strategy which is no better than a lower rate has shown nothing.
"""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from evidrift.base.section import Section

if TYPE_CHECKING:
    from evidrift.training.treatment import Setting, Treatment

DIAL = True
TRAINS = True


class Params(Section):
    """The learning rate.

    Attributes:
        factor: on the learning rate of the recipe; 1 leaves it.
    """

    factor: Annotated[float, Field(gt=0, le=1)]


def treat(setting: "Setting", params: Params) -> "Treatment":
    """One factor for all variables."""
    from evidrift.training.treatment import Treatment

    return Treatment(rates=lambda classifier, variables: [params.factor] * len(variables))
