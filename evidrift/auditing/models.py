"""The model files of an audit: read, and shown to be checkpoints of one and the same task."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path
from typing import NamedTuple, TypeAlias

import keras

from evidrift.base.errors import UserError
from evidrift.base.sentence import parameter, say
from evidrift.compare.record import Side
from evidrift.foreign.apart.reading import read_apart
from evidrift.foreign.files import ModelFile, load_model_file
from evidrift.networks.target.layers import resolve

Model: TypeAlias = str | Path | keras.Model
Source: TypeAlias = Path | keras.Model


class Given(NamedTuple):
    """A model as it was given: a file or a loaded model, and what brings grey levels to its input."""

    source: Source
    preprocessing: str


@dataclass(frozen=True)
class Models:
    """Model files that fit each other.

    Attributes:
        files: every model once, those before first.
        pairs: before and after.
        classes: names in the order of the outputs, where they are known.
        parts: each model by its part: `before 1`, `after 1`, `original 1`, ...
        of_original: with an original, the pairs of it and each other side, by the two sides.
    """

    files: dict[Given, ModelFile]
    pairs: list[tuple[Given, Given]]
    classes: tuple[str, ...] | None
    parts: dict[str, Given]
    of_original: dict[tuple[Side, Side], list[tuple[Given, Given]]] = field(default_factory=dict)

    def parts_of(
        self, reference: Side, candidate: Side, pairs: Sequence[tuple[Given, Given]]
    ) -> tuple[tuple[str, str], ...]:
        """The parts of the models of some pairs of two sides."""
        names = {
            (side, given): part
            for part, given in self.parts.items()
            for side in (reference, candidate)
            if part.startswith(side)
        }
        return tuple((names[reference, one], names[candidate, other]) for one, other in pairs)

    @property
    def size(self) -> int:
        """Side of the square input, px."""
        return next(iter(self.files.values())).size

    @property
    def n_classes(self) -> int:
        """Classes that they tell apart."""
        return next(iter(self.files.values())).n_classes

    @property
    def notes(self) -> list[str]:
        """What was noticed about the files, each once."""
        notes = (note for file in self.files.values() for note in (*file.notes, file.taken_for))
        return list(dict.fromkeys(note for note in notes if note))

    @property
    def several(self) -> bool:
        """Whether each output is a finding of its own, so that a film can have several or none."""
        return next(iter(self.files.values())).several


def sources(given: Model | Sequence[Model]) -> list[Source]:
    """One model or several, as files and loaded models."""
    several = [given] if isinstance(given, Model) else list(given)
    return [Path(each) if isinstance(each, str) else each for each in several]


def load_models(
    befores: Sequence[Source],
    afters: Sequence[Source],
    layer: str,
    classes: Sequence[str] | None,
    preprocessing: Mapping[str, str],
    architecture: str | None,
    size: int,
    originals: Sequence[Source] = (),
) -> Models:
    """Read all files and compare what they are for; see `audit` for the arguments.

    Args:
        befores: models in use.
        afters: models to take their place.
        layer: target layer.
        classes: names in the order of the outputs, where they are known.
        preprocessing: of each side, from `sides.by_side`.
        architecture: of the zoo, for weights.
        size: side of the input, px, for weights.
        originals: models of the side `original`, if there is one.

    Raises:
        UserError: a file cannot be used, the two sides cannot be paired, or the models differ in what they
            tell apart, in the size of their input or in the grid of the target layer.
    """
    named = {"before": befores, "after": afters} | ({"original": originals} if originals else {})
    sides = {side: [Given(source, preprocessing[side]) for source in named[side]] for side in named}
    pairs = _pairs(sides["before"], sides["after"])
    others: dict[tuple[Side, Side], list[tuple[Given, Given]]] = {}
    if originals:
        first = sides["original"]
        others["original", "after"] = _pairs(first, sides["after"], "original", "after")
        others["original", "before"] = _pairs(first, sides["before"], "original", "before")
    models = _read(sides, pairs, layer, classes, architecture, size)
    return replace(models, of_original=others)


def load_trainings(
    models: Sequence[Source],
    layer: str,
    classes: Sequence[str] | None,
    preprocessing: str,
    architecture: str | None,
    size: int,
) -> Models:
    """Read several trainings of one recipe, each paired with each; their part is `trusted 1`, ...

    Raises:
        UserError: as `load_models`; or there is a single one.
    """
    if len(models) < 2:
        told = "A gate is derived from what trainings differ by: give two at least ({given})."
        raise UserError(say(told, given=parameter("trusted")))
    givens = [Given(source, preprocessing) for source in models]
    return _read({"trusted": givens}, list(combinations(givens, 2)), layer, classes, architecture, size)


def _read(
    sides: dict[str, list[Given]],
    pairs: list[tuple[Given, Given]],
    layer: str,
    classes: Sequence[str] | None,
    architecture: str | None,
    size: int,
) -> Models:
    givens = list(dict.fromkeys(given for side in sides.values() for given in side))
    opened = read_apart([each.source for each in givens if isinstance(each.source, Path)], architecture, size)
    files = {
        each: load_model_file(
            opened[each.source] if isinstance(each.source, Path) else each.source,
            preprocessing=each.preprocessing,
        )
        for each in givens
    }
    for part, side in sides.items():
        _check_distinct(part, [files[each] for each in side])
    grids = {given: _grid(file, layer) for given, file in files.items()}
    first, *others = files
    for other in others:
        _compare(files[first], files[other], grids[first], grids[other])
    parts = {
        f"{part} {number}": each for part, side in sides.items() for number, each in enumerate(side, start=1)
    }
    return Models(files, pairs, tuple(classes) if classes is not None else None, parts)


def _pairs(
    befores: Sequence[Given], afters: Sequence[Given], one: Side = "before", other: Side = "after"
) -> list[tuple[Given, Given]]:
    if not befores or not afters:
        raise UserError("An audit needs a model before and a model after.")
    if len(befores) == len(afters):
        return list(zip(befores, afters, strict=True))
    if len(befores) == 1:
        return [(befores[0], after) for after in afters]
    if len(afters) == 1:
        return [(before, afters[0]) for before in befores]
    raise UserError(
        f"{len(befores)} models {one} and {len(afters)} {other} cannot be paired. Give as many of the one as "
        "of the other, or a single one on one side."
    )


def _check_distinct(part: str, files: Sequence[ModelFile]) -> None:
    """Several models of one side are several trainings: copies of one would show no noise between them."""
    seen: dict[str, ModelFile] = {}
    for file in files:
        if file.sha256 in seen:
            told = (
                "{part} names {first} and {second}, which are one: several models must be several "
                "trainings. Give each once."
            )
            raise UserError(say(told, part=parameter(part), first=seen[file.sha256].path, second=file.path))
        seen[file.sha256] = file


def _compare(first: ModelFile, other: ModelFile, here: tuple[int, int], there: tuple[int, int]) -> None:
    if first.n_classes != other.n_classes:
        raise UserError(
            f"{first.path} tells {first.n_classes} classes apart, {other.path} {other.n_classes}: they are "
            "not checkpoints of one task. An audit needs models with the same classes in the same order."
        )
    if first.several != other.several:
        one, rest = (first, other) if first.several else (other, first)
        raise UserError(
            f"{one.path} ends in sigmoids, each of which is a finding of its own; the outputs of {rest.path} "
            "are classes of which a film has one. They answer different questions, so they are not "
            "checkpoints of one task."
        )
    if first.shape[:2] != other.shape[:2]:
        raise UserError(
            f"{first.path} takes images of {first.shape.said} px, {other.path} of {other.shape.said} px: "
            "films would be scaled differently and the maps lie on other grids. Build both for one size."
        )
    if here != there:
        raise UserError(
            say(
                "At this layer the maps of {first} are {here}, those of {other} {there}: they have different "
                "architectures. Name a layer with one grid ({layer}).",
                first=first.path,
                here="x".join(map(str, here)),
                other=other.path,
                there="x".join(map(str, there)),
                layer=parameter("layer"),
            )
        )


def _grid(file: ModelFile, layer: str) -> tuple[int, int]:
    try:
        (found,) = resolve(file.model, [layer])
    except UserError as error:
        raise error.about(file.path) from None
    height, width = found.output.shape[1:3]
    return int(height), int(width)
