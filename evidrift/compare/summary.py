"""The contract between those who compare (the stage compare, an audit) and the report: summary.json.

Tables travel as CSV beside it. What is no table travels here: what was asked and answered, the warnings, the
images, the trainings. The report reads this file back and knows nothing of a study or an audit but this.
"""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from evidrift.base.files.seal import require_checksum
from evidrift.base.json import read_sealed
from evidrift.compare.record import Outcome, Record, Section, Side

NAME = "summary.json"
STAGE = "compare"  # writes it and the tables
# Columns of the tables that hold text, whatever it looks like: a class may be called None or 007.
TEXT = (
    *("against", "arch", "called", "checkpoint", "cohort", "confused_with", "corner", "estimand", "faithful"),
    *(
        "family",
        "fill",
        "groups",
        "image_id",
        "images",
        "insensitive",
        "kind",
        "label",
        "layer",
        "measure",
        "method",
    ),
    *("order", "other", "other_method", "property", "reason", "region", "says", "stable", "test", "towards"),
    *("turned_by", "verdict", "warnings"),
)
HISTORY = ("arch", "seed", "checkpoint", "epoch", "kept")
CURVES = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")


class GateLine(Section):
    """One limit of a gate, as it is shown.

    Attributes:
        name: key in the gate file.
        what: in words.
        value: what was found, with its interval.
        limit: at most this.
        verdict: what came of it.
        reason: one sentence.
        against: side that the model after is held against.
    """

    name: str
    what: str
    value: str
    limit: str
    verdict: Outcome
    reason: str
    against: Side = "before"


class Gate(Section):
    """All limits and what comes of them together."""

    outcome: Outcome
    lines: tuple[GateLine, ...]


class CaveatLine(Section):
    """A warning: its short name and its sentence."""

    key: str
    sentence: str


class Cohort(Section):
    """Size of the common cohort."""

    images: int
    patients: int


class Answer(Section):
    """What is asked and what came out.

    Attributes:
        question: of the whole study or audit.
        sentence: its answer.
        verdict: `supported`, `refuted` or `not decidable`; of a gate `passed`, `failed` or `not judged`.
        details: further sentences that belong beside it.
        exploratory: sentences about what was not asked beforehand.
    """

    question: str
    sentence: str
    verdict: str
    details: tuple[str, ...]
    exploratory: tuple[str, ...] = ()


class Summary(Section):
    """What summary.json holds; see `Context` and `compare.result.Result` for what is not said here.

    Attributes:
        answer: what was asked and what came out, with the verdict.
        opinions: whether the reversal between LayerCAM and Grad-CAM++ survives, in sentences.
        cohort: the common cohort's size.
        patients_known: whether patient ids were given.
        signs: by architecture and method at `layer`, what the checks say against it, see `findings.signs`.
        alike: groups of methods that cannot disagree at `layer`.
        caveats: in order.
        basins: whether the trainings lie in one cloud of maps, in sentences.
        courses: drift along training in sentences.
        reliance: what the decisions hang on, in sentences.
        histories: by column, see `Context`.
        record: of an audit; not written where there is none.
        tables: sha256 of each table beside it, by its file's name.
    """

    kind: Literal["study", "audit"]
    before: str
    after: str
    labels_known: bool
    answer: Answer
    opinions: tuple[str, ...]
    gate: Gate | None
    architectures: tuple[str, ...]
    seeds: tuple[int, ...]
    families: tuple[str, ...]
    layer: str
    area: float
    margin: float
    preserved: float
    score: tuple[str, ...]
    target: tuple[str, ...]
    cohort: Cohort
    patients_known: bool
    signs: dict[str, dict[str, str]]
    alike: tuple[tuple[str, ...], ...]
    caveats: tuple[CaveatLine, ...]
    basins: tuple[str, ...] = ()
    courses: tuple[str, ...] = ()
    reliance: tuple[str, ...] = ()
    images: dict[str, Any]
    probe: dict[str, Any] | None
    histories: dict[str, list[Any]] | None
    models: dict[str, tuple[tuple[str, str], ...]]
    parameters: dict[str, Any]
    record: Record | None = Field(default=None, exclude_if=lambda record: record is None)
    tables: dict[str, str] = Field(default_factory=dict)

    def table(self, folder: Path, name: str) -> Path:
        """A table of the folder that summary.json lies in, by its file's name.

        Raises:
            UserError: it is missing, damaged, or not the one that was written with this summary.
        """
        require_checksum(folder / name, self.tables[name], STAGE)
        return folder / name


def read_summary(folder: Path) -> Summary:
    """Read it back from the folder of result tables.

    Raises:
        UserError: it is missing or damaged.
    """
    return Summary.model_validate(read_sealed(folder / NAME, STAGE))
