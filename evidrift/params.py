"""The whole parameter file, checked before any work starts.

python -m evidrift.params params.yaml
"""

import argparse
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from evidrift.attribution.family import find_family
from evidrift.base.cluster import Cluster
from evidrift.base.compute import Compute
from evidrift.base.errors import UserError, run, told
from evidrift.base.grid import Grid
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
from evidrift.tradeoff.faults import course_faults, strategy_faults, sweep_faults
from evidrift.tradeoff.params import Tradeoff
from evidrift.training.params import Embed, Finetune, TrainTl
from evidrift.trajectory.params import Trajectory

FAMILIES = Path(__file__).parent / "families"
ZOO_NAMES = ("MIN_SIZE", "IMAGENET", "preprocess", "build")
BY_ARCHITECTURE = ("architectures", "train_tl", "finetune")
# Where the pipeline, DVC and git write; of data/, users may have folders of their own.
WRITTEN = ("models", "plots", "metrics", "scratch", ".dvc", ".git")
WRITTEN_IN_DATA = (
    *("checks", "compare", "drift", "epochs", "features", "images", "maps", "parameters.txt", "probe"),
    *("reliance", "report", "strategies", "tradeoff", "trajectory", "treated", "judged"),
)
PIXEL = 3 * 4  # bytes, in a batch of films


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
    strategies: dict[str, dict[str, dict[str, Any]]]
    trajectory: Trajectory
    explain: dict[str, dict[str, Any]]
    check: Check
    reliance: Reliance
    drift: Drift
    compare: Compare
    tradeoff: Tradeoff


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
    faults = [*_grid_faults(study), *_name_faults(study), *_place_faults(study.prepare)]
    if files and not faults:
        faults += [*_prepare_faults(study.prepare), *_weights_faults(study), *_memory_faults(study)]
    for name in study.grid.architectures:
        faults += _architecture_faults(name, study)
    for name in study.explain:
        faults += _family_faults(name, study)
    faults += strategy_faults(study.finetune, study.strategies)
    faults = faults or [*_check_faults(study), *_trajectory_faults(study), *_sweep_faults(study)]
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
            yield from told(where, catalogue.find, name)
    for where, names in (("grid.families: ", study.grid.families), ("explain.", study.explain)):
        for name in names:
            if name not in _families():
                known = ", ".join(_families())
                yield f"{where}{name} is not an attribution family. There are: {known}."


def _place_faults(prepare: Prepare) -> Iterator[str]:
    """A source that holds the project or its outputs, or lies among them; a manifest outside it."""
    source, here = Path(prepare.source), Path.cwd().resolve()
    try:
        place = source.resolve()
    except (OSError, RuntimeError) as error:
        yield f"prepare.source is {source}, which cannot be a path: {getattr(error, 'strerror', error)}."
        return
    if place == here or place in here.parents:
        yield f"prepare.source is {source}, which holds the project itself. Give a folder of images alone."
    elif place.is_relative_to(here):
        first, second = (*place.relative_to(here).parts, "")[:2]
        if first in WRITTEN or (first == "data" and second in ("", *WRITTEN_IN_DATA)):
            yield f"prepare.source is {source}, where the pipeline writes. Give a folder of images alone."
    if prepare.manifest and (Path(prepare.manifest).is_absolute() or ".." in Path(prepare.manifest).parts):
        yield f"prepare.manifest is {prepare.manifest}. It names a file inside the source folder."


def _memory_faults(study: Study) -> Iterator[str]:
    """Batches of films that this machine's memory does not hold."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    sizes: dict[str, Any] = {f"finetune.{name}": each.batch_size for name, each in study.finetune.items()}
    sizes |= {f"explain.{name}": each.get("batch_size") for name, each in study.explain.items()}
    sizes |= {name: getattr(study, name).batch_size for name in ("embed", "check", "reliance", "trajectory")}
    for name, batch in sizes.items():
        if isinstance(batch, int) and batch * study.prepare.size**2 * PIXEL > memory:
            yield (
                f"{name}.batch_size is {batch}: at prepare.size {study.prepare.size} films of a batch take "
                f"{batch * study.prepare.size**2 * PIXEL / 1e9:.0f} GB, and this machine has "
                f"{memory / 1e9:.0f} GB of memory."
            )


def _prepare_faults(prepare: Prepare) -> Iterator[str]:
    source, manifest = Path(prepare.source), prepare.manifest
    if not _exists(source):
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
        yield from told("prepare.source: ", load_recipe, source)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # as of a name that is too long
        return False


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
    yield from told("", catalogue.check, name, study.prepare.size, section.options, section.weights)


def _weights_faults(study: Study) -> Iterator[str]:
    """Weights files that are not there, or other ones."""
    for name in study.grid.architectures:
        section = study.architectures.get(name)
        if section is not None and section.sha256:
            yield from told("", check_pinned, name, Path(section.weights), section.sha256)


def _family_faults(name: str, study: Study) -> Iterator[str]:
    """What the family's own parameters refuse."""
    if name in _families():
        family = find_family(name)
        yield from told("", validate, study.explain[name], family.Params, "", ("explain", name))


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
    if study.trajectory.seeds:
        yield from course_faults({name: study.finetune[name] for name in study.grid.architectures})


def _sweep_faults(study: Study) -> Iterator[str]:
    """What cannot be swept, in a study that is right otherwise."""
    finetune = {name: study.finetune[name] for name in study.grid.architectures}
    yield from sweep_faults(study.tradeoff, finetune, study.strategies)


def _families() -> list[str]:
    return sorted(path.stem for path in FAMILIES.glob("[a-z]*.py"))


def main() -> None:
    """Check one parameter file from the command line."""
    parser = argparse.ArgumentParser(description="Check a parameter file before any work starts.")
    parser.add_argument("params", type=Path, help="e.g. params.yaml or profiles/paper.yaml")
    check(parser.parse_args().params)


if __name__ == "__main__":
    run(main)
