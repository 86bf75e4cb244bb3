"""The case browser's data: films, maps, predictions and drift of every image, as the page decodes them.

Numbers travel as base64 of little-endian arrays: a page of a thousand cases is read in milliseconds, and the
same numbers give the same text.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import softmax

from evidrift.drift.oriented import as_drift
from evidrift.maps.mapfile import CHECKPOINTS, MapFile
from evidrift.measures.canvas import SIDE, STATUSES
from evidrift.report.figures.overlay import EVIDENCE, MOVED, OPAQUE
from evidrift.report.page.browser.blocks import Block, blocks_of, packed
from evidrift.report.page.material import Material
from evidrift.report.words.cells import COHORTS, MEASURES, cohort_names, run_word
from evidrift.report.words.names import method_name
from evidrift.report.words.reliance import region_name

ORDER = tuple(MEASURES)
STEPS = 256  # of a colour map
# What a case's drift stands beside, and the pairs that it is of.
REFERENCES = {"floor": ["seed_ft"], "scale": ["scale_tl", "scale_ft"]}


def case_data(material: Material) -> dict[str, Any]:
    """Everything that the browser shows but films and maps, see `shown`.

    Returns:
        What JSON can hold. `runs` has an entry per architecture and seed, `blocks` one per run and method,
        `references` one per architecture and method.
    """
    summary, images = material.summary, material.images
    pairs = {arch: material.pairs(arch) for arch in summary.architectures}
    labels = _labels(pairs, images.ids)
    named = [
        pd.unique(table[name].astype(str))
        for table in pairs.values()
        for name in ("pred_before", "pred_after")
    ]
    classes = _in_order([*images.classes, *sorted({*labels, *np.concatenate(named)})])
    methods = [str(m) for m in _in_order(m for table in pairs.values() for m in table["method"].unique())]
    asked = material.table("reliance_cases")
    regions = [str(each) for each in asked["region"].unique()]
    runs: list[dict[str, Any]] = []
    references: list[dict[str, Any]] = []
    for at, arch in enumerate(summary.architectures):
        references += list(_references(at, pairs[arch], methods, images.ids))
        for seed in summary.seeds:
            files = list(material.map_files(arch, seed))
            own = pairs[arch]
            own = own[(own["pair_kind"] == "drift") & (own["seed_before"] == seed)]
            run = {
                "arch": at,
                "seed": seed,
                "weights": [files[0].origin.weights[each] for each in CHECKPOINTS],
            }
            run |= _predictions(files, own, images.ids, labels, classes)
            runs.append(run | {"reliance": _reliance(asked, regions, arch, seed, images.ids)})
    trained = [(arch, seed) for arch in summary.architectures for seed in summary.seeds]
    blocks = [
        _block(each, pairs[trained[each.run][0]], trained[each.run][1], methods, images.ids)
        for each in blocks_of(material)
    ]
    height, width = images.pixels.shape[1:]
    content = [[int(edge) for edge in box] for box in images.content]
    return {
        "side": SIDE,
        "area": summary.area,
        "size": int(max(height, width)),
        "opaque": OPAQUE,
        "evidence": _colours(EVIDENCE),
        "moved": _colours(MOVED),
        "checkpoints": [summary.before, summary.after],
        "labelsKnown": summary.labels_known,
        "run": run_word(summary),
        "cohorts": cohort_names(summary),
        "statuses": list(STATUSES),
        "measures": [{"key": key, "name": name} for key, name in MEASURES.items()],
        "classes": classes,
        "architectures": list(summary.architectures),
        "seeds": list(summary.seeds),
        "methods": [{"key": each, "name": method_name(each)} for each in methods],
        "signs": [
            [summary.signs.get(arch, {}).get(m, "") for m in methods] for arch in summary.architectures
        ],
        "regions": [region_name(each) for each in regions],
        "images": [str(each) for each in images.ids],
        "labels": [classes.index(label) for label in labels],
        "content": content,
        "shapes": material.shapes.tolist(),
        "runs": runs,
        "blocks": blocks,
        "references": references,
    }


def _labels(pairs: dict[str, pd.DataFrame], ids: np.ndarray) -> list[str]:
    """Each image's class: the true one, or what stands for it."""
    found: dict[str, str] = {}
    for table in pairs.values():
        own = table.drop_duplicates("image_id")
        found |= dict(zip(own["image_id"].astype(str), own["label"].astype(str), strict=True))
    return [found.get(str(each), "") for each in ids]


def _predictions(
    files: list[MapFile], own: pd.DataFrame, ids: np.ndarray, labels: Sequence[str], classes: Sequence[str]
) -> dict[str, str]:
    """Of one run, by image: cohort, predicted classes, probabilities of the label before and after."""
    first = own.drop_duplicates("image_id")
    at = {image_id: number for number, image_id in enumerate(first["image_id"].astype(str))}
    words = {name: first[name].astype(str).tolist() for name in ("cohort", "pred_before", "pred_after")}
    rows = [at.get(str(each), -1) for each in ids]
    cohorts = list(COHORTS)
    cohort = [255 if row < 0 else cohorts.index(words["cohort"][row]) for row in rows]
    predicted = [
        [0 if row < 0 else classes.index(words[column][row]) for row in rows]
        for column in ("pred_before", "pred_after")
    ]
    probability = np.full((2, len(ids)), np.nan)
    for file in files:
        place = {str(each): number for number, each in enumerate(file.image_ids())}
        here = [number for number, each in enumerate(ids) if str(each) in place]
        explained = [place[str(ids[number])] for number in here]
        names = list(file.origin.classes)
        column = np.array([names.index(labels[number]) if labels[number] in names else -1 for number in here])
        for which, checkpoint in enumerate(CHECKPOINTS):
            shares = probabilities(file.logits(checkpoint)[explained])
            own_class = shares[np.arange(len(here)), column]
            probability[which, here] = np.where(column < 0, np.nan, own_class)
    return {
        "cohort": packed(cohort, "u1"),
        "predicted": packed(predicted, "<u2"),
        "probability": packed(probability, "<f4"),
    }


def probabilities(logits: np.ndarray) -> np.ndarray:
    """Of each class, (n, classes); a single sigmoid output z stands for two classes' logits, 0 and z."""
    values = logits.astype(np.float64)
    if values.shape[1] == 1:
        values = np.concatenate([np.zeros_like(values), values], axis=1)
    return softmax(values, axis=1)


def _block(
    block: Block, pairs: pd.DataFrame, seed: int, methods: list[str], ids: np.ndarray
) -> dict[str, Any]:
    """One run's drift by one method; its maps are `shown`'s."""
    own = pairs[(pairs["pair_kind"] == "drift") & (pairs["seed_before"] == seed)]
    rows = own[own["method"] == block.method].set_index("image_id").reindex(ids[block.images].astype(str))
    drift = as_drift(rows)[list(ORDER)].to_numpy().T
    status = [STATUSES.index(each) if each in STATUSES else 255 for each in rows["status"]]
    return {
        "run": block.run,
        "method": methods.index(block.method),
        "images": packed(block.images, "<u4"),
        "grid": list(block.grid),
        "status": packed(status, "u1"),
        "thin": packed(rows["thin"].fillna(False).astype(bool), "u1"),
        "drift": packed(drift, "<f4"),
    }


def _references(
    arch: int, pairs: pd.DataFrame, methods: list[str], ids: np.ndarray
) -> Iterator[dict[str, Any]]:
    """By method, each image's own seed floor (of the tuned checkpoint) and scale: means over its pairs."""
    texts = [str(each) for each in ids]
    oriented = as_drift(pairs)[list(ORDER)]
    for method, own in pairs.groupby("method", observed=True):
        found: dict[str, Any] = {"arch": arch, "method": methods.index(str(method))}
        for name, kinds in REFERENCES.items():
            rows = own.index[own["pair_kind"].isin(kinds)]
            means = oriented.loc[rows].groupby(pairs.loc[rows, "image_id"].astype(str)).mean()
            found[name] = packed(means.reindex(texts).to_numpy().T, "<f4")
        yield found


def _reliance(
    asked: pd.DataFrame, regions: list[str], arch: str, seed: int, ids: np.ndarray
) -> dict[str, str]:
    """Of one run: the images that were asked about, and by region, checkpoint and image what came out."""
    own = asked[(asked["arch"].astype(str) == arch) & (asked["seed"] == seed)]
    known = set(own["image_id"].astype(str))
    images = [number for number, each in enumerate(ids) if str(each) in known]
    at = own.astype({"image_id": str}).set_index(["region", "image_id"])[["tl", "ft"]]
    index = pd.MultiIndex.from_product([regions, [str(ids[number]) for number in images]])
    values = at.reindex(index).to_numpy(float).reshape(len(regions), len(images), 2)
    return {"images": packed(images, "<u4"), "values": packed(values.transpose(0, 2, 1), "<f4")}


def _colours(scale: Any) -> str:
    """A colour map as (256, 3) bytes."""
    return packed(np.rint(255 * scale(np.linspace(0, 1, STEPS))[:, :3]), "u1")


def _in_order(names: Any) -> list[str]:
    return list(dict.fromkeys(str(name) for name in names))
