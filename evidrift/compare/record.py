"""The record of an audit: what a change-control file asks for, as the report and audit.json carry it.

Numbers are rounded to six decimals where the record is made, and None where there is none, so that the same
files give the same bytes.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Side = Literal["original", "before", "after"]
Outcome = Literal["passed", "failed", "not judged"]
MEASURES = ("accuracy", "sensitivity", "specificity", "auc", "calibration_error")


class Section(BaseModel):
    """A part of what travels: frozen, and without further keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Estimate(Section):
    """A value with its 95 % interval; each end fails in at most 2.5 % of all samples of patients.

    Attributes:
        value, low, high: None where it is not known, or not defined for so few films.
    """

    value: float | None
    low: float | None = None
    high: float | None = None

    @property
    def ends(self) -> tuple[float, float, float]:
        """Value, low and high, NaN where there is none."""
        value, low, high = (float("nan") if x is None else x for x in (self.value, self.low, self.high))
        return value, low, high


class ModelFacts(Section):
    """One model of an audit.

    Attributes:
        part: `original 1`, `before 1`, `after 1`, `after 2`, ...
        side: of the audit.
        file: its name.
        sha256: of its bytes.
        format: in words, e.g. `Keras 3 (.keras)`.
        keras: version that saved it; None where the file does not say.
        classes: in the order of its outputs.
        ending: of the network: `softmax`, `sigmoid`, `sigmoids` or `logits`.
        input: height, width and channels.
        preprocessing: what brings grey levels 0..255 to its input.
        parameters: numbers in its weights.
        predicted: number of films by class that it calls.
    """

    part: str
    side: Side
    file: str
    sha256: str
    format: str
    keras: str | None
    classes: tuple[str, ...]
    ending: str
    input: tuple[int, int, int]
    preprocessing: str
    parameters: int
    predicted: dict[str, int]


class GateFacts(Section):
    """The gate as it was written down.

    Attributes:
        file: its name; None for a gate that is no file.
        sha256: of its bytes; of `text` where there is no file.
        changed: time of the file's last change, ISO 8601 in UTC.
        text: of the file, or what stands for it in YAML.
    """

    file: str | None
    sha256: str
    changed: str | None
    text: str


class Group(Section):
    """Which films a number is of, and which class it is about.

    Attributes:
        label: class or finding; None for all together.
        column, value: of the films with this value in this column; None for all films.
        n_films, n_patients: of them.
        n_positive: patients among them with a film of this label; None for all together.
    """

    label: str | None
    column: str | None
    value: str | None
    n_films: int
    n_patients: int
    n_positive: int | None


class Performance(Section):
    """How good one model is on one group of films. Patients count once.

    Attributes:
        part: the model's.
        group: of films.
        accuracy: share of the films that it gets right; about a label, right about this label. Of several
            findings together, share of the calls that are right.
        sensitivity, specificity: about a label; None for all together.
        auc: about a label, against all others; for all together the mean over labels.
        calibration_error: expected, over 15 bins of the probability.
    """

    part: str
    group: Group
    accuracy: Estimate | None
    sensitivity: Estimate | None
    specificity: Estimate | None
    auc: Estimate | None
    calibration_error: Estimate | None


class Difference(Section):
    """How much a model differs from the one that it is held against, film by film.

    Attributes:
        reference: part of the model that it is held against, `before 1` or `original 1`.
        candidate: part of the model that is judged.
        group: of films.
        accuracy, sensitivity, specificity, auc, calibration_error: candidate less reference.
    """

    reference: str
    candidate: str
    group: Group
    accuracy: Estimate | None
    sensitivity: Estimate | None
    specificity: Estimate | None
    auc: Estimate | None
    calibration_error: Estimate | None


class Flips(Section):
    """Films on which one of two models is right and the other wrong.

    Attributes:
        reference, candidate: the two models' parts.
        label: finding that they are right about; None where a film has one class.
        negative: films right under the reference and wrong under the candidate.
        positive: films wrong under the reference and right under the candidate.
        unit: what McNemar's test counts: `films`, or `patients` where a patient has several films: then a
            patient counts as that of which it has more, and not at all where it has as many of both.
        n_negative, n_positive: of these units.
        p: exact, two-sided (McNemar 1947): how often chance alone gives a split as uneven.
    """

    reference: str
    candidate: str
    label: str | None
    negative: tuple[str, ...]
    positive: tuple[str, ...]
    unit: Literal["films", "patients"]
    n_negative: int
    n_positive: int
    p: float


class Moved(Section):
    """How far the evidence moved between two sides, by one attribution method; see the report.

    Attributes:
        method: attribution method.
        drift: moved share, 0 to 1.
        over_scale: of the distance between two patients.
    """

    method: str
    drift: Estimate
    over_scale: Estimate


class Comparison(Section):
    """Two sides held against each other.

    Attributes:
        reference, candidate: the sides.
        n_films, n_patients: on which drift is measured.
        answer: how far the evidence moved, in a sentence or two.
        moved: by attribution method, in the order asked for.
        outcome: of the gate; None where it is not asked (original and before, or without a gate).
    """

    reference: Side
    candidate: Side
    n_films: int
    n_patients: int
    answer: str
    moved: tuple[Moved, ...]
    outcome: Outcome | None


class Column(Section):
    """A column of the films by which they were told apart, or not.

    Attributes:
        column: its name.
        values: its groups, in order; none where it was left out.
        reason: why it was left out; None where it was not.
    """

    column: str
    values: tuple[str, ...]
    reason: str | None


class Watch(Section):
    """Something to count once the new model is in service.

    Attributes:
        what: in words.
        expected: on the films of this audit.
    """

    what: str
    expected: Estimate


class Record(Section):
    """What an audit leaves for a change-control file.

    Attributes:
        task: `classes`, one a film, or `findings`, of which a film can have several.
        command: as it was typed; None where Python called it.
        versions: of this project, Python and the libraries that round.
        models: of all sides, in order.
        gate: as it was written down; None without one.
        comparisons: before and after; with an original also original and after, original and before.
        performance: a row per model and group; none without labels.
        differences: of the pairs of `comparisons`, a row per pair of models and group, likewise.
        flips: likewise.
        columns: by which subgroups were made.
        not_checked: a sentence each.
        watch: in service.
    """

    task: Literal["classes", "findings"]
    command: str | None
    versions: dict[str, str]
    models: tuple[ModelFacts, ...]
    gate: GateFacts | None
    comparisons: tuple[Comparison, ...]
    performance: tuple[Performance, ...]
    differences: tuple[Difference, ...]
    flips: tuple[Flips, ...]
    columns: tuple[Column, ...]
    not_checked: tuple[str, ...]
    watch: tuple[Watch, ...]

    @property
    def whole(self) -> Group | None:
        """All films, and all labels together."""
        return next((each.group for each in self.performance), None)
