"""Kinds of values that several sections use.

Numbers have an upper bound, too: far above what anybody needs, far below what no machine could finish.
"""

from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field

Item = TypeVar("Item")
Batch = Annotated[int, Field(ge=1, le=65_536)]
Images = Annotated[int, Field(ge=1, le=1_000_000)]
Passes = Annotated[int, Field(ge=1, le=10_000)]  # of a network, for each image
Views = Annotated[int, Field(ge=0, le=1_000)]
Area = Annotated[float, Field(ge=0.001, le=0.999)]  # share of an image's: a pixel or more
Share = Annotated[float, Field(gt=0, lt=1)]
# It becomes a group of a map file, and may be a name in a file of somebody else's.
LayerName = Annotated[str, Field(pattern=r"^[^/\x00-\x1f\x7f]+$", max_length=256)]


def _each_once(values: list[Item]) -> list[Item]:
    repeated = sorted({str(value) for value in values if values.count(value) > 1})
    if repeated:
        raise ValueError(f"{', '.join(repeated)} stands in it more than once.")
    return values


# A list with no entry twice: Distinct[list[Seed]]; with at least one, too: Choices[list[Method]].
Distinct = Annotated[Item, AfterValidator(_each_once)]
Choices = Annotated[Item, Field(min_length=1), AfterValidator(_each_once)]
