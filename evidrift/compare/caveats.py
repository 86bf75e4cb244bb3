"""What to keep in mind when reading the study's tables and verdicts."""

from collections.abc import Iterator

import pandas as pd

from evidrift.base.sentence import checkpoint, listed, parameter, say
from evidrift.base.sentence import method as as_term
from evidrift.claims.cohort import CommonCohort
from evidrift.compare.caveat import Caveat, all_methods
from evidrift.compare.caveats_of_training import of_training
from evidrift.compare.findings.cohorts import cost_table
from evidrift.compare.findings.models import over_seeds
from evidrift.compare.findings.signs import reservations
from evidrift.compare.study import Study
from evidrift.drift.oriented import MOVED_SHARE_ALL
from evidrift.measures.of_pairs import MOVED_SHARE
from evidrift.probe.results import Prediction, Probe

COMMON = "last"  # the target layer that is of one depth in every architecture


def caveats(
    study: Study,
    cohort: CommonCohort,
    drift: pd.DataFrame,
    statuses: pd.DataFrame,
    marks: pd.DataFrame,
    models: pd.DataFrame,
    confounding: float,
    min_patients: int,
) -> Iterator[Caveat]:
    """Every caveat that applies.

    Args:
        study: that was compared.
        cohort: the common cohort.
        drift: from `findings.drift.summarise`.
        statuses: from `findings.cohorts.status_table`.
        marks: from `check.marks.marks`.
        models: from `findings.models.model_table`.
        confounding: see `compare.params.Compare`.
        min_patients: likewise.
    """
    if study.phantoms:
        yield Caveat(
            "phantoms", "The images are phantoms, drawn by a program: nothing here is about patients."
        )
    if not study.patients_known:
        yield Caveat(
            "patients_unknown",
            "Patients unknown: every image without a patient id counts as its own patient.",
        )
    if len(study.seeds) == 1:
        yield Caveat(
            "one_seed",
            "One seed: how far another training would differ is not known, so nothing can be said about "
            "architectures as recipes.",
        )
    if study.identical_across_splits:
        yield Caveat(
            "identical_across_splits",
            f"Images identical to one in another split: {study.identical_across_splits}. The networks "
            "may be tested on what they were trained on.",
        )
    yield from _absent_classes(study, cohort)
    if cohort.n_patients < min_patients:
        yield from _shrunk(study, cohort, min_patients)
    if study.probe:
        yield from _probed(study.probe, models, confounding)
    yield from of_training(study, models)
    if any("raw" in note.score for note in study.notes.values()):
        yield Caveat(
            "raw_logit",
            "Maps are of the raw logit: it holds a term that softmax cannot see and training does not move.",
        )
    if any("prediction" in note.target for note in study.notes.values()):
        yield Caveat(
            "target_prediction",
            "Each checkpoint's prediction is explained, not the label: the two maps of a regressed or "
            "fixed image are of different classes, and the scale holds maps of other classes where a "
            "patient is wrong.",
        )
    for library, versions in _versions(study).items():
        if len(versions) > 1:
            text = (
                "The grid mixes versions of {library}: {versions}. Differences may come from them; run "
                "all of it again on one."
            )
            yield Caveat("mixed_versions", say(text, library=library, versions=versions))
    concluded = study.pairs[study.pairs["layer"] == study.layer]
    grids = concluded.groupby("arch", observed=True)["grid"].first()
    if grids.nunique() > 1:
        told = (
            "Maps have different grids ({grids}). The same change gives drifts up to 0.03 apart on them, the "
            "same maps seen through fewer cells up to 0.12 (docs/measures.md). multiverse.csv compares them "
            "on one coarse grid{last}."
        )
        common = ", and at `last`, the one depth that all have in common"
        last = common if study.layer != COMMON and (study.pairs["layer"] == COMMON).any() else ""
        named = [f"{arch} {grid}" for arch, grid in grids.items()]
        yield Caveat("grids_differ", say(told, grids=named, last=last))
    yield from _layers(study)
    yield from _explained_in_part(study)
    unused = statuses[statuses["images"] == "common"][["flat", "blank", "nan"]].to_numpy().sum()
    if unused:
        yield Caveat(
            "unusable_maps",
            f"{unused} drift pairs of the common cohort hold a flat, blank or nan map and are left out "
            f"of the means; {MOVED_SHARE_ALL} counts them as moved wholly.",
            _with_unusable(statuses, study.layer),
        )
    for key, sentence, about in reservations(marks, study.layer):
        yield Caveat(key, sentence, about)
    moved = drift[drift["measure"] == MOVED_SHARE]
    if moved.loc[moved["mean"].notna(), "scale"].isna().any():
        yield Caveat(
            "scale_missing",
            "Scale is missing somewhere: it needs two patients of one class in the common cohort.",
        )


def _absent_classes(study: Study, cohort: CommonCohort) -> Iterator[Caveat]:
    """Classes of which no image counts."""
    labels = study.pairs.drop_duplicates("image_id").set_index("image_id")["label"].astype(str)
    present = set(labels[list(cohort.image_ids)])
    absent = sorted(set(labels) - present)
    if present and absent:
        yield Caveat(
            "classes_absent",
            say(
                "No image of {classes} is right in every checkpoint: nothing is said of that.", classes=absent
            ),
        )


def _shrunk(study: Study, cohort: CommonCohort, min_patients: int) -> Iterator[Caveat]:
    """Which training, and which architecture, leaves too few patients in the common cohort."""
    costs = cost_table(study.pairs)
    costs = costs[costs["n_patients_without"] > cohort.n_patients]
    lost = [costs[costs["seeds"] != ""].head(1), costs[costs["seeds"] == ""].head(1)]
    told = [
        say(
            "{name} takes most ({tl} is wrong in {wrong_tl} and {ft} in {wrong_ft} of {images} test images): "
            "without it {without} patients would count",
            name=f"{row.arch} seed {row.seeds}" if row.seeds else f"of the architectures, {row.arch}",
            tl=checkpoint("tl"),
            wrong_tl=row.n_wrong_tl,
            ft=checkpoint("ft"),
            wrong_ft=row.n_wrong_ft,
            images=row.n_images,
            without=row.n_patients_without,
        )
        for rows in lost
        for row in rows.itertuples()
    ]
    if told:
        sentence = "Only {n} patients count, fewer than {least} ({parameter}): {told}."
        asked = {"least": min_patients, "parameter": parameter("min_patients")}
        text = say(sentence, n=cohort.n_patients, told=listed(told, "; "), **asked)
        yield Caveat("cohort_shrunk", text, frozenset())


def _probed(probe: Probe, models: pd.DataFrame, confounding: float) -> Iterator[Caveat]:
    """Linear models that see no anatomy, or little, and yet tell the classes; and films seen twice."""
    networks = over_seeds(models)["accuracy"].max()
    for name, result in probe.predictions.items():
        if not isinstance(result, Prediction) or networks <= result.baseline:
            continue
        reached = (result.accuracy - result.baseline) / (networks - result.baseline)
        # the interval must exclude the baseline: on few images anything can look well
        if reached >= confounding and result.low > result.baseline:
            told = (
                f"tells the classes in {result.accuracy:.2f} of images (largest class {result.baseline:.2f}, "
                f"networks at most {networks:.2f})"
            )
            yield Caveat(f"confounding_{name}", say(PROBES[name], told=told))
    if probe.n_near_duplicates:
        yield Caveat(
            "near_duplicates",
            f"Near-duplicates across splits: {probe.n_near_duplicates} pairs, in "
            "data/probe/near_duplicates.csv. The networks may be tested on what they were trained on.",
        )


# Thumbnails hold coarse signs of disease as well; the others hold nothing of the patient.
PROBES = {
    "thumbnails": (
        "A linear model that sees only 16 x 16 thumbnails {told}. The networks may rest on coarse brightness "
        "too, of the disease or of a shortcut: evidence that stays in place may be that of a shortcut."
    ),
    "traits": (
        "Confounded: a linear model that sees only traits of the acquisition (shape of the film, its border, "
        "its histogram) {told}. Evidence that stays in place may be that of a shortcut."
    ),
    "source": (
        "Confounded: a linear model that sees only the image's source {told}. Evidence that stays in place "
        "may be that of a shortcut."
    ),
}


def _layers(study: Study) -> Iterator[Caveat]:
    for name, note in study.notes.items():
        if negative := [layer for layer, is_rectified in note.rectified.items() if not is_rectified]:
            told = "{arch}: {layers} can be negative; maps there are to be read with care."
            yield Caveat(
                "not_rectified",
                say(told, arch=name, layers=negative),
                all_methods(study, [name]) if study.layer in negative else frozenset(),
            )
        if note.not_defined:
            without = [
                say("{method} at {layer}", method=as_term(method), layer=layer)
                for layer, method in note.not_defined
            ]
            sentence = "{arch}: not defined, since the layer can be negative: {without}."
            yield Caveat(
                "not_defined",
                say(sentence, arch=name, without=without),
                frozenset(((name, method) for _, method in note.not_defined)),
            )


def _with_unusable(statuses: pd.DataFrame, layer: str) -> frozenset[tuple[str, str]]:
    at = (statuses["images"] == "common") & (statuses["layer"] == layer)
    rows = statuses[at & (statuses[["flat", "blank", "nan"]].sum(axis=1) > 0)]
    return frozenset(zip(rows["arch"], rows["method"], strict=True))


def _explained_in_part(study: Study) -> Iterator[Caveat]:
    """Methods that explained a stated number of images, whose figures are therefore of fewer patients."""
    everything = study.pairs["image_id"].nunique()
    for method, images in study.pairs.groupby("method", observed=True)["image_id"].nunique().items():
        if images < everything:
            told = "{method} explained {n} of {total} test images: its figures are of these alone."
            yield Caveat(
                "explained_in_part",
                say(told, method=as_term(str(method)), n=images, total=everything),
                frozenset((name, str(method)) for name in study.architectures),
            )


def _versions(study: Study) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for content in study.training.values():
        for library, version in content["versions"].items():
            found.setdefault(library, set()).add(version)
    for note in study.notes.values():
        for library, versions in note.versions.items():
            found.setdefault(library, set()).update(versions)
    return {library: sorted(versions) for library, versions in sorted(found.items())}
