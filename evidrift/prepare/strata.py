"""Splits drawn by patient: by hash, and in every class close to the shares that were asked for.

A split that never moves a patient when others come can look at nothing but that patient, and it fails small
classes: of 40 patients, a share of 0.15 has fewer than five in one case of four. So the hash decides, and
where it strays too far in a class, the patients whose hash is nearest to the threshold change sides. When a
tenth more patients come, of those who were there 3 % change their split in classes of 40, 1.4 % in classes of
100 and 0.1 % in classes of 1000 (`benchmarks.splits`).
"""

import math
from collections.abc import Mapping, Sequence, Set

from evidrift.base.seeds import seed_of

# Fewer patients of a class in a split say nothing about it.
MIN_PATIENTS = 5
# How far a class may stray from its share: one patient, or this share of its patients.
SLACK = 0.02
EXACT = 1e-9  # of a patient: what rounding may cost


def draw(patients: Mapping[str, Set[str]], shares: Mapping[str, float], salt: str) -> dict[str, str]:
    """The split of every patient.

    Of each class each split gets its share, but for one patient or two per cent of the class, and five
    patients where the share, rounded up, has as many. A patient of several classes counts in each; the
    smallest class comes first.

    Args:
        patients: of each class.
        shares: of each split, in (0, 1), with a sum of 1; in the order of the hash.
        salt: of the hash: another salt gives another split.
    """
    splits: dict[str, str] = {}
    for label in sorted(patients, key=lambda label: (len(patients[label]), label)):
        free = sorted((_u(patient, salt), patient) for patient in patients[label] - splits.keys())
        fixed = [splits[patient] for patient in sorted(patients[label] & splits.keys())]
        cuts = _cuts([u for u, _ in free], shares, [fixed.count(split) for split in shares])
        for (_, patient), split in zip(free, _by_cuts(cuts, list(shares), len(free)), strict=True):
            splits[patient] = split
    return splits


def at_least(share: float, n: int) -> int:
    """How many of n patients a split with this share is sure to get, up to the five that are needed."""
    return min(MIN_PATIENTS, math.ceil(share * n - EXACT))


def _cuts(us: Sequence[float], shares: Mapping[str, float], fixed: Sequence[int]) -> list[int]:
    """Where each split but the last ends among patients sorted by hash.

    Args:
        us: their hashes, sorted.
        shares: of each split.
        fixed: patients of the class that are in each split already.
    """
    n = len(us) + sum(fixed)
    slack = max(1.0, SLACK * n)
    needed = [max(0, at_least(share, n) - there) for share, there in zip(shares.values(), fixed, strict=True)]
    cuts = [0]
    threshold, there = 0.0, 0
    for number, share in enumerate(list(shares.values())[:-1]):
        threshold, there = threshold + share, there + fixed[number]
        by_hash = sum(u < threshold for u in us)
        share_of_all = threshold * n - there
        first = cuts[-1] + needed[number]
        low = max(first, math.ceil(share_of_all - slack - EXACT))
        high = min(len(us) - sum(needed[number + 1 :]), math.floor(share_of_all + slack + EXACT))
        cuts.append(min(max(by_hash, low), max(high, first), len(us)))
    return cuts[1:]


def _by_cuts(cuts: Sequence[int], splits: Sequence[str], n: int) -> list[str]:
    ends = [*cuts, n]
    return [
        split for split, start, end in zip(splits, [0, *cuts], ends, strict=True) for _ in range(start, end)
    ]


def _u(patient: str, salt: str) -> float:
    """A number in [0, 1) that depends on the salt and the patient alone."""
    return seed_of("split", salt, patient) / 2**32
