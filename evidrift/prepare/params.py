"""Parameters of the stage prepare."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from evidrift.base.choices import Share
from evidrift.base.section import Section, load_section


class Split(Section):
    """Shares of each class, drawn by the hash of salt and patient id; see `strata`. The rest is for test."""

    salt: Annotated[str, Field(max_length=256)]
    train: Share
    validation: Share

    @model_validator(mode="after")
    def _leaves_a_test_split(self) -> "Split":
        if self.train + self.validation >= 1:
            raise ValueError(
                f"train + validation is {self.train + self.validation:g}; it must leave a share for test."
            )
        return self


class Prepare(Section):
    """Which images, and how they are brought to one size.

    Attributes:
        source: an existing folder of images, or a phantom recipe (.yaml).
        manifest: a .csv, .tsv or .parquet file inside the source folder, or null for class folders.
        size: side of the square that every image is brought to, px.
        padding: keep the aspect ratio and pad (true), or squash (false).
        min_side: images with a shorter side than this, px, are excluded.
        split: used where the source gives none.
    """

    source: Annotated[str, Field(min_length=1, max_length=4096)]
    manifest: Annotated[str, Field(min_length=1, max_length=4096)] | None
    size: Annotated[int, Field(ge=32, le=1024)]
    padding: bool
    min_side: Annotated[int, Field(ge=1, le=10_000)]
    split: Split


def load_prepare(path: Path) -> Prepare:
    """The section `prepare` of a parameter file."""
    return load_section(path, Prepare, "prepare")
