"""What an audit says in words: its answer, and what to keep in mind."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from evidrift.auditing.images import AuditImages
from evidrift.claims.claim import ALPHA
from evidrift.claims.estimate import estimate
from evidrift.claims.excess import Excess, without_floor
from evidrift.compare.caveats import Caveat
from evidrift.compare.findings.models import over_seeds
from evidrift.compare.result import Result
from evidrift.report.words.names import method_name

ONE_PAIR = (
    "One pair of models: there is no floor, so the drift holds the noise between trainings. Everything here "
    "is about these two checkpoints, nothing about the way in which they were trained."
)
LABELS_UNKNOWN = (
    "Labels unknown: each map is of the class that the first model before predicts, and the images that "
    "count are those of which all models predict the same. Nothing is known of what is right."
)
NOT_CHECKED = (
    "Whether maps by these methods are faithful to these models was not checked; docs/checks.md says how."
)
# Sentences of the pipeline that speak of its own two stages or of seeds.
LEFT_OUT = ("accuracy_differs",)


def caveats_of_audit(result: Result, audited: AuditImages, notes: Iterable[str]) -> Iterator[Caveat]:
    """The study's caveats in an audit's words, and those that only an audit has.

    Args:
        result: of `compare.result.compare`.
        audited: the images.
        notes: what was noticed about the files, in sentences.
    """
    if not audited.labels_known:
        yield Caveat("labels_unknown", LABELS_UNKNOWN)
    for caveat in result.caveats:
        if caveat.key not in LEFT_OUT:
            yield replace(caveat, sentence=ONE_PAIR) if caveat.key == "one_seed" else caveat
    if audited.labels_known:
        yield from _accuracy(result, len(audited.images.classes))
    if audited.exclusions:
        yield Caveat(
            "excluded",
            f"{len(audited.exclusions)} of {audited.n_listed} images were left out; exclusions.csv says "
            "which and why.",
        )
    for note in notes:
        yield Caveat("input", note)
    yield Caveat("not_checked", NOT_CHECKED)


def _accuracy(result: Result, n_classes: int) -> Iterator[Caveat]:
    accuracy = over_seeds(result.models)["accuracy"].droplevel("arch")
    before, after = accuracy["tl"], accuracy["ft"]
    if min(before, after) < 1 / n_classes:
        yield Caveat(
            "below_chance",
            f"A model is right less often than by guessing ({before:.2f} before, {after:.2f} after): its "
            "classes may stand in another order (--classes), or its input may need scaling "
            "(--preprocessing).",
        )
    elif abs(after - before) > 0.02:
        yield Caveat(
            "accuracy_differs",
            f"The accuracy went from {before:.2f} to {after:.2f}: the drift is of what was learned as well.",
        )


def answer(method: str, found: Excess | None) -> str:
    """How far the evidence moved, in one sentence.

    Args:
        method: attribution method.
        found: its drift, floor and chance by the primary measure.
    """
    method = method_name(method)
    if found is None or found.drift is None:
        return f"Nothing can be said by {method}: no film counts that has a usable map in all models."
    if found.drift.value == 0:
        return f"By {method} the evidence lies where it lay: every map is the same before and after."
    if found.room is not None and not estimate([found.room], "these checkpoints").p_above() <= ALPHA / 2:
        return (
            f"How far the evidence moved by {method} cannot be said: chance (another patient's map) is not "
            "shown to lie above the floor (another training)."
        )
    if found.normalised is not None:
        known = found.normalised.seeds_known
        value = estimate([found.normalised], "recipe" if known else "these checkpoints")
        low, high = value.interval()
        return (
            f"By {method} the evidence moved {value.value:.2f} [{low:.2f}, {high:.2f}] of the way from the "
            "floor (another training of the same model) to chance (another patient's map)."
        )
    whole = without_floor(found)
    if whole is None:
        return (
            f"By {method} the strongest fifths of the image overlap by {1 - found.drift.value:.2f}; there is "
            "neither floor nor chance to compare that with."
        )
    low, high = estimate([whole], "these checkpoints").interval()
    return (
        f"By {method} the evidence moved {whole.value:.2f} [{low:.2f}, {high:.2f}] of the way to chance "
        "(another patient's map), the noise between trainings included."
    )
