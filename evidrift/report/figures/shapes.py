"""The shape that films had before they were squashed or padded into the store's squares."""

from pathlib import Path

import numpy as np
import pandas as pd

from evidrift.base.errors import UserError
from evidrift.images.store import MANIFEST, require_listed


def film_shapes(store: Path, image_ids: np.ndarray) -> np.ndarray:
    """Width and height of each film as it was read, px, (n, 2) int64.

    Args:
        store: the prepared store, beside which its manifest lies.
        image_ids: (n,) str.

    Raises:
        UserError: the manifest is missing or damaged, or does not have one of them.
    """
    manifest = store.with_name(MANIFEST)
    require_listed(manifest)
    table = pd.read_csv(manifest, dtype=str, keep_default_na=False).set_index("image_id")
    if missing := sorted(set(image_ids) - set(table.index)):
        raise UserError(
            f"{manifest} has no row for {missing[0]}, which {store} holds. They must be of one run."
        )
    return table.loc[image_ids, ["width", "height"]].to_numpy(dtype=np.int64)
