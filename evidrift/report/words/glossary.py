"""The report's terms, a plain sentence each; every one of them opens where it is used."""

TERMS = {
    "evidence": "What an attribution method marks as having raised the score of the class that it explains.",
    "architecture": "The design of a network, as DenseNet or ResNet, whatever it was trained on.",
    "seed": (
        "The number that starts a training's random choices: another seed is another training of the same"
        " recipe."
    ),
    "checkpoint": "A trained network as it was saved at one moment.",
    "method": "A way to draw the evidence behind a prediction as a map over the film, as Grad-CAM.",
    "layer": "The layer inside the network whose activity the maps are made of.",
    "map": "How much evidence each part of the film holds. Only evidence for the class counts.",
    "drift": (
        "How far the evidence moved between the two checkpoints, as 1 - overlap: 0 is not at all, 1 is "
        "elsewhere altogether."
    ),
    "overlap": (
        "Of the strongest {area} of the film before and after, the shared part over the part that either "
        "covers: 1 is the same place, 0 is no place in common."
    ),
    "displacement": "By how much the evidence's centre moved, as a share of the film's diagonal.",
    "correlation": (
        "How alike the two maps are point by point; drift is 1 - correlation, so 0 is the same map."
    ),
    "concentration": (
        "By how much the evidence became more or less gathered in few places (change in the Gini "
        "coefficient, without its sign)."
    ),
    "floor": "The drift between two trainings of the same recipe that differ in their seed alone: noise.",
    "chance": (
        "The drift between the maps of different patients of the same class: as far as unrelated maps differ."
    ),
    "share": (
        "Where the drift lies between floor (0: no more than noise) and chance (1: as different as "
        "another patient's map)."
    ),
    "cohort": (
        "What became of an image's prediction: right in both checkpoints, made wrong, made right, or "
        "wrong in both."
    ),
    "common": "The images that every checkpoint of every architecture gets right; only they are compared.",
    "recipe": (
        "An architecture and how it is trained, for other patients and other seeds: not only these "
        "trained networks."
    ),
    "fixed": "The trained networks at hand, for other patients; other trainings may differ.",
    "interval": "The 95 % confidence interval: the values that the data do not rule out.",
    "verdict": "Supported: shown. Refuted: shown not to matter. Not decidable: the data can tell neither.",
    "reversal": (
        "Under one method the first of two architectures is the more stable, under another the second."
    ),
    "auc": (
        "The probability that an image of a class gets a higher score for it than one of another class, "
        "averaged over the classes."
    ),
    "calibration": "By how much stated probabilities differ from how often they come true.",
    "faithful": (
        "By how much more the score follows what a map marks than random places, as the image is hidden and "
        "shown again piece by piece."
    ),
    "insensitive": (
        "Whether a network with random weights draws a map that is more like this image's than like another "
        "patient's: that part does not show what the network learned."
    ),
    "probe": "A simple model that sees no anatomy: what it can tell may be told by a shortcut.",
    "place": (
        "Evidence at the border or in the corners is often that of a marker or the collimation, not of the "
        "patient."
    ),
    "thin": "Less than {area} of the film holds any evidence at all.",
    "colour": "One colour scale a case, for both checkpoints: 1 is evidence spread evenly over the film.",
    "hash": "A fingerprint of a file's content: the same content has the same one.",
}


def glossary(area: float) -> dict[str, str]:
    """The terms, for the share of the film that `overlap` is about."""
    return {term: sentence.format(area=f"{100 * area:g} %") for term, sentence in TERMS.items()}
