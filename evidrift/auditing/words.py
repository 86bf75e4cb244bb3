"""What an audit says in words: its answer, and what to keep in mind."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from evidrift.auditing.films.images import AuditImages
from evidrift.auditing.gate.check import Check, outcome
from evidrift.base.sentence import Spelling, parameter, say
from evidrift.base.sentence import method as as_term
from evidrift.claims.claim import OPEN
from evidrift.claims.estimate import Quantity, estimate
from evidrift.claims.quantities import Quantities
from evidrift.compare.caveat import Caveat
from evidrift.compare.result import Result
from evidrift.report.words.names import method_name
from evidrift.report.words.numbers import interval_text

ONE_PAIR = (
    "One pair of models: how much of the drift another training would repeat is not known. Everything here "
    "is about these two checkpoints, nothing about the way in which they were trained."
)
BY_FINDING = (
    "A film can have several findings, and each of them is a case: where images or films with evidence are "
    "counted, these are. A film without a finding has no map, and counts in performance alone."
)
FINDINGS_UNKNOWN = (
    "Labels unknown: maps are of the findings that the first model before calls, and those that count are "
    "called by all models. Nothing is known of what is right."
)
LABELS_UNKNOWN = (
    "Labels unknown: each map is of the class that the first model before predicts, and the images that "
    "count are those of which all models predict the same. Nothing is known of what is right."
)
NOT_CHECKED = (
    "Whether maps by these methods are faithful to these models was not checked; docs/checks.md says how."
)
# Sentences of the pipeline that speak of its own two stages or of seeds.
LEFT_OUT = ("accuracy_differs", "cohort_shrunk")


# How Python spells what an audit says: arguments of `audit` by their names.
NAMES = {"tl": "before", "ft": "after"}
# What a study sets by a parameter, and an audit does not.
FIXED = {"min_patients": "the least that can decide", "margin": "what is too small to matter"}
SPELLING = Spelling(
    method_name,
    NAMES.__getitem__,
    lambda key: f"the model {NAMES[key]}'s",
    lambda key: FIXED.get(key, f"`{key}`"),
)


class Told(NamedTuple):
    """What an audit says, before a medium has spelled it.

    Attributes:
        answer: how far the evidence moved, in one sentence.
        verdict: that it is preserved, by the same method.
        checks: the gate's limits and what came of them; none without a gate.
    """

    answer: str
    verdict: str
    checks: tuple[Check, ...]

    @property
    def outcome(self) -> str | None:
        """`passed`, `failed` or `not judged`; None without a gate."""
        return outcome(self.checks) if self.checks else None


def preserved_verdict(result: Result, method: str) -> str:
    """Whether the evidence of these models is preserved by a method."""
    asked = ("preserved", "these checkpoints", method)
    verdicts = [each.verdict for each in result.claims if (each.kind, each.estimand, each.method) == asked]
    return verdicts[0] if verdicts else OPEN


def caveats_of_audit(
    result: Result, audited: AuditImages, notes: Iterable[str], accuracy: tuple[float, float] | None
) -> Iterator[Caveat]:
    """The study's caveats in an audit's words, and those that only an audit has.

    Args:
        result: of `compare.result.compare`.
        audited: the images.
        notes: what was noticed about the files.
        accuracy: before and after, as the record has them; None where labels are not known.
    """
    if not audited.labels_known:
        yield Caveat("labels_unknown", FINDINGS_UNKNOWN if audited.several else LABELS_UNKNOWN)
    if audited.several:
        yield Caveat("findings", BY_FINDING)
    own = {"one_seed": ONE_PAIR}
    if any(image.entry.patient_id is not None for image in audited.loaded):
        own["patients_unknown"] = patients_sentence(audited)
    for caveat in result.caveats:
        if caveat.key not in LEFT_OUT:
            yield replace(caveat, sentence=own.get(caveat.key, caveat.sentence))
    if accuracy is not None:  # of findings chance depends on each one; `knowledge` holds it against that
        yield from _accuracy(
            *accuracy, 0 if audited.findings is not None else 1 / len(audited.images.classes)
        )
    if audited.exclusions:
        yield Caveat(
            "excluded",
            f"{len(audited.exclusions)} of {audited.n_listed} images were left out; exclusions.csv says "
            "which and why.",
        )
    for note in notes:
        yield Caveat("input", note)
    yield Caveat("not_checked", NOT_CHECKED)


def patients_sentence(audited: AuditImages) -> str:
    """Of which films the patient is not known, where that is so of any."""
    missing = sum(image.entry.patient_id is None for image in audited.loaded)
    if missing == len(audited.loaded):
        return "Patients were not given: each film counts as a patient of its own."
    return (
        f"The patient of {missing} of {len(audited.loaded)} films was not given: each of these counts as a "
        "patient of its own."
    )


def _accuracy(before: float, after: float, chance: float) -> Iterator[Caveat]:
    if min(before, after) < chance:
        yield Caveat(
            "below_chance",
            say(
                "A model is right less often than by guessing ({before:.2f} before, {after:.2f} after): "
                "its classes may stand in another order ({classes}), or its input may need scaling "
                "({preprocessing}).",
                before=before,
                after=after,
                classes=parameter("classes"),
                preprocessing=parameter("preprocessing"),
            ),
        )
    elif abs(after - before) > 0.02:
        yield Caveat(
            "accuracy_differs",
            f"The accuracy went from {before:.2f} to {after:.2f}: the drift is of what was learned as well.",
        )


def answer(method: str, found: Quantities | None, than: str = "before") -> str:
    """How far the evidence moved, in one sentence or two.

    Args:
        method: attribution method.
        found: its quantities by the primary measure.
        than: what it is held against.
    """
    by = {"method": as_term(method)}
    if found is None or found.drift is None:
        return say(
            "Nothing can be said by {method}: no film counts that has a usable map in all models.", **by
        )
    if found.drift.value == 0:
        return say(
            "By {method} the evidence lies where it lay {than}: every map is the same.", than=than, **by
        )
    told = say(
        "By {method} {drift} of the strongest fifth of the evidence lies elsewhere than {than}",
        drift=_these(found.drift),
        than=than,
        **by,
    )
    if found.over_scale is not None:
        told = say(
            "{told}, {ratio} times as far as from one patient to another",
            told=told,
            ratio=_these(found.over_scale),
        )
    if found.shared is None:
        return say("{told}.", told=told)
    of = estimate([found.shared], "recipe" if found.shared.seeds_known else "these checkpoints")
    return say(
        "{told}. Of the drift {shared} is shared by all trainings; the rest is what one training does and "
        "another does not.",
        told=told,
        shared=interval_text(of.value, *of.interval()),
    )


def _these(quantity: Quantity) -> str:
    found = estimate([quantity], "these checkpoints")
    return interval_text(found.value, *found.interval())
