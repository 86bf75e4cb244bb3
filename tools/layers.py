"""See before a run that every architecture has the target layers that are asked for.

    python -m tools.layers params.yaml        as `evidrift repro` does

They lie in the network's graph, so the networks are built, which takes TensorFlow and some seconds. Those
that dvc.lock knows to have been explained with the same layers, size and options are not built again.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from evidrift.attribution.family import find_family
from evidrift.base.errors import UserError, run
from evidrift.base.keys import PIPELINE
from evidrift.params import Study, check

LOCK = Path("dvc.lock")
FOLLOWED = "penultimate"  # evidrift/trajectory/following.py
PARAMS = "params.yaml"  # what the lock calls the parameter file


def layers_asked(study: Study, family: str) -> list[str]:
    """Labels of the layers at which a family explains."""
    return list(find_family(family).Params.model_validate(study.explain[family]).layers)


def along(study: Study) -> set[str]:
    """The layer at which drift is followed along training, where it is."""
    return {FOLLOWED} if study.trajectory.seeds else set()


def known(study: Study, arch: str, family: str, lock: dict[str, Any]) -> bool:
    """Whether the architecture has been explained at these layers, with the same options and size."""
    prepared = _used(lock, "prepare").get("prepare", {})
    for seed in study.grid.seeds:
        used = _used(lock, f"explain@{arch}-{seed}-{family}")
        if (
            prepared.get("size") == study.prepare.size
            and used.get(f"architectures.{arch}.options") == study.architectures[arch].options
            and used.get(f"explain.{family}", {}).get("layers") == study.explain[family].get("layers")
        ):
            return True
    return False


def read_lock() -> dict[str, Any]:
    """By stage what dvc.lock says; empty where there is none, or it is not to be read."""
    try:
        content = yaml.load(LOCK.read_text(encoding="utf-8"), yaml.CSafeLoader)
    except (OSError, yaml.YAMLError, UnicodeDecodeError):
        return {}  # DVC says so
    stages = content.get("stages") if isinstance(content, dict) else None
    return stages if isinstance(stages, dict) else {}


def _used(lock: dict[str, Any], stage: str) -> dict[str, Any]:
    return lock.get(stage, {}).get("params", {}).get(PARAMS, {})


def faults(study: Study, lock: dict[str, Any]) -> Iterator[str]:
    """A sentence for each layer that is asked for and that an architecture does not have at this size."""
    for arch in study.grid.architectures:
        families = [name for name in study.grid.families if not known(study, arch, name, lock)]
        labels = {label for family in families for label in layers_asked(study, family)}
        if labels:
            yield from _faults(arch, study, sorted(labels | along(study)))


def _faults(arch: str, study: Study, labels: list[str]) -> Iterator[str]:
    import evidrift.networks.start_tensorflow  # noqa: F401 - first, before TensorFlow
    from evidrift.networks.backbone import build_backbone
    from evidrift.networks.classifier import build_classifier
    from evidrift.networks.target.layers import resolve

    size = study.prepare.size
    backbone = build_backbone(arch, size, study.architectures[arch].options)
    classifier = build_classifier(backbone, n_classes=2, dropout=0)
    for label in labels:
        try:
            (layer,) = resolve(classifier, [label])
        except UserError as error:
            yield f"{arch} at prepare.size {size}: {error.spelled(PIPELINE)}"
            continue
        # `last` may have one: there all methods of a kind agree anyway, and no conclusion rests on it
        if label != "last" and layer.output.shape[1:3] == (1, 1):
            yield (
                f"{arch} at prepare.size {size}: its layer {label} ({layer.name}) has a grid of 1x1, on "
                f"which no evidence can move. Give prepare.size {2 * size}, or another architecture."
            )


def main() -> None:
    """Check one parameter file from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("params", type=Path)
    params = parser.parse_args().params
    found = list(faults(check(params), read_lock()))
    if found:
        raise UserError("\n".join(f"{params}: {each}" for each in found))


if __name__ == "__main__":
    run(main)
