"""The whole parameter file, checked before any work starts.

python -m evidrift.params params.yaml
"""

import argparse
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from evidrift.attribution.family import find_family
from evidrift.base.cluster import Cluster
from evidrift.base.compute import Compute
from evidrift.base.errors import UserError, run
from evidrift.base.grid import Grid
from evidrift.base.keys import PIPELINE
from evidrift.base.section import Section, read_params, validate
from evidrift.check.params import Check
from evidrift.compare.params import Compare
from evidrift.drift.params import Drift
from evidrift.networks import catalogue
from evidrift.networks.catalogue import check_pinned
from evidrift.networks.params import Architecture
from evidrift.prepare.params import Prepare
from evidrift.prepare.phantoms.recipe import load_recipe
from evidrift.reliance.params import Reliance
from evidrift.training.params import Embed, Finetune, TrainTl
from evidrift.trajectory.params import Trajectory

FAMILIES = Path(__file__).parent / "families"
ZOO_NAMES = ("MIN_SIZE", "IMAGENET", "preprocess", "build")
BY_ARCHITECTURE = ("architectures", "train_tl", "finetune")


class Study(Section):
    """A complete parameter file. `explain` is checked by each attribution family itself."""

    grid: Grid
    compute: Compute
    cluster: Cluster
    prepare: Prepare
    architectures: dict[str, Architecture]
    embed: Embed
    train_tl: dict[str, TrainTl]
    finetune: dict[str, Finetune]
    trajectory: Trajectory
    explain: dict[str, dict[str, Any]]
    check: Check
    reliance: Reliance
    drift: Drift
    compare: Compare


def check(path: Path, *, files: bool = True) -> Study:
    """Validate every section of a parameter file, what they imply together, and the files they name.

    Paths in it are taken relative to the working folder, as the stages take them.

    Args:
        path: the parameter file.
        files: see that what it names is there, too; else it depends on the file and the code alone.

    Raises:
        UserError: one line for each thing that is wrong.
    """
    study = validate(read_params(path), Study, f"{path}: ")
    faults = [*_grid_faults(study), *_name_faults(study)]
    if files:
        faults += [*_prepare_faults(study.prepare), *_weights_faults(study)]
    for name in study.grid.architectures:
        faults += _architecture_faults(name, study)
    for name in study.explain:
        faults += _family_faults(name, study)
    faults = faults or [*_check_faults(study), *_trajectory_faults(study)]
    if faults:
        raise UserError("\n".join(f"{path}: {fault}" for fault in faults))
    return study


def _grid_faults(study: Study) -> Iterator[str]:
    """Sections that the grid names, but that are not there."""
    for name in study.grid.families:
        if name in _families() and name not in study.explain:
            yield f"explain.{name} is missing, though grid.families names {name}."
    for name in study.grid.architectures:
        for section in BY_ARCHITECTURE:
            if name in catalogue.names() and name not in getattr(study, section):
                yield f"{section}.{name} is missing, though grid.architectures names {name}."


def _name_faults(study: Study) -> Iterator[str]:
    """Names of architectures and families that do not exist."""
    places: list[tuple[str, Iterable[str]]] = [("grid.architectures: ", study.grid.architectures)]
    places += [(f"{section}.", getattr(study, section)) for section in BY_ARCHITECTURE]
    for where, names in places:
        for name in names:
            yield from _told(where, catalogue.find, name)
    for where, names in (("grid.families: ", study.grid.families), ("explain.", study.explain)):
        for name in names:
            if name not in _families():
                known = ", ".join(_families())
                yield f"{where}{name} is not an attribution family. There are: {known}."


def _prepare_faults(prepare: Prepare) -> Iterator[str]:
    source, manifest = Path(prepare.source), prepare.manifest
    if not source.exists():
        kept = source.with_name(f"{source.name}.dvc").is_file()
        mend = f"`dvc pull {source}` fetches it" if kept else "Give a folder of images or a phantom recipe"
        yield f"prepare.source is {source}, which does not exist. {mend}."
    elif source.is_dir():
        if manifest and not (source / manifest).is_file():
            yield (
                f"prepare.manifest is {manifest}, but {source / manifest} does not exist. "
                "It names a file inside the source folder."
            )
    else:
        if manifest:
            yield f"prepare.manifest is {manifest}, but {source} is a recipe. Set it to null."
        yield from _told("prepare.source: ", load_recipe, source)


def _zoo_faults(name: str) -> Iterator[str]:
    """What a file in zoo/ that somebody has added lacks."""
    module = catalogue.find(name)
    for word in ZOO_NAMES:
        if not hasattr(module, word):
            yield (
                f"grid.architectures: evidrift/zoo/{name}.py does not define {word}. docs/extending.md says "
                "what such a file must define."
            )


def _architecture_faults(name: str, study: Study) -> Iterator[str]:
    """What the network cannot be built from; unknown names and missing sections are told elsewhere."""
    section = study.architectures.get(name)
    if section is None or name not in catalogue.names():
        return
    if lacking := list(_zoo_faults(name)):
        yield from lacking
        return
    yield from _told("", catalogue.check, name, study.prepare.size, section.options, section.weights)


def _weights_faults(study: Study) -> Iterator[str]:
    """Weights files that are not there, or other ones."""
    for name in study.grid.architectures:
        section = study.architectures.get(name)
        if section is not None and section.sha256:
            yield from _told("", check_pinned, name, Path(section.weights), section.sha256)


def _family_faults(name: str, study: Study) -> Iterator[str]:
    """What the family's own parameters refuse."""
    if name in _families():
        family = find_family(name)
        yield from _told("", validate, study.explain[name], family.Params, "", ("explain", name))


def _check_faults(study: Study) -> Iterator[str]:
    """What cannot be checked, in a study that is right otherwise."""
    for seed in study.check.seeds:
        if seed not in study.grid.seeds:
            yield f"check.seeds names {seed}, which is not among grid.seeds."
    explained = {
        label
        for name in study.grid.families
        for label in find_family(name).Params.model_validate(study.explain[name]).layers
    }
    for label in study.check.layers:
        if label not in explained:
            yield (
                f"check.layers names {label}, at which no family of the grid explains. Take it out, or add "
                "it to explain.<family>.layers."
            )


def _trajectory_faults(study: Study) -> Iterator[str]:
    """What cannot be followed along training, in a study that is right otherwise."""
    for seed in study.trajectory.seeds:
        if seed not in study.grid.seeds:
            yield f"trajectory.seeds names {seed}, which is not among grid.seeds."
            continue
        for name in study.grid.architectures:
            if seed not in study.finetune[name].keep_epochs:
                yield (
                    f"trajectory.seeds names {seed}, but finetune.{name}.keep_epochs does not. Add {seed} "
                    "there (fine-tuning runs again), or take it out of trajectory.seeds."
                )


def _families() -> list[str]:
    return sorted(path.stem for path in FAMILIES.glob("[a-z]*.py"))


def _told(where: str, check_it: Callable, *arguments: Any) -> list[str]:
    """The lines of the UserError that a call raises, each behind `where`; none if it raises none."""
    try:
        check_it(*arguments)
    except UserError as error:
        return [where + line for line in error.spelled(PIPELINE).splitlines()]
    return []


def main() -> None:
    """Check one parameter file from the command line."""
    parser = argparse.ArgumentParser(description="Check a parameter file before any work starts.")
    parser.add_argument("params", type=Path, help="e.g. params.yaml or profiles/paper.yaml")
    check(parser.parse_args().params)


if __name__ == "__main__":
    run(main)
