"""The whole parameter file, checked before any work starts.

python -m evidrift.params.study params.yaml
"""

import argparse
import importlib
from pathlib import Path
from typing import Any

from evidrift.errors import UserError, run
from evidrift.models import catalogue
from evidrift.params.architecture import Architecture
from evidrift.params.compare import Compare
from evidrift.params.drift import Drift
from evidrift.params.embed import Embed
from evidrift.params.finetune import Finetune
from evidrift.params.grid import Grid
from evidrift.params.prepare import Prepare
from evidrift.params.section import Section, read_params, validate
from evidrift.params.train_tl import TrainTl

FAMILIES = Path(__file__).parent.parent / "attribution" / "families"


class Study(Section):
    """A complete parameter file. `explain` is checked by each attribution family itself."""

    grid: Grid
    prepare: Prepare
    architectures: dict[str, Architecture]
    embed: Embed
    train_tl: dict[str, TrainTl]
    finetune: dict[str, Finetune]
    explain: dict[str, dict[str, Any]]
    drift: Drift
    compare: Compare


def check(path: Path) -> Study:
    """Validate every section of a parameter file and what they imply together.

    Paths in it are taken relative to the working folder, as the stages take them.

    Raises:
        UserError: one line for each thing that is wrong.
    """
    study = validate(read_params(path), Study, f"{path}: ")
    faults = [f"{path}: {fault}" for fault in _faults(study)]
    for name, content in study.explain.items():
        if (FAMILIES / f"{name}.py").exists():
            family = importlib.import_module(f"evidrift.attribution.families.{name}")
            try:
                validate(content, family.Params, f"{path}: ", ("explain", name))
            except UserError as error:
                faults.append(str(error))
    if faults:
        raise UserError("\n".join(faults))
    return study


def _faults(study: Study) -> list[str]:
    source, faults = Path(study.prepare.source), []
    if not source.exists():
        faults.append(
            f"prepare.source is {source}, which does not exist. Give a folder of images or a phantom recipe."
        )
    for name in study.grid.families:
        if not (FAMILIES / f"{name}.py").exists():
            known = ", ".join(sorted(path.stem for path in FAMILIES.glob("[a-z]*.py")))
            faults.append(f"grid.families: {name} is not an attribution family. There are: {known}.")
        elif name not in study.explain:
            faults.append(f"explain.{name} is missing, though grid.families names {name}.")
    for name in study.grid.architectures:
        try:
            catalogue.find(name)
        except UserError as error:
            faults.append(f"grid.architectures: {error}")
            continue
        for section in ("architectures", "train_tl", "finetune"):
            if name not in getattr(study, section):
                faults.append(f"{section}.{name} is missing, though grid.architectures names {name}.")
        if name in study.architectures:
            try:
                catalogue.check(name, study.prepare.size, study.architectures[name].options)
            except UserError as error:
                faults.append(str(error))
    return faults


def main() -> None:
    """Check one parameter file from the command line."""
    parser = argparse.ArgumentParser(description="Check a parameter file before any work starts.")
    parser.add_argument("params", type=Path, help="e.g. params.yaml or profiles/paper.yaml")
    check(parser.parse_args().params)


if __name__ == "__main__":
    run(main)
