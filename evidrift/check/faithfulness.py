"""Faithfulness: do the places that a map calls important change the network's answer more than others?

Others are those of a random map on the same grid, brought to the image's size in the same way; one an image,
since a further image tells more than a further random map (measured on miniatures). Single pixels in random
order would be no fair opponent: scattered over the image, they act like an adversary's noise, which moves the
network's answer whatever it hides.
"""

from typing import TYPE_CHECKING

import numpy as np

from evidrift.base.progress import Progress
from evidrift.base.seeds import stream
from evidrift.base.unfinished.memo import NOTHING, Arrays, Memo
from evidrift.check.curves import areas, baseline_image, enlarge, ranks
from evidrift.check.originals import Originals
from evidrift.check.params import Check
from evidrift.measures.canvas import OK, STATUSES, draw

if TYPE_CHECKING:
    from evidrift.attribution.network import Network
    from evidrift.images.store import Images

Rows = dict[str, np.ndarray]


def faithfulness(
    network: "Network",
    images: "Images",
    families: list[Originals],
    params: Check,
    progress: Progress,
    memo: Memo = NOTHING,
    name: str = "faithfulness",
) -> Rows:
    """Areas under the insertion and deletion curves of one checkpoint's maps.

    Args:
        network: of that checkpoint.
        images: of the test split.
        families: their maps, each of its own images.
        params: of the checks.
        progress: moved on by one an image.
        memo: of images that were done before.
        name: of this work in it.

    Returns:
        Columns with a row per layer, method and image, in this order: layer, method, image (position),
        status, and float32 insertion, deletion, insertion_random and deletion_random, NaN unless the status
        is `ok`.
    """
    size = images.pixels.shape[1]
    methods = {key: family for family in families for key in family.signed}
    keys = sorted(methods)
    status = {
        key: draw(methods[key].signed[key], images.content[methods[key].images], size).status for key in keys
    }
    found = {key: np.full((4, len(status[key])), np.nan, np.float32) for key in keys}
    all_images = sorted({image for family in families for image in family.images})
    usable = []
    for image in all_images:
        place = {
            key: np.flatnonzero((family.images == image) & (status[key] == OK))
            for key, family in methods.items()
        }
        usable.append([(key, int(place[key][0])) for key in keys if len(place[key])])

    def make(number: int) -> Arrays:
        maps = [methods[key].signed[key][at] for key, at in usable[number]]
        targets = np.array([methods[key].targets[at] for key, at in usable[number]])
        return {"areas": _one_image(network, images, all_images[number], maps, targets, params)}

    some = [number for number, of_image in enumerate(usable) if of_image]
    progress.update(len(usable) - len(some))
    for number, made in zip(some, memo.each(name, some, make), strict=True):
        for (key, at), own in zip(usable[number], made["areas"].T, strict=True):
            found[key][:, at] = own
        progress.update()
    names = ("insertion", "deletion", "insertion_random", "deletion_random")
    together = np.concatenate([np.empty((4, 0), np.float32), *found.values()], axis=1)
    return labelled(methods) | {
        "status": np.array(STATUSES)[np.concatenate([*status.values()])],
        **dict(zip(names, together, strict=True)),
    }


def labelled(methods: dict[tuple[str, str], Originals]) -> Rows:
    """The columns layer, method and image of a row per method and image, sorted by the former two."""
    keys = sorted(methods)
    n_images = [len(methods[key].images) for key in keys]
    layer, method = np.repeat(np.array(keys, dtype=str).reshape(-1, 2), n_images, axis=0).T
    return {"layer": layer, "method": method, "image": np.concatenate([methods[key].images for key in keys])}


def _one_image(
    network: "Network",
    images: "Images",
    image: int,
    maps: list[np.ndarray],
    targets: np.ndarray,
    params: Check,
) -> np.ndarray:
    """Insertion, deletion, and both of random orders, of each map of an image: (4, maps)."""
    pixels, content = images.pixels[image], images.content[image]
    # one opponent for all maps of a grid and class
    opponent_of = list(zip((signed.shape for signed in maps), targets, strict=True))
    opponents = sorted(set(opponent_of))
    random = {grid: random_order(images.ids[image], grid, content, pixels.shape) for grid, _ in opponents}
    own = [ranks(enlarge(signed, content, pixels.shape), ties=random[signed.shape]) for signed in maps]
    orders = np.stack([*own, *(random[grid] for grid, _ in opponents)])
    classes = np.concatenate([targets, [target for _, target in opponents]])
    found = np.array(
        areas(
            network,
            pixels,
            baseline_image(pixels, content, params.faithfulness.baseline),
            content,
            orders,
            classes,
            params.faithfulness.steps,
            params.batch_size,
        )
    )
    place = [len(maps) + opponents.index(opponent) for opponent in opponent_of]
    return np.concatenate([found[:, : len(maps)], found[:, place]])


def random_order(
    image_id: str, grid: tuple[int, ...], content: np.ndarray, shape: tuple[int, ...]
) -> np.ndarray:
    """The order of an image's pixels by a uniform random map, the same whatever the network and the method.

    Equal values come in a random order of pixels. Equal values of other maps come in this order, so that a
    map without any evidence is as good as chance.

    Args:
        image_id: which names the random stream.
        grid: of the map, (h, w).
        content: top, left, bottom, right of the image in its square, half open, px.
        shape: height and width of the square, px.

    Returns:
        Ranks, (bottom - top, right - left).
    """
    random = stream("random order", image_id, *grid)
    large = enlarge(random.random(grid), content, shape)
    return ranks(large, ties=random.permutation(large.size).reshape(large.shape))
