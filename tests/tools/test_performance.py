"""The benchmark's own arithmetic, and that its two ways through drift give the same columns."""

from statistics import median

import numpy as np
import pytest

from benchmarks.performance.__main__ import END, START, write
from benchmarks.performance.drifting import against_a_loop
from benchmarks.performance.measuring import Line, require_close, table
from evidrift.base.errors import UserError


def test_the_loop_over_pairs_measures_what_drift_measures():
    (line,) = against_a_loop(rounds=1, n_images=20, every=50)
    assert median(line.wall) > 0


def test_results_that_differ_are_refused():
    require_close("maps", np.array([1.0, 2.0]), np.array([1.0, 2.001]), 1e-3)
    with pytest.raises(ValueError, match=r"maps: the two sides differ by 0\.5"):
        require_close("maps", np.array([1.0, 1.0]), np.array([1.0, 2.0]), 1e-3)
    with pytest.raises(ValueError, match="nan"):
        require_close("maps", np.array([np.nan]), np.array([1.0]), 1e-3)


def test_the_table_takes_the_place_of_the_page_s_own(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"above\n{START}old\n{END}below\n")
    write(page, table([Line("drift", "ours", "theirs", (1.0, 4.0, 2.0), (1.0, 1.0, 1.0), 3)]))
    text = page.read_text()
    assert "| ours | theirs | **2.00** (1.00 to 4.0) | 1.00 | 3 |" in text
    assert "old" not in text
    assert text.startswith("above")
    assert text.endswith("below\n")


def test_a_page_without_a_place_for_the_table_is_refused(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("nothing\n")
    with pytest.raises(UserError, match="has no lines"):
        write(page, "")
