"""The paper's own quantities beside ours, as its figure 2 shows them (arXiv 2604.08513).

It takes the mean IoU at half the maximum over each architecture's own true positives. So each architecture is
judged on other images, by sets whose size depends on the grid and on single cells (docs/measures.md), and
with nothing beside it. Ours is drift, the moved share of the strongest fifth, on images that count for all.
"""

import numpy as np
import pandas as pd

from evidrift.base.schema import Schema, columns, framed
from evidrift.measures.of_pairs import MOVED_SHARE

MEASURE = "iou_half_max"
# Its figure 2, one training each.
PUBLISHED = {
    ("inceptionv3", "layer_cam"): 0.777,
    ("inceptionv3", "grad_cam_pp"): 0.643,
    ("densenet201", "layer_cam"): 0.699,
    ("densenet201", "grad_cam_pp"): 0.690,
    ("resnet50v2", "layer_cam"): 0.519,
    ("resnet50v2", "grad_cam_pp"): 0.383,
}
PAPER: Schema = (
    columns(str, "", "arch", "method")
    | columns(np.float64, "0 to 1", "iou", "iou_sd", "published")
    | columns(np.float64, "of a seed, mean over seeds", "n_images")
    | columns(np.int64, "1 is the most stable", "place")
    | columns(np.float64, "moved share", "drift", "low", "high")
    | columns(np.int64, "", "n_common")
    | columns(np.int64, "by drift, 1 is the most stable", "place_by_drift")
)


def paper_table(pairs: pd.DataFrame, drift: pd.DataFrame, layer: str) -> pd.DataFrame:
    """The paper's quantities and ours.

    Args:
        pairs: drift tables.
        drift: from `findings.drift.summarise`, in the grid's order.
        layer: that conclusions rest on.

    Returns:
        A row per method and architecture: `iou`, mean over seeds of the mean IoU at half the maximum over
        the images that the seed's two checkpoints both get right; `iou_sd`, over seeds, none with one;
        `published` where the paper has it; `place` among the method's architectures, 0 without a value; and
        drift on the common cohort, with the 95 % interval of the recipe.
    """
    at = (pairs["layer"] == layer) & (pairs["pair_kind"] == "drift") & (pairs["cohort"] == "right")
    seeds = (
        pairs[at].groupby(["method", "arch", "seed_before"], observed=True)[MEASURE].agg(["mean", "count"])
    )
    own = seeds.astype(float).groupby(level=["method", "arch"], observed=True)
    means, spread = own.mean(), own["mean"].std(ddof=1)
    ours = drift[(drift["layer"] == layer) & (drift["measure"] == MOVED_SHARE)]
    rows = [
        {
            "arch": row.arch,
            "method": row.method,
            "iou": means["mean"].get((row.method, row.arch), np.nan),
            "iou_sd": spread.get((row.method, row.arch), np.nan),
            "published": PUBLISHED.get((row.arch, row.method), np.nan),
            "n_images": means["count"].get((row.method, row.arch), 0.0),
            "drift": row.mean,
            "low": row.low,
            "high": row.high,
            "n_common": row.n_images,
        }
        for row in ours.sort_values("method", kind="stable").itertuples()
    ]
    table = pd.DataFrame(rows, columns=[name for name in PAPER if not name.startswith("place")])
    places = {"place": -table["iou"], "place_by_drift": table["drift"]}
    for name, values in places.items():
        table[name] = values.groupby(table["method"]).rank(method="min").fillna(0)
    return framed(table.to_dict("records"), PAPER)
