"""How often a drawn split leaves a class without five patients, and how many change sides when more come.

python -m benchmarks.splits 200

Five classes of n patients with the default shares: by the stratified draw and by the hash alone. How many
change sides is measured with a tenth more patients in each class.
"""

import argparse
from collections import Counter

from evidrift.base.seeds import seed_of
from evidrift.prepare.strata import MIN_PATIENTS, draw

SHARES = {"train": 0.6, "validation": 0.15, "test": 0.25}
CLASSES = "abcde"
SIZES = (26, 27, 30, 40, 60, 100, 300, 1000)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("draws", type=int, help="splits drawn, each with a salt of its own")
    draws = parser.parse_args().draws
    print("patients a class, refused by hash alone, refused, changed sides")
    for n in SIZES:
        refused = {"alone": 0, "stratified": 0}
        changed = 0
        for salt in map(str, range(draws)):
            before = draw(_classes(n), SHARES, salt)
            after = draw(_classes(n + n // 10), SHARES, salt)
            alone = {patient: _by_hash(patient, salt) for patient in before}
            refused["stratified"] += _is_refused(before)
            refused["alone"] += _is_refused(alone)
            changed += sum(before[patient] != after[patient] for patient in before)
        of_all = changed / (draws * n * len(CLASSES))
        print(f"{n:5} {refused['alone'] / draws:6.1%} {refused['stratified'] / draws:6.1%} {of_all:6.2%}")


def _classes(n: int) -> dict[str, set[str]]:
    return {label: {f"{label}{number}" for number in range(n)} for label in CLASSES}


def _by_hash(patient: str, salt: str) -> str:
    u = seed_of("split", salt, patient) / 2**32
    return "train" if u < 0.6 else "validation" if u < 0.75 else "test"


def _is_refused(splits: dict[str, str]) -> bool:
    counts = Counter((patient[0], split) for patient, split in splits.items())
    return any(counts[label, split] < MIN_PATIENTS for label in CLASSES for split in SHARES)


if __name__ == "__main__":
    main()
