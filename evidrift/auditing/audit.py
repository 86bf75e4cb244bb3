"""Audit any two checkpoints of one classifier: did its evidence move, and does the new one pass the gate?"""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import evidrift.networks.start_tensorflow  # noqa: F401 - first, before TensorFlow
from evidrift.auditing.comparisons import MIN_PATIENTS, Compared, compare_with_original, judge_sides
from evidrift.auditing.context import context_of
from evidrift.auditing.films.calls import truth_of
from evidrift.auditing.films.labels import order_notes
from evidrift.auditing.gate.check import Check
from evidrift.auditing.gate.limits import Gate, GateFile, facts_of, load_gate
from evidrift.auditing.methods import families_of
from evidrift.auditing.models import Model, load_models, sources
from evidrift.auditing.ranges import range_notes
from evidrift.auditing.recording.folder import SUMMARY, claimed
from evidrift.auditing.recording.junit import NAME as JUNIT
from evidrift.auditing.recording.junit import write_junit
from evidrift.auditing.recording.record import record_of
from evidrift.auditing.recording.record_tables import write_record_tables
from evidrift.auditing.relying import of_pairs, reliance_of
from evidrift.auditing.result import AuditResult
from evidrift.auditing.runs import accuracies, known_by_part, try_models
from evidrift.auditing.sides import by_side
from evidrift.auditing.study import NAME, measure, rules, write_material
from evidrift.auditing.words import SPELLING, Told, answer, caveats_of_audit, preserved_verdict
from evidrift.base.files.writing import write_text
from evidrift.compare.output import write_tables
from evidrift.compare.result import compare
from evidrift.maps.scores import predicted_classes
from evidrift.measures.of_pairs import MOVED_SHARE
from evidrift.report.page.page import NAME as REPORT
from evidrift.report.page.page import write_report
from evidrift.report.words.summarise import write_summary

PathLike = str | Path
METHODS = ("layer_cam", "grad_cam_pp")
SIDES = ("original", "before", "after")
Preprocessing = str | Sequence[str]


def audit(
    before: Model | Sequence[Model],
    after: Model | Sequence[Model],
    images: PathLike,
    *,
    methods: Sequence[str] = METHODS,
    layer: str = "penultimate",
    gate: PathLike | Gate | None = None,
    original: Model | Sequence[Model] | None = None,
    subgroups: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
    labels: bool = True,
    preprocessing: Preprocessing = "none",
    architecture: str | None = None,
    size: int = 224,
    padding: bool = False,
    batch_size: int = 16,
    out: PathLike | None = None,
    quiet: bool = False,
    command: str | None = None,
) -> AuditResult:
    """Measure how far the evidence moved between two checkpoints of a classifier, on a folder of films.

    Example:
        >>> from evidrift import audit
        >>> found = audit("old.keras", "new.keras", "films/", gate="gate.yaml", out="audit/")
        >>> found.outcome  # passed, failed or not judged
        'passed'
        >>> found.drift["method"].unique().tolist()  # a DataFrame: drift, scale and more by method
        ['grad_cam_pp', 'layer_cam']
        >>> len(found.cases)  # a row per film, pair and method, worst first
        24
        >>> found.case("00.png").save("a.png")  # in a notebook the case shows itself

    Args:
        before: the checkpoint in use: a Keras file (.keras or .h5), or weights (.weights.h5) of an
            architecture of the zoo; or a keras.Model that is loaded already, layers of your own included.
            Several are trainings of the same recipe.
        after: the one to take its place. As many as `before` are compared pair by pair; else one of the two
            sides has a single model. What several models of one side differ by is the floor.
        images: a folder of class folders or with a manifest.csv in it, a folder of images without labels, or
            a manifest (.csv).
        methods: attribution methods, e.g. layer_cam, grad_cam_pp, grad_cam, hires_cam, integrated_gradients.
        layer: target layer: `penultimate`, `last` or a layer's name.
        gate: limits to judge by: a YAML file or a `Gate`.
        original: the checkpoint that was approved first, if it is not `before`: `after` must keep all limits
            against it as well. One, or as many as there are of the other sides; None without one.
        subgroups: columns of a manifest by which performance is told as well, e.g. sex, site or age (in
            bands); None for all that tell groups of films apart.
        classes: names in the order of the models' outputs; None for the labels' own order, which is told.
        labels: use labels that are there. Without labels the images that count are those of which all models
            predict the same.
        preprocessing: what brings grey levels 0..255 to the models' input where the models do not do it
            themselves: `none`, `unit` (0..1), `tf` (-1..1), `torch`, `caffe`, `samplewise`, `minmax`, an
            architecture of the zoo, or numbers, e.g. `mean=127.5,std=58.4` (`input_range.read_range` has it
            all). Where the sides differ: `["before:tf", "after:none"]`.
        architecture: of the zoo, for files that hold weights alone.
        size: side of the input, px, for these.
        padding: keep each film's shape and pad it to a square, rather than squash it.
        batch_size: images per pass.
        out: folder for the report, the tables and all that they come from; None keeps nothing.
        quiet: no progress bars.
        command: for the record, as it was typed.

    Raises:
        UserError: a file cannot be used, or the models do not fit each other or the images; the sentence says
            how to mend it.
    """
    families = families_of(methods, layer, batch_size)
    limits = _limits(gate)
    if limits is not None:
        limits.gate.check_fits(methods, layer)
    originals = [] if original is None else sources(original)
    scaling = by_side(preprocessing, SIDES if originals else SIDES[1:])
    given = [each for side in (originals, sources(before), sources(after)) for each in side]
    read = [each for each in (*given, gate) if isinstance(each, str | Path)]
    with (
        claimed(Path(out), Path(images), [Path(each) for each in read])
        if out is not None
        else nullcontext() as folder
    ):
        models = load_models(
            sources(before), sources(after), layer, classes, scaling, architecture, size, originals
        )
        tried = try_models(
            models,
            Path(images),
            families,
            layer,
            labels=labels,
            padding=padding,
            quiet=quiet,
            subgroups=subgroups,
            scratch=folder.path if folder else None,
        )
        audited, films, pairs = tried.audited, tried.films, tried.pairs
        reliance = None
        if limits is not None and limits.gate.reliance is not None:
            reliance = reliance_of(models, tried, batch_size, quiet)
        measured = measure(films, audited, pairs, families, layer)
        study = measured.study
        if reliance is not None:
            study = replace(study, reliance=of_pairs(reliance, list(models.files), models.pairs))
        result = compare(study, rules(MIN_PATIENTS))
        noticed = [*audited.notes, *range_notes(models, tried, batch_size), *models.notes]
        if audited.labels_known and not models.several:
            called = {
                part: predicted_classes(tried.runs[given].logits) for part, given in models.parts.items()
            }
            noticed += order_notes(called, films.labels, films.classes)
        caveats = tuple(caveats_of_audit(result, audited, noticed, accuracies(tried)))
        result = replace(result, caveats=caveats)
        compared = [
            Compared(
                "before", "after", models.parts_of("before", "after", models.pairs), tried, study, result
            ),
            *compare_with_original(models, tried, families, layer, reliance),
        ]
        truth = truth_of(audited)
        scores = {part: tried.runs[given].scores for part, given in models.parts.items()}
        checks: tuple[Check, ...] = ()
        if limits is not None:
            method = limits.gate.method or methods[0]
            checks = judge_sides(limits.gate, method, compared, known_by_part(models, tried))
        told = Told(
            answer=answer(methods[0], result.quantities.get(((NAME, layer, methods[0]), MOVED_SHARE))),
            verdict=preserved_verdict(result, methods[0]),
            checks=checks,
        )
        record = record_of(
            models=models,
            scores=scores,
            truth=truth,
            audited=audited,
            columns=tried.columns,
            compared=compared,
            checks=checks,
            methods=methods,
            gate=limits.facts if limits else None,
            command=command,
        )
        found = AuditResult(
            told=told,
            methods=tuple(methods),
            study=study,
            result=result,
            images=films,
            film=tried.film,
            audited=audited,
            pairs=pairs,
            truth=truth,
            scores=scores,
            record=record,
            derived=limits.gate.derived if limits else None,
            report=None if out is None else Path(out) / REPORT,
        )
        if folder is not None:
            asked = {"methods": list(methods), "layer": layer, "preprocessing": scaling, "padding": padding}
            context = context_of(told, audited, models, asked, record)
            with folder.filling() as inside:
                files = write_material(inside, films, audited, tried.film, pairs, families, measured)
                tables = write_tables(files.tables, result, SPELLING)
                tables += write_record_tables(files.tables, found)
                write_summary(files.tables, tables, study, result, context)
                write_report(files, inside)
                write_text(inside / SUMMARY, found.to_json())
                write_junit(inside / JUNIT, checks)
        return found


def _limits(gate: PathLike | Gate | None) -> GateFile | None:
    if gate is None or isinstance(gate, Gate):
        return None if gate is None else GateFile(gate, facts_of(gate))
    return load_gate(Path(gate))
