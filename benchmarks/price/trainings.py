"""Trainings on films with a letter that gives a class away, before or in fine-tuning; what each learned."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

import evidrift.networks.start_tensorflow  # noqa: F401 - first, before TensorFlow
from benchmarks.price.asked import Asked, load, save
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


PLAIN = strategy_named("plain", {}, "", ())


class Side(NamedTuple):
    """Which films carry the letter in both trainings.

    Attributes:
        name: of the side.
        before: in transfer learning.
        after: in fine-tuning.
    """

    name: str
    before: Carrying
    after: Carrying


LEARNED = Side("learned", half, of_class(MARKED))
INHERITED = Side("inherited", of_class(MARKED), half)
ABSENT = Side("absent", of_class(MARKED), nobody)
SIDES = (LEARNED, INHERITED, ABSENT)


def prepared_films(folder: Path) -> ImageStore:
    """The recipe's films without the letter; those that are there are taken."""
    path = folder / STORE
    if path.exists():
        return ImageStore(path)
    folder.mkdir(parents=True, exist_ok=True)
    return prepared(folder, RECIPE, None, SIZE)


def called(strategy: Strategy) -> str:
    """A name for files: the strategy's and its parameters'."""
    values = (str(value) for value in strategy.params.model_dump().values())
    return "-".join((strategy.name, *values))


def checkpoint(
    network: Miniature, store: ImageStore, side: Side, seed: int, strategy: Strategy | None, folder: Path
) -> Weights:
    """`tl`, or what fine-tuning makes of it under a strategy; what lies in the folder is taken from there.

    Args:
        network: whose heads are trained on the side's films of transfer learning.
        store: the films, without the letter.
        side: of the price.
        seed: of both trainings.
        strategy: with its parameters; None for `tl`.
        folder: to keep it in.
    """
    name = called(strategy) if strategy else "tl"
    path = folder / f"{network.name}-{side.name}-{seed}-{name}.npz"
    if path.exists():
        with np.load(path) as file:
            return [file[key] for key in file.files]
    if strategy is None:
        made = network.transferred(seed)
    else:
        films = Lettered(store, side.after)
        tl = checkpoint(network, store, side, seed, None, folder)
        if strategy.module.TRAINS:
            made = network.tuned(tl, films, seed, FT, strategy)
        else:
            plain = checkpoint(network, store, side, seed, PLAIN, folder)
            network.classifier.set_weights(plain)
            training = image_examples(films.split("train"), network.zoo, 0)
            blend(network.classifier, tl, strategy, FT, training)
            made = network.classifier.get_weights()
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, *made)
    partial.replace(path)
    return made


def network_for(name: str, store: ImageStore, side: Side) -> Miniature:
    """The architecture, its heads to be trained on the side's films of transfer learning."""
    return miniature(name, Lettered(store, side.before))


def answers(
    network: Miniature,
    store: ImageStore,
    side: Side,
    seed: int,
    treatments: Mapping[str, Strategy],
    folder: Path,
) -> dict[str, Asked]:
    """What `tl` and every treatment say of the test films, by name; nothing is asked twice.

    Args:
        network: whose heads are trained on the side's films of transfer learning.
        store: the films, without the letter.
        side: of the price.
        seed: of both trainings.
        treatments: by what they are called in tables.
        folder: where checkpoints and answers are kept.
    """
    path = folder / f"{network.name}-{side.name}-{seed}-answers.npz"
    known = load(path) if path.exists() else {}
    files = {"tl": "tl"} | {name: called(strategy) for name, strategy in treatments.items()}
    missing = {name: treatments[name] for name in treatments if files[name] not in known}
    if missing or not known:
        asked: dict[str, Strategy | None] = {"tl": None, **missing}
        weights = {
            files[name]: checkpoint(network, store, side, seed, strategy, folder)
            for name, strategy in asked.items()
        }
        known |= ask(network, weights, store.split("test"))
        save(path, known)
    return {name: known[file] for name, file in files.items()}


def ask(network: Miniature, checkpoints: Mapping[str, Weights], films: Images) -> dict[str, Asked]:
    """Ask checkpoints about the clean films and the letter; evidence moves from the first one's."""
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
