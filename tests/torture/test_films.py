"""Hostile films and lists, as `make torture` makes them, only smaller."""

import pytest

from tools.torture.films import run


@pytest.mark.slow
def test_every_hostile_film_and_list_is_left_out_or_refused_within_bounds():
    rows = run(full=False)
    assert len(rows) > 40
    assert [row for row in rows if not row.well] == []
