"""The study: parameters, target layers, films and pretrained weights."""

import os
from collections.abc import Iterator
from pathlib import Path

from evidrift.base.errors import UserError
from evidrift.base.keys import PIPELINE
from evidrift.params import Study, check
from tools import layers
from tools.doctor.environment import processor
from tools.doctor.finding import Finding, State
from tools.prune import outside_the_grid

WHERE_IT_KEEPS = "~/.keras"


def check_study(params: Path) -> Iterator[Finding]:
    """What can be known before a run that would stop it, or spoil its bytes."""
    try:
        study = check(params)
    except UserError as error:
        for line in error.spelled(PIPELINE).splitlines():
            yield Finding("parameters", State.WRONG, line)
        return
    yield Finding("parameters", State.OK, f"{params}")
    yield processor(study.compute.instructions)
    faults = list(layers.faults(study, layers.read_lock()))
    for fault in faults:
        yield Finding("layers", State.WRONG, fault)
    if not faults:
        yield Finding("layers", State.OK, "every architecture has those that are asked for")
    if outside := outside_the_grid(Path.cwd(), params):
        told = f"{len(outside)} lie outside the grid, e.g. {outside[0]}"
        yield Finding("outputs", State.WRONG, told, "make prune")
    yield _films(Path(study.prepare.source))
    yield from _weights(study)


def _films(source: Path) -> Finding:
    """Whether what `prepare.source` names, which exists, can be read."""
    if source.is_file():
        return Finding("films", State.OK, f"{source}, a recipe of phantoms")
    n, closed = 0, list[str]()

    def note(error: OSError) -> None:
        closed.append(str(error.filename))

    for folder, _, files in os.walk(source, onerror=note):
        n += len(files)
        closed += [str(Path(folder, name)) for name in files if not os.access(Path(folder, name), os.R_OK)]
    if closed:
        told = f"{len(closed)} in {source} cannot be read, e.g. {closed[0]}"
        return Finding("films", State.WRONG, told, f"chmod -R u+rX {source}")
    return Finding("films", State.OK, f"{n} files in {source}")


def _weights(study: Study) -> Iterator[Finding]:
    """Those that are pinned were read with the parameters."""
    used = {name: study.architectures[name] for name in study.grid.architectures}
    pinned = [name for name, each in used.items() if each.sha256]
    if pinned:
        yield Finding("weights", State.OK, f"as pinned (sha256): {', '.join(pinned)}")
    fetched = [name for name, each in used.items() if each.weights == "imagenet"]
    if fetched:
        told = f"{', '.join(fetched)}: Keras downloads those of ImageNet once, to {WHERE_IT_KEEPS}"
        yield Finding("weights", State.NOTE, told)
