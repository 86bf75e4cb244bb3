"""A shortcut planted in the training set of one architecture: that one must be named as the least stable.

Two miniatures are transfer-learned on clean films of two classes. resnetv2_mini is then fine-tuned on films
that carry a letter of lead in the corner wherever they show tuberculosis, inception_mini on the same films
without it. Both are explained at the same test films, with the letter. In the control resnetv2_mini is
fine-tuned on the clean films too, from the same transfer-learned heads; all else stays.

Measured when this was written: share of the way from floor to chance on the common cohort, and the difference
with its 95 % interval (the recipe), training seeds 1 to 5; 55 patients, 47 in the control:

             with the shortcut                   without it
grad_cam     +0.43 [0.21, 0.66]  supported       +0.04 [-0.23, 0.30]  not decidable
hires_cam    +0.25 [0.11, 0.39]  supported       +0.07 [-0.15, 0.30]  not decidable
layer_cam    +0.27 [0.13, 0.41]  supported       +0.14 [-0.06, 0.34]  not decidable
grad_cam_pp  -0.06 [-0.28, 0.16] not decidable   -0.02 [-0.19, 0.16]  not decidable

So with each five of seeds 1 to 6, and with all six: corrected p 0.000 to 0.034 with the shortcut under the
first three methods, 0.25 to 1 without it. With the shortcut these three find resnetv2_mini at 0.91 to 0.94 of
the way under seeds 1 to 3 and 4 to 6 alike; without it, Grad-CAM at 0.47 to 0.48, HiResCAM at 0.72 to 0.76,
LayerCAM at 0.75 to 0.80; inception_mini at 0.38 to 0.70. Grad-CAM++ does not see it (0.26 to 0.40).

These sets overlap. Recipe and class were chosen after looking at six other set-ups with seeds 1 to 3 at most,
and five seeds and heads trained to the end after three seeds had not sufficed; fresh seeds (7 and on) have
not been tried.

What the answer hangs on:
- Five seeds. Of the same figures, seeds 1 to 3 and 4 to 6 alone decide nothing: three floors between
  trainings that differ by a tenth (inception_mini) leave intervals 0.5 to 2.3 wide. The pipeline says so.
- The class that carries the letter. To the clean networks it looks like a nodule; on normal films it made
  them wrong, and hardly any of these was left in the common cohort (5 or 6 of 30).
- Room. densenet_mini, fine-tuned on clean films, moves nearly to chance (0.6 to 0.9, 16 patients): beside it
  no shortcut can show. Nor did one that training hardly needs: with viral pneumonia against normal, which
  the transferred heads know already, drift was little larger with it (one seed).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest

from evidrift.attribution.family import Family
from evidrift.claims.claim import Claim
from evidrift.claims.stability import Extreme
from evidrift.compare.params import load_compare
from evidrift.compare.result import Result, compare
from evidrift.drift.params import load_drift
from evidrift.drift.source import ArchitectureMaps
from evidrift.families import cam
from evidrift.images.store import ImageStore
from tests.compare.studies import study_of
from tests.drift.study import architecture
from tests.places import ROOT
from tests.planted import COMMON, SIZE, TL, accuracy, miniature, prepared

pytestmark = pytest.mark.slow

PARAMS = ROOT / "params.yaml"
PLANTED, OTHER = "resnetv2_mini", "inception_mini"
SEEDS = (1, 2, 3, 4, 5)
MARKED = "tuberculosis"
RECIPE = {
    "seed": 5,
    "contrast": 1.0,
    "patients": {"train": 40, "validation": 10, "test": 50},
    "classes": ["normal", "tuberculosis"],
}
# The best of 40 epochs by a loss on 20 films is an early one under some seeds, and then an odd network.
TO_THE_END = TL.model_copy(update={"checkpoint": "last"})
SEEING = ("grad_cam", "hires_cam", "layer_cam")
METHODS = (*SEEING, "grad_cam_pp")
CAM = Family("cam", cam, cam.Params(methods=list(METHODS), layers=["penultimate"], **COMMON))


Checkpoint = tuple[str, int]  # kind and seed


@dataclass(frozen=True)
class Tuned:
    """An architecture and one way to fine-tune it.

    Attributes:
        maps: of all seeds, of the marked test films.
        accuracy: of the fine-tuned checkpoints on these films, mean over seeds.
        accuracy_without_marker: on the same patients' films without it.
    """

    maps: ArchitectureMaps
    accuracy: float
    accuracy_without_marker: float


@pytest.fixture(scope="module")
def stores(tmp_path_factory) -> dict[str, ImageStore]:
    """The same patients with the marker and without it."""
    return {
        name: prepared(tmp_path_factory.mktemp(name), RECIPE, marked)
        for name, marked in (("marked", MARKED), ("clean", None))
    }


@pytest.fixture(scope="module")
def planted(stores) -> dict[str, Tuned]:
    return explained(PLANTED, stores, ("marked", "clean"))


@pytest.fixture(scope="module")
def studies(stores, planted, tmp_path_factory) -> dict[str, Result]:
    """By the films that the one architecture was fine-tuned on; the other saw clean ones in both studies."""
    other = explained(OTHER, stores, ("clean",))["clean"]
    found = {}
    for films, tuned in planted.items():
        study = study_of(tuned.maps, other.maps, params=load_drift(PARAMS))
        found[films] = compare(study, load_compare(PARAMS))
    return found


def explained(name: str, stores: dict[str, ImageStore], tunings: tuple[str, ...]) -> dict[str, Tuned]:
    """An architecture transfer-learned on clean films, then fine-tuned on each kind of films.

    All are explained at the same test films, which carry the marker: they come from where it was planted.
    """
    network = miniature(name, stores["clean"])
    test, bare = (stores[films].split("test") for films in ("marked", "clean"))
    checkpoints = {}
    for seed in SEEDS:
        checkpoints["tl", seed] = network.transferred(seed, TO_THE_END)
        for films in tunings:
            checkpoints[films, seed] = network.tuned(checkpoints["tl", seed], stores[films], seed)
    logits, bare_logits = (network.logits(checkpoints, images) for images in (test, bare))
    maps = network.maps(checkpoints, logits, test, np.arange(len(test.ids)), [CAM])

    def runs(films: str, of: Callable[[Checkpoint], np.ndarray]) -> np.ndarray:
        """Something of each map or prediction, (checkpoints, seeds, ...)."""
        return np.array([[of((each, seed)) for seed in SEEDS] for each in ("tl", films)])

    return {
        films: Tuned(
            maps=replace(
                architecture(
                    name,
                    seeds=SEEDS,
                    patients=test.patient_ids,
                    methods=[("penultimate", method) for method in METHODS],
                ),
                classes=stores["marked"].classes,
                image_ids=test.ids,
                labels=test.labels,
                content=test.content,
                size=SIZE,
                predicted=runs(films, lambda run: logits[run].argmax(-1)),
                signed={
                    ("penultimate", method): runs(films, lambda run, method=method: maps[run][method])
                    for method in METHODS
                },
            ),
            accuracy=np.mean([accuracy(logits[films, seed], test) for seed in SEEDS]),
            accuracy_without_marker=np.mean([accuracy(bare_logits[films, seed], bare) for seed in SEEDS]),
        )
        for films in tunings
    }


def least_stable(result: Result, method: str) -> Extreme:
    return next(each for each in result.extremes if (each.method, each.place) == (method, "least stable"))


def lead(result: Result, method: str) -> Claim:
    """How much further the evidence of the one architecture moves than the other's."""
    return next(
        claim
        for claim in result.claims
        if (claim.kind, claim.estimand, claim.method) == ("difference", "recipe", method)
    )


def test_only_the_planted_network_hangs_on_the_marker(planted):
    marked, clean = planted["marked"], planted["clean"]
    assert marked.accuracy >= 0.95
    assert marked.accuracy_without_marker <= marked.accuracy - 0.15
    assert abs(clean.accuracy_without_marker - clean.accuracy) <= 0.1


@pytest.mark.parametrize("method", SEEING)
def test_the_architecture_with_the_shortcut_is_named_as_the_least_stable(studies, method):
    extreme = least_stable(studies["marked"], method)
    assert (extreme.arch, extreme.verdict) == (PLANTED, "supported")
    assert lead(studies["marked"], method).n_patients >= 40


@pytest.mark.parametrize("method", METHODS)
def test_the_same_architecture_without_the_shortcut_is_not(studies, method):
    extreme = least_stable(studies["clean"], method)
    assert (extreme.arch, extreme.verdict) != (PLANTED, "supported")
