"""Training, validation or test: as the source gives it, or drawn by patient."""

from collections import Counter
from collections.abc import Mapping, Sequence

from evidrift.base.errors import UserError
from evidrift.base.seeds import seed_of
from evidrift.images.store import SPLITS
from evidrift.prepare.entry import Entry
from evidrift.prepare.params import Split

# Fewer patients of a class in a split say nothing about it.
MIN_PATIENTS = 5

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
        return [_draw(patient_of(entry), params) for entry in entries], "drawn"
    _check_given(entries, given, source)
    splits = [str(entry.split) for entry in entries]
    if "validation" in given:
        return splits, "given"
    share = params.train / (params.train + params.validation)
    for i, entry in enumerate(entries):
        if entry.split == "train" and _u(patient_of(entry), params) >= share:
            splits[i] = "validation"
    return splits, "given, validation drawn from train"


def check_patients(
    entries: Sequence[Entry], splits: Sequence[str], origin: str, classes: Sequence[str], excluded: str
) -> None:
    """Refuse a class with fewer than five patients in a split.

    Args:
        entries: the kept images.
        splits: one an entry.
        origin: where they come from, as `assign_splits` says it.
        classes: all that the source names, also where no image is left.
        excluded: a sentence on what was left out, or "".

    Raises:
        UserError: with the counts of every class concerned.
    """
    counts = count_patients(entries, splits)
    short = [
        f"class {label} has {n} patient{'s' * (n != 1)} in the {split} split"
        for label in classes
        for split in SPLITS
        if (n := counts[split, label]) < MIN_PATIENTS
    ]
    if short:
        raise UserError(
            f"{'; '.join(short)}; {MIN_PATIENTS} are needed. "
            f"Add images, or change {'prepare.split' if origin == 'drawn' else 'the splits of the source'}."
            f"{' ' * bool(excluded)}{excluded}"
        )


def count_patients(entries: Sequence[Entry], splits: Sequence[str]) -> Mapping[tuple[str, str], int]:
    """Number of patients by (split, class); 0 where there are none."""
    seen = {(split, entry.label, patient_of(entry)) for entry, split in zip(entries, splits, strict=True)}
    return Counter((split, label) for split, label, _ in seen)


def _u(patient: str, params: Split) -> float:
    """A number in [0, 1) that depends on the salt and the patient alone: others may come and go."""
    return seed_of("split", params.salt, patient) / 2**32


def _draw(patient: str, params: Split) -> str:
    u = _u(patient, params)
    if u < params.train:
        return "train"
    return "validation" if u < params.train + params.validation else "test"


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
