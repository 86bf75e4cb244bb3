"""Kinds of values that several sections use."""

from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field

Item = TypeVar("Item")
AtLeastOne = Annotated[int, Field(ge=1)]


def _each_once(values: list[Item]) -> list[Item]:
    repeated = sorted({str(value) for value in values if values.count(value) > 1})
    if repeated:
        raise ValueError(f"{', '.join(repeated)} stands in it more than once.")
    return values


# A list with no entry twice: Distinct[list[Seed]]; with at least one, too: Choices[list[Method]].
Distinct = Annotated[Item, AfterValidator(_each_once)]
Choices = Annotated[Item, Field(min_length=1), AfterValidator(_each_once)]
