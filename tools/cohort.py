"""Say before a run how many patients are likely to count.

    python -m tools.cohort params.yaml        as `make repro` does

An image counts if both checkpoints of every architecture and seed get it right (docs/design.md, Cohorts), so
that each further training can only take some away. What can be said depends on what is there: the test split,
once `prepare` has run with these parameters, and the errors of the trainings that are done. Where all are,
nothing is printed: the study's own tables say it.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import yaml

from evidrift.base.errors import UserError, run
from evidrift.base.grid import load_grid
from evidrift.base.section import read_params
from evidrift.base.table import read_checked
from evidrift.compare.params import load_compare
from evidrift.images.store import MANIFEST, require_listed
from evidrift.networks.files import LOGIT, PREDICTION_COLUMNS, PREDICTIONS, STAGES

CHECKPOINTS = ("tl", "ft")
ASSUMED = 0.9  # share of films that a checkpoint gets right, where none is trained
LOCK = Path("dvc.lock")


class Expected(NamedTuple):
    """How many patients may count.

    Attributes:
        low, high: of them; the same where one figure can be given.
        ground: what that rests on, for people.
    """

    low: float
    high: float
    ground: str


def expected(patients: pd.Series, right: Mapping[str, np.ndarray], missing: int) -> Expected:
    """How many patients the common cohort will have when the missing trainings are done.

    With none done, checkpoints are taken to be right in nine of ten images: if all err on the same ones, that
    many count, and if each errs by itself, the share is a power of it. With one done, the others may err on
    its own images, or by themselves. With two or more, each of the missing ones is taken to leave the share
    that, on average, a finished one leaves of the images that the other finished ones have in common.

    Args:
        patients: of each test image.
        right: by finished training, whether both its checkpoints get the image right, (n,) bool.
        missing: trainings that are not done.
    """
    if not right:
        ground = f"if each is right in {10 * ASSUMED:.0f} of 10, each on films of its own or all on the same"
        n = patients.nunique()
        return Expected(n * ASSUMED ** (len(CHECKPOINTS) * missing), n * ASSUMED, ground)
    table = np.array(list(right.values()))
    common = table.all(axis=0)
    n = patients[common].nunique()
    done = f"{n} count under what is trained"
    if len(table) == 1:
        return Expected(
            n * common.mean() ** missing,
            n,
            f"{done}; the others may err on films of their own or on the same",
        )
    without = [np.delete(table, at, axis=0).all(axis=0).sum() for at in range(len(table))]
    kept = np.mean([common.sum() / n_without if n_without else 0.0 for n_without in without])
    likely = n * kept**missing
    return Expected(likely, likely, f"{done}, of which each further training may leave {100 * kept:.0f} %")


def told(
    patients: pd.Series, labels: pd.Series, right: Mapping[str, np.ndarray], total: int, least: int
) -> str:
    """The sentences.

    Args:
        patients: of each test image.
        labels: likewise.
        right: see `expected`.
        total: trainings of the grid.
        least: `compare.min_patients`.
    """
    counts = labels.value_counts(sort=False).sort_index(kind="stable").sort_values(kind="stable")
    found = expected(patients, right, total - len(right))
    low, high = round(found.low), round(found.high)
    between = f"about {high}" if low == high else f"between {low} and {high}"
    lines = [
        f"Before the run: {between} of {patients.nunique()} test patients are likely to count, those with a "
        f"film that all {len(CHECKPOINTS) * total} checkpoints get right ({found.ground}). The smallest "
        f"class is {counts.index[0]}, with {counts.iloc[0]} test films."
    ]
    if low < least:
        surely = "would be" if high < least else "may be"
        lines.append(
            f"compare.min_patients is {least}: nothing {surely} decided. What helps: more test films, fewer "
            "seeds or architectures, or networks that get more of them right."
        )
    return "\n".join(lines)


def read_right(models: Path, images: pd.DataFrame, trainings: list[tuple[str, int]]) -> dict[str, np.ndarray]:
    """By finished training, which of the test images both its checkpoints get right.

    Args:
        models: the folder of models.
        images: image_id and label of the test split.
        trainings: architectures and seeds of the grid. Of one whose files are damaged or hold other images
            nothing is known.
    """
    found = {}
    for arch, seed in trainings:
        paths = [models / arch / str(seed) / checkpoint / PREDICTIONS for checkpoint in CHECKPOINTS]
        try:
            tables = [
                read_checked(path, PREDICTION_COLUMNS, STAGES[path.parent.name]).to_pandas() for path in paths
            ]
        except UserError:  # missing or damaged: the stage that reads it says so
            continue
        if all(table["image_id"].tolist() == images["image_id"].tolist() for table in tables):
            found[f"{arch} seed {seed}"] = np.all([_right(table) for table in tables], axis=0)
    return found


def _right(table: pd.DataFrame) -> np.ndarray:
    logits = table[[name for name in table.columns if name.startswith(LOGIT)]]
    return logits.to_numpy().argmax(axis=1) == [
        logits.columns.get_loc(f"{LOGIT}{label}") for label in table["label"]
    ]


def is_listed(manifest: Path) -> bool:
    """Whether the prepared images are there, and whole."""
    try:
        require_listed(manifest)
    except UserError:
        return False
    return True


def prepared_as(params: Path, lock: Path) -> bool:
    """Whether the prepared images are of these parameters, as far as dvc.lock knows."""
    if not lock.is_file():
        return False
    stages = yaml.load(lock.read_text(encoding="utf-8"), yaml.CSafeLoader)["stages"]
    used = stages.get("prepare", {}).get("params", {}).get("params.yaml", {})
    return used.get("prepare") == read_params(params)["prepare"]


def main() -> None:
    """Print it for a parameter file, in the folder of the study."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("params", type=Path)
    params = parser.parse_args().params
    grid, least = load_grid(params), load_compare(params).min_patients
    trainings = [(arch, seed) for arch in grid.architectures for seed in grid.seeds]
    manifest = Path("data/images") / MANIFEST
    if not (is_listed(manifest) and prepared_as(params, LOCK)):
        checkpoints = len(CHECKPOINTS) * len(trainings)
        print(
            f"Before the run: a test film counts if all {checkpoints} checkpoints get it right, and "
            f"compare.min_patients asks for {least} patients. How many test films there are is known after "
            "`dvc repro prepare`."
        )
        return
    images = pd.read_csv(manifest, dtype=str, keep_default_na=False).query("split == 'test'")
    right = read_right(Path("models"), images, trainings)
    if len(right) < len(trainings):
        print(told(images["patient_id"], images["label"], right, len(trainings), least))


if __name__ == "__main__":
    run(main)
