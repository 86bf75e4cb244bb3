"""The study's result: every table, the claims with their verdicts, and the caveats."""

from dataclasses import dataclass

import pandas as pd

from evidrift.base.schema import framed
from evidrift.check.marks import MARKS, marks
from evidrift.claims.cells import AllQuantities, quantities_of
from evidrift.claims.claim import Claim, Rules
from evidrift.claims.cohort import CommonCohort, common_cohort
from evidrift.claims.stability import Extreme, extremes
from evidrift.compare.caveat import Caveat
from evidrift.compare.caveats import caveats
from evidrift.compare.conclusions import conclude, order_of
from evidrift.compare.findings.associations import associations, image_drifts, score_changes
from evidrift.compare.findings.basins import BasinsFound, count_basins
from evidrift.compare.findings.choices import WARNING
from evidrift.compare.findings.cohorts import cohort_table, left_out_table, status_table
from evidrift.compare.findings.confusion import class_table, confusability, confusion_table
from evidrift.compare.findings.courses import Course
from evidrift.compare.findings.drift import summarise
from evidrift.compare.findings.localisation import localisation_and_changes
from evidrift.compare.findings.models import model_table
from evidrift.compare.findings.multiverse import contradictions, multiverse, robustness, warned
from evidrift.compare.findings.opinions import Question, ask, rank_agreement
from evidrift.compare.findings.paper import paper_table
from evidrift.compare.findings.ranking import Observed, alike_groups, median_agreement, observe
from evidrift.compare.findings.reliance import Answers, answers
from evidrift.compare.params import Compare
from evidrift.compare.study import Study


@dataclass(frozen=True)
class Result:
    """The study's result.

    Attributes:
        architectures: in the grid's order.
        seeds: in the grid's order.
        layer: the target layer that conclusions rest on.
        area: share of the image's area behind `moved_share` and `overlap`.
        margin, preserved: what does not matter, and what counts as preserved, see `compare.params.Compare`.
        score: of which the maps are, all that were found.
        target: the class explained, all that were found.
        cohort: the common cohort.
        quantities: drift with its parts, floors and scale, with what each patient and seed adds, by
            architecture, layer and method, and by measure.
        drift: the same as a table, from `findings.drift.summarise`, in the grid's order, `penultimate` first.
        basins: whether the trainings lie in one cloud of maps, from `findings.basins.count_basins`.
        statuses: from `findings.cohorts.status_table`.
        cohorts: from `findings.cohorts.cohort_table`.
        left_out: who counts and who doesn't, from `findings.cohorts.left_out_table`.
        paper: the paper's own quantities beside ours, from `findings.paper.paper_table`.
        models: from `findings.models.model_table`.
        agreement: median correlation of the maps of two methods, a row per architecture, layer and pair.
        alike: by layer, groups of methods that cannot disagree.
        patients_known: whether patient ids were given.
        observed: rankings and reversals of means.
        claims: of the primary measure, with their verdicts.
        multiverse: the primary claims under every reasonable choice, from `findings.multiverse.multiverse`.
        robustness: how many choices say the same of each, from `findings.multiverse.robustness`.
        extremes: the most and the least stable architecture by method.
        orders: from `orders.order_table`, at `layer`; empty where nothing is known of the seeds' noise.
        taus: from `opinions.rank_agreement`, at `layer` with `orders.tau_table` beside it.
        question: whether the reversal between LayerCAM and Grad-CAM++ survives.
        marks: what the checks say about each method, from `check.marks.marks`.
        localisation: where the evidence of the common cohort lies, from `findings.localisation.localisation`.
        moves: where fine-tuning moves it, from `findings.localisation.changes`.
        confusion: from `confusion.confusion_table`.
        classes: from `confusion.class_table`.
        associations: of drift with the confusion of the image's pair of classes and with the change of its
            score, from `associations.associations`.
        courses: drift along training.
        reliance: what the decisions hang on, from `findings.reliance.answers`.
        caveats: what to keep in mind.
    """

    architectures: tuple[str, ...]
    seeds: tuple[int, ...]
    layer: str
    area: float
    margin: float
    preserved: float
    score: tuple[str, ...]
    target: tuple[str, ...]
    cohort: CommonCohort
    quantities: AllQuantities
    drift: pd.DataFrame
    basins: BasinsFound
    statuses: pd.DataFrame
    cohorts: pd.DataFrame
    left_out: pd.DataFrame
    paper: pd.DataFrame
    models: pd.DataFrame
    agreement: pd.DataFrame
    alike: dict[str, list[list[str]]]
    patients_known: bool
    observed: Observed
    claims: tuple[Claim, ...]
    multiverse: pd.DataFrame
    robustness: pd.DataFrame
    extremes: tuple[Extreme, ...]
    orders: pd.DataFrame
    taus: pd.DataFrame
    question: Question
    marks: pd.DataFrame
    localisation: pd.DataFrame
    moves: pd.DataFrame
    confusion: pd.DataFrame
    classes: pd.DataFrame
    associations: pd.DataFrame
    courses: tuple[Course, ...]
    reliance: Answers
    caveats: tuple[Caveat, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """The caveats' sentences."""
        return tuple(caveat.sentence for caveat in self.caveats)


def compare(study: Study, params: Compare) -> Result:
    """Compare the architectures of a study."""
    cohort = common_cohort(study.pairs)
    quantities = quantities_of(study.pairs, cohort, study.seeds)
    drift = _sorted(summarise(study.pairs, cohort, quantities), study.architectures)
    agreement = median_agreement(study.agreement, cohort)
    observed = observe(
        drift, study.architectures, study.seeds, cohort, params.min_patients, study.notes, agreement
    )
    alike = alike_groups(drift[["layer", "method"]], study.notes, agreement)
    notes = study.notes.values()
    models = model_table(study.training)
    checked = _sorted(marks(*study.checks) if study.checks else framed([], MARKS), study.architectures)
    located, moves = localisation_and_changes(cohort.select(study.places))
    statuses = _sorted(status_table(study.pairs, cohort, study.notes), study.architectures)
    asked = (params.confounding, params.min_patients)
    found = tuple(caveats(study, cohort, drift, statuses, checked, models, *asked))
    claims = conclude(study, quantities, observed, found, params)
    choices = multiverse(
        study, quantities, claims, Rules(params.min_patients, params.margin, params.preserved)
    )
    turned = tuple(contradictions(choices, claims))
    claims = warned(claims, turned)
    found += tuple(Caveat(WARNING, each.sentence, frozenset()) for each in turned)
    drifts = image_drifts(study.pairs, study.layer)
    properties = confusability(study.logits).merge(score_changes(study.logits), on=["arch", "image_id"])
    orders, taus = order_of(quantities, rank_agreement(observed.rankings, alike), study.layer)
    return Result(
        architectures=study.architectures,
        seeds=study.seeds,
        layer=study.layer,
        area=next(iter(notes)).area,
        margin=params.margin,
        preserved=params.preserved,
        score=tuple(sorted({score for note in notes for score in note.score})),
        target=tuple(sorted({target for note in notes for target in note.target})),
        cohort=cohort,
        quantities=quantities,
        drift=drift,
        basins=count_basins(study, cohort, params.min_patients),
        statuses=statuses,
        cohorts=_sorted(cohort_table(study.pairs), study.architectures),
        left_out=left_out_table(study.pairs, study.architectures),
        paper=paper_table(study.pairs, drift, study.layer),
        models=models,
        agreement=_sorted(agreement.rename("correlation").reset_index(), study.architectures),
        alike=alike,
        patients_known=study.patients_known,
        observed=observed,
        claims=claims,
        multiverse=choices,
        robustness=robustness(choices, claims),
        extremes=tuple(extremes(claims)),
        orders=orders,
        taus=taus,
        question=ask(observed, study.notes, claims, study.layer),
        marks=checked,
        localisation=_sorted(located, study.architectures),
        moves=_sorted(moves, study.architectures),
        confusion=confusion_table(study.logits),
        classes=_sorted(class_table(drifts, study.logits), study.architectures),
        associations=_sorted(associations(drifts, properties, params.min_patients), study.architectures),
        courses=study.courses,
        reliance=answers(study.reliance),
        caveats=found,
    )


def _sorted(table: pd.DataFrame, architectures: tuple[str, ...]) -> pd.DataFrame:
    """Rows in the grid's order of architectures, `penultimate` first, then by layer and method."""
    keys = pd.DataFrame(
        {
            "arch": table["arch"].astype(str).map(architectures.index),
            "later": table["layer"].astype(str) != "penultimate",
            "layer": table["layer"].astype(str),
            "method": table["method"].astype(str),
        }
    )
    order = keys.sort_values(list(keys.columns), kind="stable").index
    return table.loc[order].reset_index(drop=True)
