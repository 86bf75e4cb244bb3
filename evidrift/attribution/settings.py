"""What the parameters of all attribution families have in common."""

from typing import Literal

from evidrift.params.choices import AtLeastOne
from evidrift.params.section import Section


class FamilyParams(Section):
    """What every attribution family must know.

    Attributes:
        images_per_class: how many test images of each class are explained; null for all.
        score: `centred` logit, or `raw` for comparison with the literature.
        target: explain the image's `label`, or each checkpoint's `prediction`.
        batch_size: network inputs per pass, at most.
    """

    images_per_class: AtLeastOne | None
    score: Literal["centred", "raw"]
    target: Literal["label", "prediction"]
    batch_size: AtLeastOne
