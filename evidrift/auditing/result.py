"""What an audit found, as data frames, and one case as a picture."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evidrift.auditing.case_view import CaseView
from evidrift.auditing.films.calls import Scores, Truth
from evidrift.auditing.films.images import AuditImages
from evidrift.auditing.gate.check import Check
from evidrift.auditing.gate.limits import Derived
from evidrift.auditing.recording.filed import Filed
from evidrift.auditing.study import Run
from evidrift.auditing.words import SPELLING, Told
from evidrift.base.errors import UserError
from evidrift.base.json import as_json, nested_rows, plain
from evidrift.base.sentence import spelled
from evidrift.compare.record import MEASURES, Difference, Performance, Record
from evidrift.compare.result import Result
from evidrift.compare.study import Study
from evidrift.images.store import Images
from evidrift.measures.canvas import draw
from evidrift.measures.of_pairs import MOVED_SHARE, PRIMARY
from evidrift.report.figures.overlay import Film
from evidrift.report.figures.panels import Case, Heading
from evidrift.report.words.cells import COHORTS, WITHOUT_LABELS
from evidrift.report.words.names import method_name, safe_text

DECIMALS = 6
COLUMNS = [
    *("image_id", "patient_id", "label", "pair", "method", "cohort", "status"),
    *("predicted_before", "predicted_after", "probability_before", "probability_after", *PRIMARY),
]


@dataclass(frozen=True)
class AuditResult:
    """What an audit found.

    Attributes:
        told: what it says: each medium spells it in its own words.
        methods: attribution methods, in the order in which they were asked for.
        study, result: everything that was measured, as the pipeline has it.
        images: the films; of findings, a film stands here once for each that it has, `<film> [<finding>]`.
        film: which of the films read each of these is, (m,) index.
        audited: what was read, and what was left out.
        pairs: the models' logits and maps, before and after.
        truth: what is true of the films; None where nothing is known of it.
        scores: what each model says of them, by its part.
        record: for a change-control file: models, gate, performance, differences and flips.
        derived: where the gate's limits come from, if that is known.
        report: the HTML report; None where nothing is kept.
    """

    told: Told
    methods: tuple[str, ...]
    study: Study
    result: Result
    images: Images
    film: np.ndarray
    audited: AuditImages
    pairs: Sequence[tuple[Run, Run]]
    truth: Truth | None
    scores: dict[str, Scores]
    record: Record
    derived: Derived | None
    report: Path | None

    @property
    def several(self) -> bool:
        """Whether the models call findings, of which a film can have several, rather than classes."""
        return self.audited.several

    @property
    def answer(self) -> str:
        """How far the evidence moved, in one sentence."""
        return spelled(self.told.answer, SPELLING)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to keep in mind."""
        return tuple(spelled(caveat.sentence, SPELLING) for caveat in self.result.caveats)

    @property
    def checks(self) -> tuple[Check, ...]:
        """The gate's limits and what came of them; none without a gate."""
        return self.told.checks

    @property
    def outcome(self) -> str | None:
        """`passed`, `failed` or `not judged`; None without a gate."""
        return self.told.outcome

    @property
    def gate(self) -> pd.DataFrame:
        """A row per limit: name, what, value, low, high, limit, verdict, reason, and against which side."""
        return pd.DataFrame(self._limits())

    def _limits(self) -> list[dict[str, Any]]:
        words = ("what", "reason")
        return [
            asdict(check) | {name: spelled(getattr(check, name), SPELLING) for name in words}
            for check in self.checks
        ]

    @property
    def models(self) -> pd.DataFrame:
        """A row per model: file, sha256, preprocessing, what it predicts, accuracy, calibration error, ..."""
        overall = {each.part: each for each in self.record.performance if each.group == self.record.whole}
        rows = {}
        for each in self.record.models:
            measures = {name: getattr(overall.get(each.part), name, None) for name in MEASURES}
            values = {name: None if found is None else found.value for name, found in measures.items()}
            rows[each.part] = each.model_dump(exclude={"part"}) | values
        return pd.DataFrame.from_dict(rows, orient="index")

    @property
    def performance(self) -> pd.DataFrame:
        """A row per model, group of films and measure: value, low, high; see `compare.record`."""
        return _table(self.record.performance)

    @property
    def differences(self) -> pd.DataFrame:
        """The same of two models, candidate less reference, film by film."""
        return _table(self.record.differences)

    @property
    def drift(self) -> pd.DataFrame:
        """A row per method and measure on the images that count; larger is more drift.

        `mean` is the drift; `shared` what all trainings do alike, `erratic` the rest; `floor_tl` and
        `floor_ft` what two models of one side differ by; `scale` what lies between two patients under one
        model, and `over_scale` drift / scale. Intervals `fixed_low` to `fixed_high` are of these checkpoints,
        `low` to `high` of the recipe.
        """
        return self.result.drift.drop(columns=["arch"])

    @property
    def places(self) -> pd.DataFrame:
        """Where the evidence lies, before (`tl`) and after (`ft`): its shares at the border and corners."""
        return self.result.localisation.drop(columns=["arch"])

    @property
    def excluded(self) -> pd.DataFrame:
        """A row per image that was left out: path, reason, detail."""
        rows = [(entry.path, why.reason, why.detail) for entry, why in self.audited.exclusions]
        return pd.DataFrame(rows, columns=["path", "reason", "detail"])

    @cached_property
    def cases(self) -> pd.DataFrame:
        """A row per image, pair of models and method, by falling drift.

        `cohort` is `right` (the images that count), `regressed`, `fixed` or `wrong`. Without labels the first
        model's prediction before stands for the label. Probabilities are of the label.
        """
        pairs = self.study.pairs
        rows = pairs[(pairs["pair_kind"] == "drift") & (pairs["layer"] == self.study.layer)]
        table = rows.rename(
            columns={
                "seed_before": "pair",
                "pred_before": "predicted_before",
                "pred_after": "predicted_after",
            }
        ).astype(dict.fromkeys(("image_id", "patient_id", "label", "method", "cohort", "status"), str))
        for at, name in enumerate(("probability_before", "probability_after")):
            own = [self._probabilities(pair, at) for pair in range(len(self.pairs))]
            place = {image_id: number for number, image_id in enumerate(self.images.ids)}
            table[name] = [
                own[pair - 1][place[image_id]]
                for pair, image_id in zip(table["pair"], table["image_id"], strict=True)
            ]
        return table[COLUMNS].sort_values(
            [MOVED_SHARE, "image_id"], ascending=[False, True], kind="stable", ignore_index=True
        )

    def case(self, image_id: str, method: str | None = None, pair: int = 1) -> CaseView:
        """One film with its evidence before and after.

        Args:
            image_id: its path below the folder of images.
            method: attribution method; None for the first.
            pair: of models, from 1.

        Raises:
            UserError: there is no such image, method or pair.
        """
        method = method or self.methods[0]
        table = self.cases
        rows = table[(table["image_id"] == image_id) & (table["method"] == method) & (table["pair"] == pair)]
        if rows.empty:
            raise UserError(
                f"There is no case of image {image_id!r}, method {method!r} and pair {pair}. The methods are "
                f"{', '.join(self.methods)}; the pairs 1 to {len(self.pairs)}; the images stand in `cases`."
            )
        row = rows.iloc[0]
        at = int(np.flatnonzero(self.images.ids == image_id)[0])
        before, after = (self._canvas(pair, checkpoint, method, at) for checkpoint in range(2))
        top, left, bottom, right = (int(edge) for edge in self.images.content[at])
        read = self.audited.loaded[self.film[at]]
        case = Case(
            label=str(row["label"]),
            reason=(COHORTS if self.audited.labels_known else WITHOUT_LABELS).get(row["cohort"], ""),
            film=Film(self.images.pixels[at], (top, left, bottom, right), (read.width, read.height)),
            before=before,
            after=after,
            probability=(float(row["probability_before"]), float(row["probability_after"])),
            predicted=(str(row["predicted_before"]), str(row["predicted_after"])),
            moved_share=float(row[MOVED_SHARE]),
            displacement=float(row["displacement"]),
        )
        about = f"{method_name(method)} at the target layer {safe_text(self.study.layer, 32)}, pair {pair}"
        return CaseView(case, Heading(safe_text(image_id, 60), about), self.result.area)

    def _probabilities(self, pair: int, at: int) -> np.ndarray:
        """Of each image's label, (n,)."""
        probabilities = self.pairs[pair][at].probabilities
        return probabilities[np.arange(len(probabilities)), self.images.labels]

    def _canvas(self, pair: int, at: int, method: str, image: int) -> np.ndarray:
        layers = [
            each.layers[self.study.layer]
            for each in self.pairs[pair - 1][at].maps.values()
            if method in each.layers[self.study.layer].methods
        ]
        signed = layers[0].methods[method][image : image + 1]
        return draw(signed, self.images.content[image : image + 1], self.images.pixels.shape[1]).values[0]

    def to_dict(self) -> dict[str, Any]:
        """What machines read: files, images, drift by method, the gate and the warnings."""
        drift = self.drift
        at = drift[(drift["layer"] == self.study.layer) & drift["measure"].isin(list(PRIMARY))]
        columns = (
            *("mean", "fixed_low", "fixed_high", "low", "high", "shared", "erratic"),
            *("floor_tl", "floor_ft", "scale"),
            *("over_scale", "fixed_over_scale_low", "fixed_over_scale_high"),
        )
        counts = ("n_images", "n_patients")
        record = self.record
        content = {
            "format": 2,
            "outcome": self.outcome,
            "answer": self.answer,
            "gate": self._limits(),
            "gate_file": record.gate,
            "derived": self.derived,
            **{name: getattr(record, name) for name in ("task", "command", "versions")},
            "models": {each.part: each for each in record.models},
            "images": {
                "listed": self.audited.n_listed,
                "audited": len(self.audited.images.ids),
                "excluded": len(self.audited.exclusions),
                "reasons": Counter(sorted(why.reason for _, why in self.audited.exclusions)),
                "counting": len(self.result.cohort.image_ids),
                "patients_counting": self.result.cohort.n_patients,
                "labels_known": self.audited.labels_known,
                "patients_known": self.audited.patients_known,
            },
            "layer": self.study.layer,
            "drift": nested_rows(at, ("method", "measure"), columns + counts),
            **{name: getattr(record, name) for name in ("comparisons", "performance", "differences")},
            **{name: getattr(record, name) for name in ("flips", "columns", "not_checked", "watch")},
            "warnings": self.warnings,
        }
        return Filed.model_validate(plain(content, DECIMALS)).model_dump(mode="json")

    def to_json(self) -> str:
        """`to_dict` as text, the same for the same files."""
        return as_json(self.to_dict())


def _table(rows: Sequence[Performance] | Sequence[Difference]) -> pd.DataFrame:
    """A row per measure that is known."""
    found = []
    for row in rows:
        about = row.model_dump(exclude={"group", *MEASURES}) | row.group.model_dump()
        for name in MEASURES:
            estimate = getattr(row, name)
            if estimate is not None:
                found.append({**about, "measure": name, **estimate.model_dump()})
    return pd.DataFrame(found)
