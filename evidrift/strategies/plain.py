"""Fine-tuning as `finetune.<architecture>` says it: what every strategy is measured against."""

from typing import TYPE_CHECKING

from evidrift.base.section import Section

if TYPE_CHECKING:
    from evidrift.training.treatment import Setting, Treatment

DIAL = True
TRAINS = True


class Params(Section):
    """It has none."""


def treat(setting: "Setting", params: Params) -> "Treatment":
    """Nothing is changed."""
    from evidrift.training.treatment import PLAIN

    return PLAIN
