"""Parameters of one architecture: where its pretrained weights come from, and its own options."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from evidrift.base.section import Section, load_section


class Architecture(Section):
    """Pretrained weights and options.

    Attributes:
        weights: `imagenet` (Keras downloads them), `none` (random), or the path of a weights file.
        sha256: of that file; null for `imagenet` and `none`. Weights are pinned by content, not by place.
        options: keyword arguments of the architecture's `build`, e.g. {alpha: 0.35}.
    """

    weights: Annotated[str, Field(min_length=1, max_length=4096)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None
    options: dict[str, Annotated[float, Field(gt=0, le=100)] | Annotated[int, Field(gt=0, le=100)]]

    @model_validator(mode="after")
    def _file_is_pinned(self) -> "Architecture":
        is_file = self.weights not in ("imagenet", "none")
        if is_file and self.sha256 is None:
            raise ValueError(
                f"weights is the file {self.weights}, so sha256 must be given (sha256sum prints it)."
            )
        if not is_file and self.sha256 is not None:
            raise ValueError(
                f"sha256 is given, but weights is {self.weights}, not a file. Set sha256 to null."
            )
        return self


def load_architecture(path: Path, name: str) -> Architecture:
    """The section `architectures.<name>` of a parameter file."""
    return load_section(path, Architecture, "architectures", name)
