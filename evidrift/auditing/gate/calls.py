"""What a gate looks at where films can have several findings, or none: every call by itself.

A limit on what is right is asked of each finding. Films that do not have a finding are many, and a model that
never calls it is right about all of them: so a limit of the worst class is asked apart of the films that have
it and of those that have it not.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evidrift.auditing.films.calls import Scores, Truth
from evidrift.auditing.gate.films import Films


def with_calls(films: Films, truth: Truth, sides: Sequence[Sequence[Scores]]) -> Films:
    """The units of an audit with the calls of all films beside them.

    Args:
        films: a unit for each finding that a film has.
        truth: of all films.
        sides: what the models before and after say of them, pair by pair.
    """
    film, finding = np.nonzero(truth.known)
    has, labels = truth.truth[film, finding], np.asarray(truth.labels)[finding]
    right = np.array([[(run.called == truth.truth)[film, finding] for run in side] for side in sides])
    counted = tuple(name for name, known in zip(truth.labels, truth.known.T, strict=True) if known.any())
    by_finding = Films(
        patients=truth.patients[film],
        classes=labels,
        every_class=counted,
        moved=None,
        places=None,
        unusable=None,
        right=right,
    )
    apart = replace(
        by_finding,
        classes=np.array([f"{name}, films {_kind(own)}" for name, own in zip(labels, has, strict=True)]),
        every_class=tuple(f"{name}, films {_kind(own)}" for name in counted for own in (True, False)),
    )
    return replace(films, every_class=counted, calls=(by_finding, apart))


def _kind(has: bool) -> str:
    return "with it" if has else "without it"
