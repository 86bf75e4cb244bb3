"""Drift's memory must not grow with the images by more than the rows that it writes."""

import tracemalloc

from evidrift.drift import measuring, pairs
from evidrift.drift.params import Drift
from evidrift.drift.table import pieces
from tests.drift.study import architecture

PARAMS = Drift(area=0.2, curve=[0.05], draws=10, seed=0)
# Of a row: its pair, its columns and its measures, some of them twice for a moment. What is known of a map
# takes 75 kB, of an image's two maps over its 21 rows 7,000 bytes a row: no map may be kept.
BYTES = 1000


def measured(n: int) -> tuple[int, int]:
    """Rows of the drift table of n images, and the most memory that making it took."""
    maps = architecture(seeds=(1,), patients=[f"p{k}" for k in range(n)], methods=[("last", "grad_cam")])
    tracemalloc.start()
    try:
        rows = sum(len(columns["thin"]) for _, columns in pieces(maps, PARAMS) if "thin" in columns)
        return rows, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_drift_keeps_no_maps_of_groups_that_are_done(monkeypatch):
    monkeypatch.setattr(pairs, "GROUP", 25)
    monkeypatch.setattr(pairs, "MIN_PATIENTS", 20)
    monkeypatch.setattr(measuring, "AT_ONCE", 1)
    (few_rows, few_bytes), (many_rows, many_bytes) = measured(100), measured(400)
    assert many_bytes - few_bytes < BYTES * (many_rows - few_rows)
