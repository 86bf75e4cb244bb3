"""Which maps are paired: for drift, across trainings, between seeds (floors) and between patients (scale)."""

from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np

from evidrift.base.seeds import seed_of, stream

KINDS = ("drift", "cross", "seed_tl", "seed_ft", "scale_tl", "scale_ft")
SCALE = ("scale_tl", "scale_ft")
TL, FT = range(2)  # index into mapfile.CHECKPOINTS
# Images of a group, on average at most. A map's features take 75 kB: with ten seeds a group is 0.4 GB.
GROUP = 250
# Patients of a group, where a class has as many: far more than the partners that each image draws.
MIN_PATIENTS = 50


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
    groups = groups_of(patient_ids, labels)
    drawn = [_draw(seed, image_ids, patient_ids, groups, draws, draw_seed) for seed in seeds]
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


def groups_of(patient_ids: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The group of each image: pairs of patients are drawn within it, and it is measured at once.

    A class of up to GROUP images is one group. A larger one is dealt out by patient, in the order of a hash
    of their ids, so that each group is a random sample of the class: drawing within it is drawing from the
    class, and no more maps than a group's need to be in memory.

    Args:
        patient_ids: (n,).
        labels: (n,) class indices.

    Returns:
        (n,) numbers from 0, rising with the class.
    """
    groups, n_groups = np.empty(len(labels), dtype=int), 0
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        patients, of = np.unique(patient_ids[members], return_inverse=True)
        n_of_class = min(-(-len(members) // GROUP), max(1, len(patients) // MIN_PATIENTS))
        place = np.argsort(np.argsort([seed_of("group", patient) for patient in patients], kind="stable"))
        groups[members] = n_groups + place[of] * n_of_class // len(patients)
        n_groups += n_of_class
    return groups


def rows_by_group(groups: np.ndarray) -> list[np.ndarray]:
    """Positions of each group's members, rising; all groups from 0 have some."""
    order = np.argsort(groups, kind="stable")
    return np.split(order, np.cumsum(np.bincount(groups))[:-1])


def _draw(
    seed: int, image_ids: np.ndarray, patient_ids: np.ndarray, groups: np.ndarray, draws: int, draw_seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Images of other patients of the group: up to `draws` patients each, one image of every patient.

    The stream depends on the image and the seed, not on the architecture or the method: all of them are
    measured against the same pairs.
    """
    after: list[np.ndarray] = [np.empty(0, dtype=int)] * len(groups)
    for members in rows_by_group(groups):
        patients, of = np.unique(patient_ids[members], return_inverse=True)
        by_patient, n_images = members[np.argsort(of, kind="stable")], np.bincount(of)
        first = np.cumsum(n_images) - n_images
        n_others = len(patients) - 1
        for image, own in zip(members, of, strict=True):
            random = stream("scale", draw_seed, seed, image_ids[image])
            chosen = random.choice(n_others, size=min(draws, n_others), replace=False)
            chosen += chosen >= own  # numbers of the others, to numbers of all
            after[image] = by_patient[first[chosen] + random.integers(0, n_images[chosen])]
    return np.repeat(np.arange(len(groups)), [len(each) for each in after]), np.concatenate(after)
