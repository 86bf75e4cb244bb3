"""What a gate looks at, film by film: how far the evidence moved, where it lies, and what is right.

What cannot be seen counts as harm: a film of which a map is blank, flat or not finite has moved wholly, and
its evidence lies wholly at the place that is asked about.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evidrift.auditing.gate.limits import PLACES
from evidrift.auditing.performance.shares import difference_bounds, n_for_difference
from evidrift.base.interval import ERROR, Bounds, mean_bounds, n_for_mean, n_for_share, share_bounds
from evidrift.compare.study import Study
from evidrift.measures.of_pairs import MOVED_SHARE


@dataclass(frozen=True)
class Films:
    """n films under p pairs of models, by one method at one layer.

    Attributes:
        patients: (n,) str.
        classes: (n,) str, the label, or what stands for it.
        every_class: that a limit by class is about; with labels those too of which there is no film.
        moved: moved share, (p, n), 0 to 1; None where the method has no maps at the layer.
        places: by place, the share of the evidence there before and after, (2, p, n), 0 to 1; None likewise.
        unusable: that a map of the pair is, (p, n) bool; None likewise.
        right: before and after, (2, p, n) bool; None where labels are not known.
        calls: where films can have several findings, all calls by finding, and by finding and whether a film
            has it (`calls`): what is right is judged by these.
    """

    patients: np.ndarray
    classes: np.ndarray
    every_class: tuple[str, ...]
    moved: np.ndarray | None
    places: dict[str, np.ndarray] | None
    unusable: np.ndarray | None
    right: np.ndarray | None
    calls: "tuple[Films, Films] | None" = None

    @property
    def counting(self) -> np.ndarray:
        """The films whose evidence counts, (p, n): those that the model before gets right; else all of them.

        What the model after makes of a film has no say in it, or it could leave out what it spoiled.
        """
        if self.right is not None:
            return self.right[0]
        shape = (1, len(self.patients)) if self.moved is None else self.moved.shape
        return np.ones(shape, dtype=bool)


@dataclass(frozen=True)
class Part:
    """Something that a limit must hold for: a pair of models, one class of films, one region.

    Attributes:
        name: in words; empty where there is only one.
        of: the class, where it is about one; else empty.
        values: a mean over each patient's films, (patients,).
        lowest: of what is possible; the highest is 1.
        exact: the values are whole numbers by their nature: 0 or 1, or with a `lowest` of -1 also -1.
    """

    name: str
    of: str
    values: np.ndarray
    lowest: float
    exact: bool

    def bounds(self, low_error: float = ERROR, high_error: float = ERROR) -> Bounds:
        """Mean over patients with its two one-sided bounds."""
        if self.exact and self.lowest < 0:
            more, less = (self.values > 0).sum(), (self.values < 0).sum()
            return difference_bounds(more, less, len(self.values), low_error, high_error)
        if self.exact:
            return share_bounds(self.values.sum(), len(self.values), low_error, high_error)
        return mean_bounds(self.values, self.lowest, 1.0, low_error, high_error)

    def n_for(self, limit: float) -> int | None:
        """How many patients like these would show that the mean is at most a limit."""
        if self.exact and self.lowest < 0:
            more, less = (float(np.mean(each)) for each in (self.values > 0, self.values < 0))
            return n_for_difference(more, less, limit)
        if self.exact:
            return n_for_share(float(self.values.mean()), limit)
        return n_for_mean(self.values, limit, self.lowest)


def of(name: str) -> str:
    """Where a part has a name: of what."""
    return f" of {name}" if name else ""


def part(name: str, values: np.ndarray, patients: np.ndarray, lowest: float = 0.0, of: str = "") -> Part:
    """Patients' means of films' values.

    Args:
        name: of the part.
        values: of films; bool where a film has something or not, whole numbers where it is -1, 0 or 1.
        patients: of the films.
        lowest: of what is possible.
        of: the class, where the part is about one.
    """
    means = pd.Series(values.astype(np.float64)).groupby(patients).mean().to_numpy()
    return Part(name, of, means, lowest, values.dtype.kind in "bi" and len(means) == len(values))


def parts_by_pair(
    films: Films, values: np.ndarray, chosen: np.ndarray, by_class: bool, lowest: float = 0.0
) -> list[Part]:
    """A part for each pair of models, or for each pair and class.

    Args:
        films: all of them.
        values: (p, n).
        chosen: films that count, (p, n).
        by_class: whether each class must keep the limit.
        lowest: of what is possible.
    """
    found = []
    classes: Sequence[str | None] = films.every_class if by_class else [None]
    for pair in range(len(values)):
        for name in classes:
            at = chosen[pair] & (True if name is None else films.classes == name)
            of_class = "" if name is None else f"class {name}"
            words = [of_class, f"pair {pair + 1}" if len(values) > 1 else ""]
            whole = ", ".join(word for word in words if word)
            found.append(part(whole, values[pair, at], films.patients[at], lowest, of_class))
    return found


def films_of(study: Study, method: str, labels_known: bool) -> Films:
    """The films of an audit.

    Args:
        study: the audit's, of one architecture.
        method: attribution method.
        labels_known: whether its labels are the true ones.
    """
    logits = study.logits[study.architectures[0]]
    ids, n_pairs = logits.image_ids, len(study.seeds)
    pairs = _rows(study.pairs[study.pairs["pair_kind"] == "drift"], study.layer, method)
    places = _rows(study.places, study.layer, method)
    any_pair = study.pairs.drop_duplicates("image_id").set_index("image_id")["patient_id"].astype(str)
    moved = unusable = at_places = None
    if len(pairs):
        found = pairs.set_index([pairs["seed_before"], pairs["image_id"].astype(str)])
        order = pd.MultiIndex.from_product([study.seeds, ids])
        bad = (found["status"].astype(str) != "ok").reindex(order).fillna(True)
        unusable = bad.to_numpy(dtype=bool).reshape(n_pairs, -1)
        shares = found[MOVED_SHARE].reindex(order).to_numpy(np.float64).reshape(n_pairs, -1)
        moved = np.where(unusable, 1.0, shares)
        at_places = {name: _shares(places, name, order, n_pairs) for name in PLACES}
    classes = np.asarray(logits.classes)[logits.labels]
    return Films(
        patients=any_pair.reindex(ids).to_numpy(dtype=str),
        classes=classes,
        every_class=logits.classes if labels_known else tuple(sorted(set(classes.tolist()))),
        moved=moved,
        places=at_places,
        unusable=unusable,
        right=logits.called == logits.labels if labels_known else None,
    )


def _rows(table: pd.DataFrame, layer: str, method: str) -> pd.DataFrame:
    return table[(table["layer"] == layer) & (table["method"] == method)]


def _shares(places: pd.DataFrame, name: str, order: pd.MultiIndex, n_pairs: int) -> np.ndarray:
    """Share of the evidence at a place, (2, p, n): of what cannot be seen, none before and all after."""
    sides = []
    for checkpoint, unseen in (("tl", 0.0), ("ft", 1.0)):
        rows = places[places["checkpoint"] == checkpoint]
        found = pd.Series(rows[name].to_numpy(np.float64), [rows["seed"], rows["image_id"].astype(str)])
        sides.append(found.reindex(order).fillna(unseen).to_numpy().reshape(n_pairs, -1))
    return np.stack(sides)
