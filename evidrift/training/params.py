"""Parameters that both training stages share: the epoch loop's."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from evidrift.base.choices import Batch, Distinct, Views
from evidrift.base.errors import UserError
from evidrift.base.grid import Name, Seed
from evidrift.base.section import Section, load_section
from evidrift.training.strategy import find_strategy


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

    epochs: Annotated[int, Field(ge=1, le=10_000)]
    batch_size: Batch
    learning_rate: Annotated[float, Field(gt=0, le=10)]
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


class Embed(Section):
    """Features of the frozen backbone.

    Attributes:
        views: augmented copies of each training image beside the image itself; 0 for none.
        batch_size: images per forward pass.
    """

    views: Views
    batch_size: Batch


def load_embed(path: Path) -> Embed:
    """The section `embed` of a parameter file."""
    return load_section(path, Embed, "embed")


class TrainTl(Training):
    """Transfer learning: the head on the frozen backbone's features."""


def load_train_tl(path: Path, architecture: str) -> TrainTl:
    """The section `train_tl.<architecture>` of a parameter file."""
    return load_section(path, TrainTl, "train_tl", architecture)


class Finetune(Training):
    """Fine-tuning of the whole network.

    Attributes:
        views: augmented copies of each training image that epochs choose from; 0 for none.
        batchnorm: `inference` keeps the pretrained statistics, `update` trains them too.
        strategy: one file of strategies/ by name, with its parameters: `plain: {}` for none.
        averaging: epochs over which the weights that are validated and kept are averaged, exponentially; may
            be fractional; 0 takes them as the last step leaves them.
        keep_epochs: seeds of which the weights after every epoch are kept, for the stage trajectory. Others
            than the grid's count for nothing.
    """

    views: Views
    batchnorm: Literal["inference", "update"]
    strategy: Annotated[dict[Name, dict[str, Any]], Field(min_length=1, max_length=1)]
    averaging: Annotated[float, Field(ge=0, le=1_000)]
    keep_epochs: Distinct[list[Seed]]

    @field_validator("strategy", mode="before")
    @classmethod
    def _one_with_its_parameters(cls, choice: Any) -> Any:
        """Say what was likely meant by a name without parameters, or in capitals."""
        if isinstance(choice, str):
            name = _meant(choice)
            keys = ", ".join(f"{key}: ..." for key in find_strategy(name).Params.model_fields)
            raise ValueError(f"{choice} stands without its parameters. Write {{{name}: {{{keys}}}}}.")
        for name in choice if isinstance(choice, dict) else ():
            if isinstance(name, str) and name != name.lower():
                raise ValueError(f"{name} is not a strategy of fine-tuning. Did you mean {_meant(name)}?")
        return choice

    def recipe(self) -> "Finetune":
        """What the sweep takes of it: all but its own strategy, and which epochs are kept."""
        return self.model_copy(update={"strategy": {"plain": {}}, "keep_epochs": []})


def _meant(word: str) -> str:
    """The strategy that a word names but for its case.

    Raises:
        ValueError: there is none.
    """
    try:
        find_strategy(word.lower())
    except UserError as error:
        raise ValueError(error.told) from None
    return word.lower()


def load_finetune(path: Path, architecture: str) -> Finetune:
    """The section `finetune.<architecture>` of a parameter file."""
    return load_section(path, Finetune, "finetune", architecture)
