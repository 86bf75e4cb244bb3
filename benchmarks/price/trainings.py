"""Trainings on films with a letter that gives a class away, before or in fine-tuning; what each learned."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

import evidrift.networks.start_tensorflow  # noqa: F401 - first, before TensorFlow
from benchmarks.price.asked import Asked
from evidrift.attribution.family import Family
from evidrift.families import cam
from evidrift.images.store import STORE, Images, ImageStore
from evidrift.measures import areas
from evidrift.measures.canvas import OK, draw
from evidrift.reliance.measuring import Predict, measure_reliance
from evidrift.reliance.regions import image_regions
from evidrift.reliance.tables import FILLS
from evidrift.training.finetune import blend, image_examples
from evidrift.training.params import Finetune
from evidrift.training.strategy import Strategy, strategy_named
from tests.letters import CORNER, Carrying, Lettered, everybody, half, lettered, nobody, of_class
from tests.planted import COMMON, Miniature, Weights, miniature, prepared

MARKED = "normal"
SIZE = 64  # px
RECIPE = {
    "seed": 5,
    "contrast": 1.6,
    "patients": {"train": 40, "validation": 10, "test": 40},
    "classes": ["covid19", MARKED, "tuberculosis"],
}
# Gentle, as in the default study: statistics of BatchNorm stay as they are.
FT = Finetune(
    epochs=6,
    batch_size=16,
    learning_rate=0.001,
    warmup_epochs=1,
    dropout=0.2,
    checkpoint="last",
    views=0,
    batchnorm="inference",
    strategy={"plain": {}},
    averaging=1,
    keep_epochs=[],
)
LAYER_CAM = Family("cam", cam, cam.Params(methods=["layer_cam"], layers=["penultimate"], **COMMON))
AREA = 0.2


class Side(NamedTuple):
    """Which films carry the letter in both trainings.

    Attributes:
        name: of the side.
        before: in transfer learning.
        after: in fine-tuning.
        only: what is tried; None for all strategies.
    """

    name: str
    before: Carrying
    after: Carrying
    only: tuple[str, ...] | None = None


LEARNED = Side("learned", half, of_class(MARKED))
INHERITED = Side("inherited", of_class(MARKED), half)
ABSENT = Side("absent", of_class(MARKED), nobody, ("plain", "maps high"))
SIDES = (LEARNED, INHERITED, ABSENT)


def prepared_films(folder: Path) -> ImageStore:
    """The recipe's films without the letter; those that are there are taken."""
    path = folder / STORE
    if path.exists():
        return ImageStore(path)
    folder.mkdir(parents=True, exist_ok=True)
    return prepared(folder, RECIPE, None, SIZE)


def strategies(strengths: Mapping[str, Mapping[str, Mapping]]) -> dict[str, Strategy]:
    """By what they are called in tables, e.g. `maps high`; `plain` first."""
    found = {"plain": strategy_named("plain", {}, "", ())}
    for name, each in strengths.items():
        found |= {
            f"{name} {strength}": strategy_named(name, params, "", (name, strength))
            for strength, params in each.items()
        }
    return found


def checkpoints_of(
    network: Miniature, store: ImageStore, side: Side, seed: int, treatments: Mapping[str, Strategy]
) -> dict[str, Weights]:
    """`tl`, and what fine-tuning makes of it under each strategy; `plain` is among them.

    Args:
        network: whose heads are trained on the side's films of transfer learning.
        store: the films, without the letter.
        side: of the price.
        seed: of both trainings.
        treatments: by name.
    """
    films = Lettered(store, side.after)
    found = {"tl": network.transferred(seed)}
    for name, strategy in treatments.items():
        if side.only is not None and name not in side.only:
            continue
        if strategy.module.TRAINS:
            found[name] = network.tuned(found["tl"], films, seed, FT, strategy)
        else:
            network.classifier.set_weights(found["plain"])
            training = image_examples(films.split("train"), network.zoo, 0)
            blend(network.classifier, found["tl"], strategy, FT, training)
            found[name] = network.classifier.get_weights()
    return found


def network_for(name: str, store: ImageStore, side: Side) -> Miniature:
    """The architecture, its heads to be trained on the side's films of transfer learning."""
    return miniature(name, Lettered(store, side.before))


def ask(network: Miniature, checkpoints: Mapping[str, Weights], films: Images) -> dict[str, Asked]:
    """Ask every checkpoint about the clean films and the letter; evidence moves from the first one's."""
    predictors = network.predictors(checkpoints)
    clean, with_letter = (
        {name: predict(shown.pixels) for name, predict in predictors.items()}
        for shown in (lettered(films, nobody), lettered(films, everybody))
    )
    reliance = _reliance(predictors, lettered(films, of_class(MARKED)))
    moved = _moved(network, checkpoints, clean, films)
    return {name: Asked(clean[name], with_letter[name], reliance[name], moved[name]) for name in checkpoints}


def _reliance(predictors: Mapping[str, Predict], films: Images) -> dict[str, np.ndarray]:
    marked = films.labels == films.classes.index(MARKED)
    corner = image_regions(films)[f"{CORNER}_corner"] & marked[:, None, None]
    found = measure_reliance(
        {(0, name): predict for name, predict in predictors.items()},
        films,
        {CORNER: corner},
        clean=np.zeros(len(marked), bool),
        draws=1,
        quiet=True,
    )
    table = found.regions.pivot(index=["checkpoint", "fill"], columns="image_id", values="reliance")
    return {name: table.loc[name].loc[list(FILLS), films.ids[marked]].to_numpy() for name in predictors}


def _moved(
    network: Miniature, checkpoints: Mapping[str, Weights], logits: Mapping[str, np.ndarray], films: Images
) -> dict[str, np.ndarray]:
    n = len(films.ids)
    explained = network.maps(checkpoints, logits, films, np.arange(n), [LAYER_CAM])
    maps = draw(
        np.concatenate([explained[name]["layer_cam"] for name in checkpoints]),
        np.tile(films.content, (len(checkpoints), 1)),
        films.pixels.shape[1],
    )
    values = maps.values.reshape(len(maps.values), -1)
    sets = areas.top_area(values, areas.in_order(values)[0], AREA)
    found = {}
    for at, name in enumerate(checkpoints):
        own = np.arange(n) + at * n
        both = (maps.status[:n] == OK) & (maps.status[own] == OK)
        found[name] = np.where(both, areas.moved_share(sets, np.arange(n), own, AREA), np.nan)
    return found
