"""The recipe of a phantom cohort: which patients, of which class, in which split."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from evidrift.base.grid import Seed
from evidrift.base.section import Section, read_params, validate

CLASSES = ("bacterial_pneumonia", "covid19", "normal", "tuberculosis", "viral_pneumonia")
SPLITS = ("train", "validation", "test")

Label = Literal["bacterial_pneumonia", "covid19", "normal", "tuberculosis", "viral_pneumonia"]
# A split with fewer patients of a class is an error for real images too.
PerClass = Annotated[int, Field(ge=5, le=100_000)]


class Patients(Section):
    """Patients of each class, by split."""

    train: PerClass
    validation: PerClass
    test: PerClass


class Shortcut(Section):
    """A marker in the film's corner on a share of one class's patients, and on nobody else's."""

    label: Label = Field(alias="class")
    share: Annotated[float, Field(gt=0, le=1)]


class PhantomRecipe(Section):
    """A cohort of phantoms.

    Attributes:
        seed: of every patient's anatomy, disease and film.
        contrast: attenuation of the findings, 1 for the reference; it sets the difficulty.
        patients: of each class, by split.
        classes: at least two of the five.
        shortcut: a planted marker, or null.
    """

    seed: Seed
    contrast: Annotated[float, Field(gt=0, le=10)]
    patients: Patients
    classes: Annotated[list[Label], Field(min_length=2)]
    shortcut: Shortcut | None

    @field_validator("classes")
    @classmethod
    def _no_repeats(cls, classes: list[Label]) -> list[Label]:
        if len(set(classes)) < len(classes):
            raise ValueError("a class stands in it more than once.")
        return classes

    @model_validator(mode="after")
    def _shortcut_has_a_class(self) -> "PhantomRecipe":
        if self.shortcut and self.shortcut.label not in self.classes:
            raise ValueError(f"shortcut.class is {self.shortcut.label}, which is not among classes.")
        return self


def load_recipe(path: Path) -> PhantomRecipe:
    """The recipe in a YAML file, checked."""
    return validate(read_params(path), PhantomRecipe, f"{path}: ")


def patients(recipe: PhantomRecipe) -> list[tuple[str, str, str]]:
    """(patient id, label, split) of the whole cohort, in a fixed order.

    A patient's id, and with it everything that is drawn, depends on the split, the class and the place in
    it: a larger cohort adds patients and changes none.
    """
    return [
        (f"{split}-{len(CLASSES) * place + CLASSES.index(label):05d}", label, split)
        for split in SPLITS
        for place in range(getattr(recipe.patients, split))
        for label in sorted(recipe.classes)
    ]
