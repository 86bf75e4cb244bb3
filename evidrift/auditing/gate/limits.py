"""The gate file: what the model after must keep to, written down beforehand."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import Field, model_validator

from evidrift.base.errors import UserError
from evidrift.base.section import Section, read_params, validate
from evidrift.base.sentence import parameter, say
from evidrift.base.yaml import dump_yaml
from evidrift.compare.record import GateFacts

Share = Annotated[float, Field(ge=0, le=1)]
PLACES = {"border": "the outer 5 % of each side", "corners": "the four corners, 15 % of a side each"}
OF_MAPS = ("drift", *PLACES)
DROPS = ("sensitivity", "specificity", "auc")  # of the class in which it is largest
OF_PERFORMANCE = (
    *(f"{name}_drop_at_most" for name in ("accuracy", *DROPS)),
    "calibration_error_at_most",
)


class Limits(Section):
    """A group of limits; null, or left out, where there is none."""

    @model_validator(mode="after")
    def _limits_something(self) -> "Limits":
        keys = [name for name in type(self).model_fields if name.endswith("at_most")]
        if all(getattr(self, name) is None for name in keys):
            listed = f"{', '.join(keys[:-1])} or {keys[-1]}" if len(keys) > 1 else keys[0]
            raise ValueError(f"give {listed}.")
        return self


class Moved(Limits):
    """Limits on the drift: the moved share between the files, 0 (nothing moved) to 1 (all lies elsewhere).

    Attributes:
        mean_at_most: mean over patients.
        class_at_most: that of the class in which it is largest.
        film_at_most: what counts as far for a single film.
        films_beyond_at_most: share of the films that moved further than that.
    """

    mean_at_most: Share | None = None
    class_at_most: Share | None = None
    film_at_most: Share | None = None
    films_beyond_at_most: Share | None = None

    @model_validator(mode="after")
    def _both_of_films(self) -> "Moved":
        if (self.film_at_most is None) != (self.films_beyond_at_most is None):
            raise ValueError("film_at_most and films_beyond_at_most belong together: give both.")
        return self


class Place(Limits):
    """Limits on the share of the evidence that lies at a place.

    Attributes:
        at_most: of the model after.
        growth_at_most: from the model before to the one after.
        class_growth_at_most: that of the class in which it is largest.
    """

    at_most: Share | None = None
    growth_at_most: Share | None = None
    class_growth_at_most: Share | None = None


class Regressed(Limits):
    """Limits on the share of films that go from right to wrong.

    Attributes:
        at_most: of all films.
        class_at_most: of those of the class in which it is largest.
    """

    at_most: Share | None = None
    class_at_most: Share | None = None


class Region(Limits):
    """Limits on what the predictions hang on at a place: it is replaced, by two fills.

    Attributes:
        at_most: share of the films whose prediction by the model after changes with that.
        growth_at_most: of that share, from the model before to the one after.
    """

    at_most: Share | None = None
    growth_at_most: Share | None = None


class Reliance(Section):
    """Limits on what the predictions hang on, by intervention.

    Attributes:
        corners, border: where a region is replaced.
        spike_flips_at_most: share of the films whose prediction by the model after changes when a letter of
            lead is painted into a corner.
        spike_new_flips_at_most: share of those that it turns to a class to which it did not turn them under
            the model before. A letter disturbs many a network that never saw one; this is what it does anew.
    """

    corners: Region | None = None
    border: Region | None = None
    spike_flips_at_most: Share | None = None
    spike_new_flips_at_most: Share | None = None

    @model_validator(mode="after")
    def _limits_something(self) -> "Reliance":
        if all(getattr(self, name) is None for name in type(self).model_fields):
            raise ValueError("give corners, border, spike_flips_at_most or spike_new_flips_at_most.")
        return self


class OfSubgroups(Limits):
    """Limits that each group of films must keep, as the gate's own of the same names.

    Attributes:
        columns: by which the groups are made; null for all by which the audit makes them.
        accuracy_drop_at_most, sensitivity_drop_at_most, specificity_drop_at_most, auc_drop_at_most,
            calibration_error_at_most: of the group in which it is largest.
    """

    columns: list[str] | None = None
    accuracy_drop_at_most: Share | None = None
    sensitivity_drop_at_most: Share | None = None
    specificity_drop_at_most: Share | None = None
    auc_drop_at_most: Share | None = None
    calibration_error_at_most: Share | None = None


class Derived(Section):
    """Where a gate's limits come from: `evidrift gate` writes it, and an audit repeats it.

    Attributes:
        models: the file's name of each trusted training, by its sha256.
        layer: target layer; the gate judges by no other.
        n_films, n_patients: on which they were compared.
        headroom: what was added to the largest bound, as a share of it.
        seen: by limit, the largest value between two of the trainings.
        left_out: limits that would be 1, or that nothing is known of, so that there are none.
    """

    models: dict[str, str]
    layer: str
    n_films: int
    n_patients: int
    headroom: float
    seen: dict[str, float]
    left_out: list[str] = Field(default_factory=list)


class Gate(Section):
    """What the model after must keep to. A limit that is null or left out is not asked for.

    Attributes:
        method: attribution method that is judged by; null for the first one audited.
        reliance: what the predictions hang on.
        drift: how far the evidence may move.
        corners, border: how much of it may lie there.
        unusable_at_most: share of the films whose map is blank, flat or not finite. It is asked for wherever
            maps are.
        regressed: films that may go from right to wrong.
        accuracy_drop_at_most: by how much less often the model after may be right.
        sensitivity_drop_at_most, specificity_drop_at_most: by how much lower it may be, of the class in which
            that is most.
        auc_drop_at_most: likewise, of the area under the ROC curve of a class against all others.
        calibration_error_at_most: expected calibration error of the model after.
        subgroups: the same by groups of films.
        wrong_at_most: how often either model may be wrong.
        derived: where the limits come from.
    """

    method: str | None = None
    reliance: Reliance | None = None
    drift: Moved | None = None
    corners: Place | None = None
    border: Place | None = None
    unusable_at_most: Share = 0.1
    regressed: Regressed | None = None
    accuracy_drop_at_most: Share | None = None
    sensitivity_drop_at_most: Share | None = None
    specificity_drop_at_most: Share | None = None
    auc_drop_at_most: Share | None = None
    calibration_error_at_most: Share | None = None
    subgroups: OfSubgroups | None = None
    wrong_at_most: Share | None = None
    derived: Derived | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> "Gate":
        limits = ("reliance", *OF_MAPS, "regressed", *OF_PERFORMANCE, "subgroups", "wrong_at_most")
        if all(getattr(self, name) is None for name in limits):
            raise ValueError(f"it sets no limit: give one of {', '.join(limits)}.")
        return self

    @property
    def asks_of_maps(self) -> bool:
        """Whether any limit is on the maps; that on unusable ones counts where it was written down."""
        written = "unusable_at_most" in self.model_fields_set
        return written or any(getattr(self, name) is not None for name in OF_MAPS)

    def check_fits(self, methods: Sequence[str], layer: str) -> None:
        """Whether the gate can be judged by what is audited.

        Raises:
            UserError: its method, or the layer that it was derived at, is not audited.
        """
        if self.method is not None and self.method not in methods:
            told = (
                "The gate judges by {method}, which is not audited: add it ({given}), or let the gate "
                "judge by one of {methods}."
            )
            raise UserError(say(told, method=self.method, given=parameter("methods"), methods=list(methods)))
        if self.derived is not None and self.derived.layer != layer:
            told = (
                "The gate's limits were derived at the layer {there}, not {here}: audit that one ({given})."
            )
            raise UserError(say(told, there=self.derived.layer, here=layer, given=parameter("layer")))


class GateFile(NamedTuple):
    """A gate, and how it was written down.

    Attributes:
        gate: what it asks for.
        facts: how it was written down.
    """

    gate: Gate
    facts: GateFacts


def facts_of(gate: Gate) -> GateFacts:
    """A gate that is no file, as YAML."""
    text = dump_yaml(gate.model_dump(exclude_none=True))
    return GateFacts(file=None, sha256=hashlib.sha256(text.encode()).hexdigest(), changed=None, text=text)


def load_gate(path: Path) -> GateFile:
    """Read a gate file.

    Raises:
        UserError: naming the file, the key and what is wrong with it.
    """
    gate = validate(read_params(path), Gate, f"{path}: ")
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    content = path.read_bytes()
    facts = GateFacts(
        file=path.name,
        sha256=hashlib.sha256(content).hexdigest(),
        changed=changed.isoformat(timespec="seconds"),
        text=content.decode("utf-8"),
    )
    return GateFile(gate, facts)
