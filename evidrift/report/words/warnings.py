"""The warnings of the first screen: each with a short title and how much it weighs."""

from typing import NamedTuple

from evidrift.compare.findings.signs import INSENSITIVE
from evidrift.compare.summary import Summary
from evidrift.report.words.names import method_name

# What forbids a conclusion comes first, then what weakens one, then what one should know.
GRAVE, SERIOUS, NOTE = "grave", "serious", "note"
TITLES = {
    "phantoms": (SERIOUS, "Not patients: phantoms"),
    "patients_unknown": (SERIOUS, "Patients unknown"),
    "one_seed": (GRAVE, "One seed only"),
    "identical_across_splits": (GRAVE, "Identical images across splits"),
    "near_duplicates": (SERIOUS, "Near-duplicates across splits"),
    "classes_absent": (SERIOUS, "Classes without a case"),
    "confounding_thumbnails": (SERIOUS, "Confounding possible: thumbnails tell the classes"),
    "confounding_traits": (GRAVE, "Confounded: the acquisition tells the classes"),
    "confounding_source": (GRAVE, "Confounded: the source tells the classes"),
    "treated": (SERIOUS, "Not fine-tuned plainly"),
    "accuracy_differs": (SERIOUS, "The accuracy changed too"),
    "relearned": (SERIOUS, "This fine-tuning relearned"),
    "raw_logit": (NOTE, "Raw logit explained"),
    "target_prediction": (NOTE, "Predictions explained, not labels"),
    "mixed_versions": (SERIOUS, "Mixed software versions"),
    "another_choice": (SERIOUS, "Another choice shows the opposite"),
    "grids_differ": (NOTE, "Maps of different grids"),
    "not_rectified": (SERIOUS, "Target layer can be negative"),
    "not_defined": (NOTE, "Methods not defined"),
    "explained_in_part": (NOTE, "Explained in part"),
    "unusable_maps": (SERIOUS, "Blank or flat maps"),
    "insensitive": (SERIOUS, "Maps that survive random weights in part"),
    "scale_missing": (SERIOUS, "Scale is missing"),
    "degenerate": (NOTE, "Methods that cannot disagree"),
    "labels_unknown": (SERIOUS, "Labels unknown"),
    "findings": (NOTE, "Each finding of a film is a case of its own"),
    "below_chance": (GRAVE, "Worse than guessing"),
    "excluded": (NOTE, "Images left out"),
    "not_checked": (NOTE, "Methods not checked on these models"),
    "input": (NOTE, "About the files"),
}
OF_AUDITS = {"one_seed": (SERIOUS, "One pair of models: how far another training would differ is not known")}
MARKED = {
    "insensitive": (
        INSENSITIVE,
        "Part of their maps is drawn with random weights too. That part is the image's and cannot drift",
    ),
}


class Warned(NamedTuple):
    """A warning as it is shown.

    Attributes:
        weight: GRAVE, SERIOUS or NOTE.
        title: a few words.
        sentence: what it means.
    """

    weight: str
    title: str
    sentence: str


def warnings_of(summary: Summary) -> list[Warned]:
    """All warnings, the gravest first."""
    found = [(each.key, _marked(summary, each.key) or each.sentence) for each in summary.caveats]
    for group in summary.alike:
        names = " and ".join(method_name(method) for method in group)
        found.append(
            (
                "degenerate",
                f"{names} draw nearly the same map at layer {summary.layer}: no reversal is called among "
                "them.",
            )
        )
    weights = (GRAVE, SERIOUS, NOTE)
    titles = TITLES | (OF_AUDITS if summary.kind == "audit" else {})
    listed = [Warned(*titles.get(key, (SERIOUS, _title(key))), sentence) for key, sentence in found]
    return sorted(listed, key=lambda each: weights.index(each.weight))


def _marked(summary: Summary, key: str) -> str:
    """Which methods a check speaks against on which architecture, in the report's names; "" of other keys."""
    if key not in MARKED:
        return ""
    sign, words = MARKED[key]
    told = []
    for arch, signs in summary.signs.items():
        methods = [method_name(method) for method, found in signs.items() if sign in found]
        if methods:
            told.append(f"{arch}: {', '.join(methods)}")
    return f"{sign} {words}, in one checkpoint at least. {'; '.join(told)}." if told else ""


def _title(key: str) -> str:
    return key.replace("_", " ").capitalize()
