"""Which images an architecture's panel shows: by rule, so that nobody picks the pretty ones.

The images are put in order of drift: the moved share, method LayerCAM, layer `penultimate`, one
seed. Of those right in both checkpoints the panel takes evenly spaced places, from the largest drift to
the smallest, so that three show the largest, the median and the smallest. If fine-tuning made an image
wrong, the one of these with the largest drift takes the last place.
"""

from typing import NamedTuple

import pandas as pd

from evidrift.measures.of_pairs import MOVED_SHARE

METHOD, LAYER = "layer_cam", "penultimate"
KEPT_RIGHT, MADE_WRONG = "right before and after", "right before and wrong after"


class Choice(NamedTuple):
    """An image for the panel, and why it is there."""

    image_id: str
    reason: str


def choose_cases(table: pd.DataFrame, seed: int, n: int) -> list[Choice]:
    """At most n images of one architecture, in the order in which the panel shows them.

    Args:
        table: the architecture's drift table.
        seed: the one whose maps will be shown.
        n: places in the panel.
    """
    shown = shown_pairs(table, seed)
    shown = shown[shown["status"] == "ok"]
    # Ties go by name, so that the choice does not depend on the order of rows.
    shown = shown.astype({"image_id": str}).sort_values([MOVED_SHARE, "image_id"], ascending=[False, True])
    regressed = shown.loc[shown["cohort"] == "regressed", "image_id"].tolist()
    right = shown.loc[shown["cohort"] == "right", "image_id"].tolist()

    last = [Choice(image_id, _reason(0, len(regressed), MADE_WRONG)) for image_id in regressed[: min(1, n)]]
    first = [
        Choice(right[at], _reason(at, len(right), KEPT_RIGHT)) for at in _spaced(len(right), n - len(last))
    ]
    return first + last


def shown_pairs(table: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Rows of a drift table that panels are about: tl against ft of one seed, METHOD at LAYER."""
    return table[
        (table["pair_kind"] == "drift")
        & (table["method"] == METHOD)
        & (table["layer"] == LAYER)
        & (table["seed_before"] == seed)
    ]


def _spaced(n: int, places: int) -> list[int]:
    """Evenly spaced indices into n things, first and last among them; the middle one if only one."""
    if n <= places:
        return list(range(n))
    if places < 2:
        return [(n - 1) // 2] * places
    return [at * (n - 1) // (places - 1) for at in range(places)]


def _reason(at: int, n: int, cohort: str) -> str:
    """In words, place `at` in the order of drift of n images."""
    if n == 1:
        return f"the only image {cohort}"
    names = {(n - 1) // 2: "median", n - 1: "smallest", 0: "largest"}
    place = f"{names[at]} drift" if at in names else f"number {at + 1} by drift"
    return f"{place} of {n} images {cohort}"
