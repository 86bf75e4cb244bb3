"""Reliance by intervention: what becomes of a network's decision when a region of the film is replaced?"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pandas as pd

from evidrift.base.progress import Progress
from evidrift.base.schema import Schema, framed
from evidrift.base.seeds import stream
from evidrift.base.unfinished.memo import NOTHING, Arrays, Memo
from evidrift.images.marker import CORNERS, paint
from evidrift.images.store import Images
from evidrift.maps.scores import centred_logits
from evidrift.reliance.fills import donors, fitted, surroundings
from evidrift.reliance.placing import moved, outline
from evidrift.reliance.tables import CHANGE, FILLS, REGIONS, SCHEMAS, Fill, spike_schema

Predict = Callable[[np.ndarray], np.ndarray]
Model = tuple[int, str]  # seed, checkpoint
Masks = Mapping[str, np.ndarray]
CHUNK = 32 * 1024**2  # bytes of films at a time


@dataclass(frozen=True)
class Reliance:
    """What was measured; see `tables.SCHEMAS`.

    Attributes:
        regions: a row per model, image, region and fill.
        spikes: a row per model, image and corner.
    """

    regions: pd.DataFrame
    spikes: pd.DataFrame


@dataclass
class _Films:
    """Changed films of one image, and which of them are asked for together.

    Attributes:
        films: the image itself, then the changed ones.
        fillings: (region, fill, area, position of the filled film, positions at random places).
        spikes: (corner, position).
    """

    films: list[np.ndarray]
    fillings: list[tuple[str, Fill, float, int, list[int]]] = field(default_factory=list)
    spikes: list[tuple[str, int]] = field(default_factory=list)

    def add(self, film: np.ndarray) -> int:
        """Its position."""
        self.films.append(film)
        return len(self.films) - 1


def measure_reliance(
    models: Mapping[Model, Predict],
    images: Images,
    regions: Masks,
    *,
    own: Mapping[Model, Masks] | None = None,
    partner: np.ndarray | None = None,
    clean: np.ndarray | None = None,
    architecture: str = "model",
    draws: int = 2,
    quiet: bool = False,
    memo: Memo = NOTHING,
) -> Reliance:
    """How much more a class's score falls when a region is replaced than when random places are.

    Each region is filled in two ways (see `fills`), and so are as many random places of the same area and
    shape as `draws` says, in the same image. Random places, like donors, are the same for all models.

    Example:
        >>> from evidrift.reliance.regions import image_regions
        >>> def predict(films):  # any classifier: (n, size, size) uint8 -> logits, (n, classes)
        ...     corner = films[:, 0, 0].astype(float)
        ...     return np.stack([corner, 255 - corner], axis=1)
        >>> found = measure_reliance({(1, "tl"): predict}, images, image_regions(images), quiet=True)
        >>> found.regions["region"].unique().tolist()[-2:]
        ['corners', 'border']

    Args:
        models: by seed and checkpoint, what gives logits, (n, classes) or (n, 1) of a sigmoid output, of any
            number of films, (n, size, size) uint8.
        images: to ask about. The label is the class whose score is followed.
        regions: by name, masks, (n, size, size) bool; an image in whose mask nothing is set has no such
            region.
        own: regions of one model alone, likewise.
        partner: of each image, whose film takes a region's place, (n,) index; None for `fills.donors`.
        clean: images into which markers are painted, (n,) bool; None for all, all False for no spikes.
        architecture: its name, for the tables.
        draws: random places a region.
        quiet: no progress bar.
        memo: of films that were asked about before.
    """
    partner = donors(images) if partner is None else partner
    painted = np.ones(len(images.ids), bool) if clean is None else clean
    schemas = {"regions": SCHEMAS[REGIONS], "spikes": spike_schema(images.classes)}
    silent = True if quiet else None
    total = len(models) * len(images.ids)
    with Progress(total=total, desc=f"reliance {architecture}", unit="image", disable=silent) as bar:

        def make(first: int) -> Arrays:
            """All that is measured of some images, and where the next begin."""
            chunk = _chunk(first, images, regions, partner, painted, draws)
            made: dict[str, np.ndarray] = {"next": np.array(first + len(chunk))}
            for number, (model, predict) in enumerate(models.items()):
                whole = chunk
                if own and model in own:
                    whole = [
                        (at, _filled(_copy(films), images, at, own[model], partner[at], draws))
                        for at, films in chunk
                    ]
                logits = predict(np.stack([film for _, films in whole for film in films.films]))
                ends = np.cumsum([0, *(len(films.films) for _, films in whole)])
                rows: dict[str, list] = {name: [] for name in schemas}
                for (at, films), (start, stop) in zip(whole, pairwise(ends), strict=True):
                    common = _common(architecture, model, images, at)
                    scores = centred_logits(logits[start:stop].astype(np.float64))
                    label = images.labels[at]
                    rows["regions"] += _region_rows(common, films, scores, label)
                    rows["spikes"] += _spike_rows(common, films, scores, label, images.classes)
                for name, schema in schemas.items():
                    made |= _as_arrays(f"{number}-{name}-", framed(rows[name], schema), schema)
            return made

        parts: list[Arrays] = [{"next": np.array(0)}]

        def firsts() -> Iterator[int]:
            while (first := int(parts[-1]["next"])) < len(images.ids):
                yield first

        for made in memo.each("films", firsts(), make):
            bar.update(len(models) * (int(made["next"]) - int(parts[-1]["next"])))
            parts.append(made)
    frames = {
        name: [
            _as_frame(f"{number}-{name}-", part, schema)
            for number in range(len(models))
            for part in parts[1:]
        ]
        for name, schema in schemas.items()
    }
    return Reliance(
        *(pd.concat([framed([], schemas[name]), *frames[name]], ignore_index=True) for name in schemas)
    )


def _as_arrays(start: str, frame: pd.DataFrame, schema: Schema) -> Arrays:
    return {start + name: np.asarray(frame[name], dtype) for name, (dtype, _) in schema.items()}


def _as_frame(start: str, arrays: Arrays, schema: Schema) -> pd.DataFrame:
    columns = {name: arrays[start + name] for name in schema}
    return pd.DataFrame(
        {
            name: values.astype(object) if values.dtype.kind == "U" else values
            for name, values in columns.items()
        }
    )


def _chunk(
    first: int, images: Images, regions: Masks, partner: np.ndarray, painted: np.ndarray, draws: int
) -> list[tuple[int, _Films]]:
    """Some images from the first on, with all their films that every model sees."""
    chunk, size = [], 0
    for at in range(first, len(images.ids)):
        films = _filled(_Films([images.pixels[at]]), images, at, regions, partner[at], draws)
        for corner in CORNERS if painted[at] else ():
            films.spikes.append((corner, films.add(paint(images.pixels[at], images.content[at], corner))))
        chunk.append((at, films))
        size += sum(film.nbytes for film in films.films)
        if size >= CHUNK:
            break
    return chunk


def _copy(films: _Films) -> _Films:
    return _Films(list(films.films), list(films.fillings), list(films.spikes))


def _filled(films: _Films, images: Images, at: int, regions: Masks, donor: int, draws: int) -> _Films:
    """Add the films in which each region of an image is filled, and those of its random places."""
    pixels, content = images.pixels[at], images.content[at]
    top, left, bottom, right = content
    inside = np.s_[top:bottom, left:right]
    other = fitted(images, donor, at) if donor >= 0 else None
    shared: dict[tuple, list[int]] = {}
    for region, masks in regions.items():
        mask = masks[at][inside]
        if not mask.any():
            continue
        for fill in FILLS:
            if fill == "patient" and other is None:
                continue
            key = (fill, *outline(mask))
            if key not in shared:
                shared[key] = [
                    films.add(_with(pixels, inside, moved(mask, stream(*names)), fill, other))
                    for names in (("random place", images.ids[at], region, draw) for draw in range(draws))
                ]
            position = films.add(_with(pixels, inside, mask, fill, other))
            films.fillings.append((region, fill, float(mask.mean()), position, shared[key]))
    return films


def _with(
    pixels: np.ndarray, inside: tuple[slice, slice], mask: np.ndarray, fill: Fill, other: np.ndarray | None
) -> np.ndarray:
    """A film with a region of its content filled."""
    film = pixels.copy()
    if fill == "surroundings":
        film[inside] = surroundings(pixels[inside], mask)
    elif other is not None:
        film[inside] = np.where(mask, other[inside], pixels[inside])
    return film


def _common(architecture: str, model: Model, images: Images, at: int) -> dict:
    seed, checkpoint = model
    return {
        "arch": architecture,
        "seed": seed,
        "checkpoint": checkpoint,
        "image_id": str(images.ids[at]),
        "patient_id": str(images.patient_ids[at]),
        "label": images.classes[images.labels[at]],
    }


def _region_rows(common: dict, films: _Films, scores: np.ndarray, label: int) -> Iterator[dict]:
    changes = scores[:, label] - scores[0, label]
    predicted = scores.argmax(axis=1)
    for region, fill, area, position, places in films.fillings:
        change, random = float(changes[position]), float(changes[places].mean())
        yield common | {
            "region": region,
            "fill": fill,
            "area": area,
            "score": float(scores[0, label]),
            "score_change": change,
            "random_change": random,
            "reliance": random - change,
            "flipped": bool(predicted[position] != predicted[0]),
            "random_flipped": float((predicted[places] != predicted[0]).mean()),
            "correct_before": bool(predicted[0] == label),
            "correct_filled": bool(predicted[position] == label),
        }


def _spike_rows(
    common: dict, films: _Films, scores: np.ndarray, label: int, classes: Sequence[str]
) -> Iterator[dict]:
    predicted = scores.argmax(axis=1)
    for corner, position in films.spikes:
        changes = scores[position] - scores[0]
        yield common | {
            "corner": corner,
            "class_before": classes[predicted[0]],
            "class_spiked": classes[predicted[position]],
            "flipped": bool(predicted[position] != predicted[0]),
            "score_change": float(changes[label]),
            **{CHANGE + name: float(value) for name, value in zip(classes, changes, strict=True)},
        }
