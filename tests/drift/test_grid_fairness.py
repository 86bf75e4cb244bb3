"""The moved share says the same of the same noise on every grid; the literature's IoU does not."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.grid_fairness import STATED, spreads, table
from evidrift.drift.measuring import averaged

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def stated() -> pd.DataFrame:
    """30 % of every cell's noise drawn anew, on 5x5, 7x7, 8x8 and 14x14."""
    return table([STATED], n=2000, shares=[0.3])


def test_the_moved_share_of_a_fifth_of_the_area_is_equal_on_all_grids(stated):
    found = spreads(stated, "drift").loc[(STATED, "moved_share", 0.3)]
    assert found["spread"] <= 0.02
    # and not because it says nothing: independent maps are 0.8 apart
    assert 0.3 < found["5x5"] < 0.4


def test_iou_at_half_the_maximum_is_not(stated):
    for column in ("drift", "of_scale"):
        assert spreads(stated, column).loc[(STATED, "iou_half_max", 0.3), "spread"] > 0.04


def test_a_map_seen_through_fewer_cells_has_their_means():
    fine = np.arange(16.0).reshape(1, 4, 4) - 1  # one value below 0, which counts as none
    assert averaged(fine, 2)[0].tolist() == [[(0 + 0 + 3 + 4) / 4, (1 + 2 + 5 + 6) / 4], [9.5, 11.5]]
    # three cells over four: each takes one whole and a third of the next
    assert averaged(np.ones((1, 4, 4)), 3) == pytest.approx(np.ones((1, 3, 3)))
    # and a coarser map stays as it is
    assert averaged(fine, 5).tolist() == np.maximum(fine, 0).tolist()
