"""What the parameters of all attribution families have in common."""

from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, Field

from evidrift.params.section import Section

Item = TypeVar("Item")
AtLeastOne = Annotated[int, Field(ge=1)]


def _each_once(values: list[Item]) -> list[Item]:
    repeated = sorted({str(value) for value in values if values.count(value) > 1})
    if repeated:
        raise ValueError(f"{', '.join(repeated)} stands in it more than once.")
    return values


# A list with at least one entry and none twice: Choices[list[Method]].
Choices = Annotated[Item, Field(min_length=1), AfterValidator(_each_once)]


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
