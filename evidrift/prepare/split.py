"""Training, validation or test: as the source gives it, or drawn by patient."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set

from evidrift.base.errors import UserError
from evidrift.images.store import SPLITS
from evidrift.prepare.entry import Entry
from evidrift.prepare.params import Split
from evidrift.prepare.strata import MIN_PATIENTS, at_least, draw

SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}


def split_name(text: str) -> str | None:
    """The split that a folder or a manifest's cell names, whatever its case; None if it names none."""
    return SPLIT_NAMES.get(text.strip().lower())


def patient_of(entry: Entry) -> str:
    """The patient id; where it is not known, each image is its own patient."""
    return entry.path if entry.patient_id is None else entry.patient_id


def assign_splits(entries: Sequence[Entry], params: Split, source: str) -> tuple[list[str], str]:
    """The split of every image, and where it comes from.

    Given splits are kept. Where they lack a validation split, it is drawn from the training patients, in the
    proportion of the parameters; a missing training or test split is not made up.

    Returns:
        One split an entry, and `drawn`, `given` or `given, validation drawn from train`.

    Raises:
        UserError: a split is missing, or a patient stands in two.
    """
    given = {entry.split for entry in entries if entry.split is not None}
    if not given:
        drawn = draw(_by_class(entries), shares_of(params), params.salt)
        return [drawn[patient_of(entry)] for entry in entries], "drawn"
    _check_given(entries, given, source)
    splits = [str(entry.split) for entry in entries]
    if "validation" in given:
        return splits, "given"
    share = params.train / (params.train + params.validation)
    training = _by_class(entry for entry in entries if entry.split == "train")
    drawn = draw(training, {"train": share, "validation": 1 - share}, params.salt)
    return (
        [drawn[patient_of(entry)] if entry.split == "train" else str(entry.split) for entry in entries],
        "given, validation drawn from train",
    )


def shares_of(params: Split) -> Mapping[str, float]:
    """The share of each split, in the order of the hash."""
    rest = 1 - params.train - params.validation
    return {"train": params.train, "validation": params.validation, "test": rest}


def check_patients(
    entries: Sequence[Entry],
    splits: Sequence[str],
    origin: str,
    classes: Sequence[str],
    excluded: str,
    params: Split,
) -> None:
    """Refuse a class with fewer than five patients in a split.

    Args:
        entries: the kept images.
        splits: one an entry.
        origin: where they come from, as `assign_splits` says it.
        classes: all that the source names, also where no image is left.
        excluded: a sentence on what was left out, or "".
        params: shares of splits that are drawn.

    Raises:
        UserError: with the counts of every class concerned, and what to change to what.
    """
    counts = count_patients(entries, splits)
    short = [
        f"class {label} has {n} patient{'s' * (n != 1)} in the {split} split"
        for label in classes
        for split in SPLITS
        if (n := counts[split, label]) < MIN_PATIENTS
    ]
    if short:
        mend = "Add images, or change the splits of the source."
        if origin == "drawn":
            of_class = _by_class(entries)
            mend = _mend({label: len(of_class.get(label, ())) for label in classes}, params)
        raise UserError(f"{'; '.join(short)}; {MIN_PATIENTS} are needed. {mend} {excluded}".rstrip())


def _mend(patients: Mapping[str, int], params: Split) -> str:
    """What to change so that each split gets five patients of each class."""
    label = min(patients, key=lambda label: (patients[label], label))
    n, least = patients[label], len(SPLITS) * MIN_PATIENTS
    if n < least:
        return (
            f"Add images of {label}: {least} patients of a class are the least for three splits, "
            f"and it has {n}."
        )
    shares = shares_of(params)
    # The smallest share in hundredths of which five patients are sure.
    needed = next(share for share in (i / 100 for i in range(1, 100)) if at_least(share, n) == MIN_PATIENTS)
    wanted = {split: max(shares[split], needed) for split in ("validation", "test")}
    train = round(1 - sum(wanted.values()), 4)
    changes = {"validation": round(wanted["validation"], 4), "train": train}
    told = [
        f"prepare.split.{split} from {shares[split]:g} to {value:g}"
        for split, value in changes.items()
        if not math.isclose(value, shares[split], abs_tol=1e-6)
    ]
    if not told or at_least(train, n) < MIN_PATIENTS:
        return f"Add images of {label}."
    enough = math.floor((MIN_PATIENTS - 1) / min(shares.values())) + 1
    return (
        f"Change {' and '.join(told)}; or add images: {enough} patients of each class are enough for the "
        "shares as they are."
    )


def count_patients(entries: Sequence[Entry], splits: Sequence[str]) -> Mapping[tuple[str, str], int]:
    """Number of patients by (split, class); 0 where there are none."""
    seen = {(split, entry.label, patient_of(entry)) for entry, split in zip(entries, splits, strict=True)}
    return Counter((split, label) for split, label, _ in seen)


def _by_class(entries: Iterable[Entry]) -> dict[str, Set[str]]:
    """The patients of each class."""
    patients: dict[str, set[str]] = {}
    for entry in entries:
        patients.setdefault(entry.label, set()).add(patient_of(entry))
    return dict(patients)


def _check_given(entries: Sequence[Entry], given: set[str], source: str) -> None:
    missing = [split for split in ("train", "test") if split not in given]
    if missing:
        raise UserError(
            f"{source} gives the splits {', '.join(sorted(given))}, but no {' and no '.join(missing)}. "
            "Add it; or give the images without splits, and they are split by patient."
        )
    of_patient: dict[str, str] = {}
    for entry in entries:
        patient, split = patient_of(entry), str(entry.split)
        if of_patient.setdefault(patient, split) != split:
            raise UserError(
                f"{source}: patient {patient} is in two splits, {of_patient[patient]} and {split} "
                f"({entry.path}). Correct the splits; or give none, and the images are split by patient."
            )
