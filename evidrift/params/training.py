"""Parameters that both training stages share: the epoch loop's."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from evidrift.params.section import Section


class Training(Section):
    """Epochs of Adam with linear warm-up and cosine decay.

    Attributes:
        epochs: passes over the training images.
        batch_size: images per step.
        learning_rate: at its peak, after the warm-up.
        warmup_epochs: epochs of linear rise before the cosine decay; may be fractional.
        dropout: share of pooled features dropped before the head.
        checkpoint: keep the epoch that is `best` on validation, or the `last`.
    """

    epochs: Annotated[int, Field(ge=1)]
    batch_size: Annotated[int, Field(ge=1)]
    learning_rate: Annotated[float, Field(gt=0)]
    warmup_epochs: Annotated[float, Field(ge=0)]
    dropout: Annotated[float, Field(ge=0, lt=1)]
    checkpoint: Literal["best", "last"]

    @model_validator(mode="after")
    def _warm_up_ends(self) -> "Training":
        if self.warmup_epochs >= self.epochs:
            raise ValueError(
                f"warmup_epochs is {self.warmup_epochs:g}; it must be below epochs, {self.epochs}."
            )
        return self
