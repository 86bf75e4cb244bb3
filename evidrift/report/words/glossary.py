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
        "How far the evidence moved between the two checkpoints, as moved share: 0 is not at all, 1 is "
        "elsewhere altogether."
    ),
    "moved_share": (
        "Of the strongest {area} of the film, the share that lies elsewhere in the other map: 0 is the same "
        "place, 1 is no place in common."
    ),
    "shared": (
        "The part of the drift that every training of the recipe moves alike: another training would move "
        "it again."
    ),
    "erratic": "The rest of the drift: every training moves it elsewhere, so it is instability as well.",
    "scale": (
        "How far one patient's map lies from another's of the same class, under one and the same checkpoint."
    ),
    "reasonable": (
        "Either target layer; the moved share at every area, displacement, correlations or concentration; "
        "images right under all architectures or under the two that are compared, or every class counting "
        "alike. One choice is as good as another before one has seen what it says."
    ),
    "over_scale": ("Drift over scale: 1 is as far as from one patient to another, 0 is no move at all."),
    "overlap": (
        "Of the strongest {area} of the film before and after, the shared part over the part that either "
        "covers: 1 is the same place, 0 is no place in common. Literature's figure, as 1 - overlap."
    ),
    "displacement": "By how much the evidence's centre moved, as a share of the film's diagonal.",
    "correlation": (
        "How alike the two maps are point by point; drift is 1 - correlation, so 0 is the same map."
    ),
    "concentration": (
        "By how much the evidence became more or less gathered in few places (change in the Gini "
        "coefficient, without its sign)."
    ),
    "floor": (
        "What two trainings differ by whose seed alone differs, at the same stage. It says how noisy "
        "training is; nothing is taken off the drift for it."
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
    "bound": (
        "What was found is an estimate from these patients. Each bound lies on the wrong side of the "
        "truth in at most 5 % of all samples of patients, however rare the harm is."
    ),
    "limit_verdict": (
        "Passed: shown to be within the limit. Failed: shown to be beyond it. Not judged: these films cannot "
        "tell, and that is no pass."
    ),
    "paired": (
        "Both models saw the same films, so each film is held against itself: what makes all films hard for "
        "both does not blur the difference."
    ),
    "negative_flip": "Films that the model in use gets right and the newer one gets wrong: what is lost.",
    "positive_flip": "Films that the model in use gets wrong and the newer one gets right: what is gained.",
    "mcnemar": (
        "How often chance alone would split the films that changed as unevenly as this. Small: the change "
        "has a direction. Large: none is shown."
    ),
    "sensitivity": "Of the patients with the finding, the share whom the model calls.",
    "specificity": "Of the patients without the finding, the share whom the model does not call.",
    "interval": "The 95 % confidence interval: the values that the data do not rule out.",
    "together": (
        "An interval that is wide enough for all claims of its kind to hold at once, in 95 of 100 studies. "
        "The verdict is read off it."
    ),
    "verdict": (
        "Supported: shown. Refuted: shown not to be, or to be too small to matter. Not decidable: the data "
        "can tell neither."
    ),
    "preserved": (
        "Supported where the drift is shown to be below {preserved} of the scale, a stated convention."
    ),
    "detectable": "The true value that a study of this size would have shown in 80 of 100 repetitions.",
    "exploratory": (
        "Not the question that was asked beforehand: a hint, corrected for the number of claims of its kind."
    ),
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
    "region": "A part of the film: a corner, the border, a lung, a marker, or the map's strongest fifth.",
    "fill": (
        "What takes a region's place: its surroundings grown into it, or the same region of another "
        "patient's film. Each is an artefact of its own, so only what both show counts."
    ),
    "reliance": (
        "By how much more the score of the class falls when the region is covered than when equally large "
        "random places of the same film are."
    ),
    "spike": (
        "A letter of lead is painted into films that have no marker. A network that learned a marker "
        "follows; one that never saw any may be disturbed by it. So this alone proves no shortcut."
    ),
    "thin": "Less than {area} of the film holds any evidence at all.",
    "colour": "One colour scale a case, for both checkpoints: 1 is evidence spread evenly over the film.",
    "hash": "A fingerprint of a file's content: the same content has the same one.",
}


def glossary(area: float, preserved: float) -> dict[str, str]:
    """The terms.

    Args:
        area: share of the film that `moved_share` and `overlap` are about.
        preserved: evidence is preserved if drift is below this share of the scale.
    """
    words = {"area": f"{100 * area:g} %", "preserved": f"{preserved:g}"}
    return {term: sentence.format(**words) for term, sentence in TERMS.items()}
