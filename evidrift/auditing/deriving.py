"""Write a gate from trainings that are trusted, on the films that a new one will be audited on."""

from collections.abc import Sequence
from pathlib import Path

import evidrift.networks.start_tensorflow  # noqa: F401 - first, before TensorFlow
from evidrift.auditing.gate.check import KNOWLEDGE
from evidrift.auditing.gate.derive import HEADROOM, derive
from evidrift.auditing.gate.knowledge import judge_knowledge
from evidrift.auditing.gate.limits import Gate
from evidrift.auditing.methods import families_of
from evidrift.auditing.models import Model, load_trainings, sources
from evidrift.auditing.ranges import range_notes
from evidrift.auditing.relying import relied_on
from evidrift.auditing.runs import known_by_part, predicted_by, seen_by, try_models
from evidrift.auditing.study import measure
from evidrift.base.errors import UserError
from evidrift.base.sentence import listed


def derive_gate(
    trusted: Sequence[Model],
    images: str | Path,
    *,
    method: str = "layer_cam",
    layer: str = "penultimate",
    headroom: float = HEADROOM,
    classes: Sequence[str] | None = None,
    labels: bool = True,
    preprocessing: str = "none",
    architecture: str | None = None,
    size: int = 224,
    padding: bool = False,
    batch_size: int = 16,
    quiet: bool = False,
) -> Gate:
    """The gate that trainings which are trusted would pass, each held against each.

    Args:
        trusted: model files (or loaded models) of one recipe, two at least; three or more show better what
            trainings differ by.
        images: as for `audit`; a gate fits audits of about as many films.
        method: attribution method to judge by.
        layer: target layer.
        headroom: what is added to the largest bound between two of them, as a share of it.
        classes: as for `audit`, like all that follow.
        labels: without them there are no limits on what is right.
        preprocessing: one for all.
        architecture: of the zoo.
        size: side of the input, px.
        padding: keep each film's shape.
        batch_size: images per pass.
        quiet: no progress bars.

    Raises:
        UserError: as `audit`; or a trusted model is not shown to know anything.
    """
    families = families_of([method], layer, batch_size)
    models = load_trainings(sources(trusted), layer, classes, preprocessing, architecture, size)
    tried = try_models(models, Path(images), families, layer, labels=labels, padding=padding, quiet=quiet)
    knowledge = judge_knowledge(known_by_part(models, tried))
    if knowledge.verdict != "passed":
        hints = range_notes(models, tried, batch_size)
        raise UserError(listed([f"No gate can be derived ({KNOWLEDGE}).", knowledge.reason, *hints]))
    study = measure(tried.films, tried.audited, tried.pairs, families, layer).study
    reliance = relied_on(models, tried, batch_size, quiet)
    facts = {"models": {file.sha256: file.path.name for file in models.files.values()}, "layer": layer}
    seen = seen_by(study, method, tried)
    return derive(seen, method, reliance, facts, headroom, predicted_by(tried))
