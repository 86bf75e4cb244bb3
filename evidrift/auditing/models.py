"""The model files of an audit: read, and shown to be checkpoints of one and the same task."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evidrift.attribution.layers import resolve
from evidrift.base.errors import UserError
from evidrift.base.sentence import parameter, say
from evidrift.foreign.files import ModelFile, load_model_file


@dataclass(frozen=True)
class Models:
    """Model files that fit each other.

    Attributes:
        files: every file once, those before first.
        pairs: (before, after), paths.
        classes: names in the order of the outputs, where they are known.
        described: name and sha256 of each file by its part: `before 1`, `after 1`, ...
    """

    files: dict[Path, ModelFile]
    pairs: list[tuple[Path, Path]]
    classes: tuple[str, ...] | None
    described: dict[str, dict[str, str]]

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
        return list(dict.fromkeys(note for file in self.files.values() for note in file.notes))


def load_models(
    befores: Sequence[Path],
    afters: Sequence[Path],
    layer: str,
    classes: Sequence[str] | None,
    preprocessing: str,
    architecture: str | None,
    size: int,
) -> Models:
    """Read all files and compare what they are for; see `audit` for the arguments.

    Raises:
        UserError: a file cannot be used, the two sides cannot be paired, or the models differ in what they
            tell apart, in the size of their input or in the grid of the target layer.
    """
    pairs = _pairs(befores, afters)
    files = {
        path: load_model_file(path, architecture=architecture, preprocessing=preprocessing, size=size)
        for path in dict.fromkeys([*befores, *afters])
    }
    grids = {path: _grid(file, layer) for path, file in files.items()}
    for part, paths in (("before", befores), ("after", afters)):
        _check_distinct(part, [files[path] for path in paths])
    first, *others = files.values()
    for other in others:
        _compare(first, other, grids)
    described = {
        f"{part} {number}": {"file": path.name, "sha256": files[path].sha256}
        for part, paths in (("before", befores), ("after", afters))
        for number, path in enumerate(paths, start=1)
    }
    names = tuple(classes) if classes is not None else None
    return Models(files, pairs, names, described)


def _pairs(befores: Sequence[Path], afters: Sequence[Path]) -> list[tuple[Path, Path]]:
    if not befores or not afters:
        raise UserError("An audit needs a model before and a model after.")
    if len(befores) == len(afters):
        return list(zip(befores, afters, strict=True))
    if len(befores) == 1:
        return [(befores[0], after) for after in afters]
    if len(afters) == 1:
        return [(before, afters[0]) for before in befores]
    raise UserError(
        f"{len(befores)} models before and {len(afters)} after cannot be paired. Give as many of the one as "
        "of the other, or a single one on one side."
    )


def _check_distinct(part: str, files: Sequence[ModelFile]) -> None:
    """Copies of one training would show no noise between trainings: a floor of 0, which is none."""
    seen: dict[str, ModelFile] = {}
    for file in files:
        if file.sha256 in seen:
            told = (
                "{part} names {first} and {second}, which are one: several models must be several "
                "trainings. Give each once."
            )
            raise UserError(say(told, part=parameter(part), first=seen[file.sha256].path, second=file.path))
        seen[file.sha256] = file


def _compare(first: ModelFile, other: ModelFile, grids: dict[Path, tuple[int, int]]) -> None:
    if first.n_classes != other.n_classes:
        raise UserError(
            f"{first.path} tells {first.n_classes} classes apart, {other.path} {other.n_classes}: they are "
            "not checkpoints of one task. An audit needs models with the same classes in the same order."
        )
    if first.size != other.size:
        raise UserError(
            f"{first.path} takes images of {first.size} px, {other.path} of {other.size} px: films would be "
            "scaled differently and the maps lie on other grids. Build both for one size."
        )
    here, there = grids[first.path], grids[other.path]
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
