"""A shortcut planted in the films that a network is fine-tuned on: its drift must be named the larger one.

resnetv2_mini is transfer-learned on clean films of two classes, then fine-tuned on films that carry a letter
of lead in the corner wherever they show tuberculosis; and, from the same transfer-learned heads, on the same
films without it. Both are explained at the same test films, with the letter. In the control, three trainings
on the clean films stand against three others.

Measured when this was written: drift, and the difference with its interval (the recipe, all four methods
together), 51 to 58 patients, 45 to 52 in the control:

             with / without the shortcut               without it: seeds 4 to 6 / 1 to 3
grad_cam     0.60 / 0.38  +0.22 [0.10, 0.34]  supported      +0.03 [-0.13, 0.19] not decidable
hires_cam    0.59 / 0.42  +0.17 [0.09, 0.25]  supported      -0.00 [-0.12, 0.11] not decidable
layer_cam    0.43 / 0.32  +0.11 [0.02, 0.20]  supported      +0.01 [-0.11, 0.13] not decidable
grad_cam_pp  0.33 / 0.30  +0.04 [-0.05, 0.13] not decidable  +0.00 [-0.13, 0.14] not decidable

Grad-CAM++ does not see it. These seeds are the first that were tried. To the clean networks the letter looks
like a nodule; on normal films it would make them wrong, and hardly any of these be left in the common cohort.
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
from tests.planted import COMMON, SIZE, TL, Miniature, accuracy, miniature, prepared

pytestmark = pytest.mark.slow

PARAMS = ROOT / "params.yaml"
ARCHITECTURE = "resnetv2_mini"
# of the trainings with the shortcut, and of those without it beside them; the others are for the control
SEEDS, OTHERS = (1, 2, 3), (4, 5, 6)
PLANTED, CLEAN, AGAIN = "with_the_shortcut", "without", "without_again"
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
    """One way to fine-tune the architecture.

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
def tuned(stores) -> dict[str, Tuned]:
    """Three ways to come to a network: with the shortcut, without it, and without it under other seeds."""
    network = miniature(ARCHITECTURE, stores["clean"])
    return {
        name: explained(network, name, seeds, stores[films], stores)
        for name, seeds, films in (
            (PLANTED, SEEDS, "marked"),
            (CLEAN, SEEDS, "clean"),
            (AGAIN, OTHERS, "clean"),
        )
    }


@pytest.fixture(scope="module")
def studies(tuned) -> dict[str, Result]:
    """The trainings with the shortcut, and in the control those under other seeds, beside those without."""
    return {
        name: compare(
            study_of(tuned[name].maps, tuned[CLEAN].maps, params=load_drift(PARAMS)), load_compare(PARAMS)
        )
        for name in (PLANTED, AGAIN)
    }


def explained(
    network: Miniature, name: str, seeds: tuple[int, ...], films: ImageStore, stores: dict[str, ImageStore]
) -> Tuned:
    """Trainings from clean films' heads, at the same test films: with the marker, where it was planted."""
    test, bare = (stores[which].split("test") for which in ("marked", "clean"))
    checkpoints = {}
    for seed in seeds:
        checkpoints["tl", seed] = network.transferred(seed, TO_THE_END)
        checkpoints["ft", seed] = network.tuned(checkpoints["tl", seed], films, seed)
    logits, bare_logits = (network.logits(checkpoints, images) for images in (test, bare))
    maps = network.maps(checkpoints, logits, test, np.arange(len(test.ids)), [CAM])

    def runs(of: Callable[[Checkpoint], np.ndarray]) -> np.ndarray:
        """Something of each map or prediction, (checkpoints, seeds, ...)."""
        return np.array([[of((each, seed)) for seed in seeds] for each in ("tl", "ft")])

    layers = [("penultimate", method) for method in METHODS]
    return Tuned(
        maps=replace(
            architecture(name, seeds=SEEDS, patients=test.patient_ids, methods=layers),
            classes=films.classes,
            image_ids=test.ids,
            labels=test.labels,
            content=test.content,
            size=SIZE,
            predicted=runs(lambda run: logits[run].argmax(-1)),
            signed={
                (layer, method): runs(lambda run, method=method: maps[run][method])
                for layer, method in layers
            },
        ),
        accuracy=np.mean([accuracy(logits["ft", seed], test) for seed in seeds]),
        accuracy_without_marker=np.mean([accuracy(bare_logits["ft", seed], bare) for seed in seeds]),
    )


def least_stable(result: Result, method: str) -> Extreme:
    return next(each for each in result.extremes if (each.method, each.place) == (method, "least stable"))


def lead(result: Result, method: str) -> Claim:
    """How much further the evidence of the one architecture moves than the other's."""
    return next(
        claim
        for claim in result.claims
        if (claim.kind, claim.estimand, claim.method) == ("difference", "recipe", method)
    )


def test_only_the_network_with_the_shortcut_hangs_on_the_marker(tuned):
    marked, clean = tuned[PLANTED], tuned[CLEAN]
    assert marked.accuracy >= 0.95
    assert marked.accuracy_without_marker <= marked.accuracy - 0.15
    assert abs(clean.accuracy_without_marker - clean.accuracy) <= 0.1


@pytest.mark.parametrize("method", SEEING)
def test_the_network_with_the_shortcut_is_named_as_the_less_stable(studies, method):
    extreme = least_stable(studies[PLANTED], method)
    assert (extreme.arch, extreme.verdict) == (PLANTED, "supported")
    assert lead(studies[PLANTED], method).n_patients >= 40


@pytest.mark.parametrize("method", METHODS)
def test_other_trainings_without_it_are_not(studies, method):
    assert lead(studies[AGAIN], method).verdict != "supported"
