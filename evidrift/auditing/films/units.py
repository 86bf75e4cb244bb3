"""Findings of films as units of an audit: a film stands in it once for each finding that it has.

So the measures, cohorts and the report of classes serve findings. A unit's class is its finding; another
patient's map is that of another patient who has the same finding. Each model either calls the finding or
not: the choice between these two is a model's logits here, -z/2 and z/2 of its own output z, whose softmax is
its sigmoid. A film without findings has no unit, and so no map; whether it is called right counts all the
same (`calls`).
"""

from dataclasses import dataclass, replace

import numpy as np

from evidrift.auditing.films.findings import NOT_CALLED
from evidrift.images.store import Images

# Logit of what a unit is not asked about: its probability is 0.
NEVER = -1e4


@dataclass(frozen=True)
class Units:
    """m units of n films.

    Attributes:
        images: m of them, sorted by id, `<film> [<finding>]`; the classes are the findings and `not called`.
        film: of each unit, (m,) index.
        finding: of each unit, (m,) index.
    """

    images: Images
    film: np.ndarray
    finding: np.ndarray


def units_of(films: Images, has: np.ndarray) -> Units:
    """A unit for each finding of each film.

    Args:
        films: n of them; the classes are the findings.
        has: what is to be explained of each film, (n, findings) bool.
    """
    film, finding = np.nonzero(has)
    ids = np.array([f"{films.ids[at]} [{films.classes[which]}]" for at, which in zip(film, finding)])  # noqa: B905
    order = np.argsort(ids, kind="stable")
    film, finding = film[order], finding[order]
    images = replace(
        films,
        ids=ids[order],
        patient_ids=films.patient_ids[film],
        labels=finding.astype(np.int32),
        pixels=films.pixels.take(film, axis=0),
        content=films.content[film],
        classes=(*films.classes, NOT_CALLED),
    )
    return Units(images, film, finding)


def logits_of_units(units: Units, raw: np.ndarray) -> np.ndarray:
    """The choice between each unit's finding and `not called`, (m, findings + 1) float32.

    Args:
        units: of n films.
        raw: what a model gives of these, (n, findings).
    """
    z = raw[units.film, units.finding]
    return _placed(units, z / 2, -z / 2, NEVER).astype(np.float32)


def probabilities_of_units(units: Units, probability: np.ndarray) -> np.ndarray:
    """A model's own probability of each unit's finding, and the rest of `not called`, (m, findings + 1)."""
    own = probability[units.film, units.finding]
    return _placed(units, own, 1 - own, 0.0)


def _placed(units: Units, own: np.ndarray, other: np.ndarray, rest: float) -> np.ndarray:
    values = np.full((len(own), len(units.images.classes)), rest)
    values[np.arange(len(own)), units.finding] = own
    values[:, -1] = other
    return values
