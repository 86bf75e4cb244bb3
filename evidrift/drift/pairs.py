"""Which maps are paired: for drift, across trainings, between seeds (floors) and between patients (scale)."""

from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np

from evidrift.base.seeds import stream

KINDS = ("drift", "cross", "seed_tl", "seed_ft", "scale_tl", "scale_ft")
SCALE = ("scale_tl", "scale_ft")
TL, FT = range(2)  # index into mapfile.CHECKPOINTS


@dataclass(frozen=True)
class Pairs:
    """Pairs of maps of one architecture, the same for every method and layer. All arrays are (pairs,).

    Attributes:
        kind: index into KINDS.
        seed_before, seed_after: index into the study's seeds.
        checkpoint_before, checkpoint_after: TL or FT.
        image_before, image_after: index into the images; they differ in pairs of patients (`SCALE`) only.
        draw: number of such a pair among those of its image and seed, from 0; 0 elsewhere.
    """

    kind: np.ndarray
    seed_before: np.ndarray
    seed_after: np.ndarray
    checkpoint_before: np.ndarray
    checkpoint_after: np.ndarray
    image_before: np.ndarray
    image_after: np.ndarray
    draw: np.ndarray


def plan(
    seeds: tuple[int, ...],
    image_ids: np.ndarray,
    patient_ids: np.ndarray,
    labels: np.ndarray,
    draws: int,
    draw_seed: int,
) -> Pairs:
    """All pairs, in order of kind, seeds, image and draw. Both maps of a pair are of the same class.

    With one seed there are no pairs of seeds, and none across trainings; an image whose class has no other
    patient gets no pair of patients, one with fewer than `draws` other patients gets as many as there are.
    The two checkpoints of a seed have the same pairs of patients.
    """
    images = np.arange(len(image_ids))
    blocks = [_block("drift", (s, s), (TL, FT), images, images) for s in range(len(seeds))]
    for both in permutations(range(len(seeds)), 2):
        blocks.append(_block("cross", both, (TL, FT), images, images))
    for kind, checkpoint in (("seed_tl", TL), ("seed_ft", FT)):
        for both in combinations(range(len(seeds)), 2):
            blocks.append(_block(kind, both, (checkpoint, checkpoint), images, images))
    drawn = [_draw(seed, image_ids, patient_ids, labels, draws, draw_seed) for seed in seeds]
    for kind, checkpoint in zip(SCALE, (TL, FT), strict=True):
        for s, each in enumerate(drawn):
            blocks.append(_block(kind, (s, s), (checkpoint, checkpoint), *each))
    return Pairs(*np.concatenate(blocks, axis=1))


def _block(
    kind: str, seeds: tuple[int, int], checkpoints: tuple[int, int], before: np.ndarray, after: np.ndarray
) -> np.ndarray:
    constants = (KINDS.index(kind), *seeds, *checkpoints)
    # pairs of one image stand together
    starts = np.searchsorted(before, before) if kind in SCALE else np.arange(len(before))
    draws = np.arange(len(before)) - starts
    return np.stack([*(np.full(len(before), value) for value in constants), before, after, draws])


def _draw(
    seed: int, image_ids: np.ndarray, patient_ids: np.ndarray, labels: np.ndarray, draws: int, draw_seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Images of other patients of the same class: up to `draws` patients each, one image of every patient.

    The stream depends on the image and the seed, not on the architecture or the method: all of them are
    measured against the same pairs.
    """
    before: list[int] = []
    after: list[int] = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        images_of = {
            patient: members[patient_ids[members] == patient] for patient in np.unique(patient_ids[members])
        }
        for image in map(int, members):
            others = [patient for patient in images_of if patient != patient_ids[image]]
            random = stream("scale", draw_seed, seed, image_ids[image])
            chosen = random.choice(len(others), size=min(draws, len(others)), replace=False)
            after.extend(random.choice(images_of[others[k]]) for k in chosen)
            before.extend([image] * len(chosen))
    order = np.argsort(before, kind="stable")
    return np.asarray(before, dtype=int)[order], np.asarray(after, dtype=int)[order]
