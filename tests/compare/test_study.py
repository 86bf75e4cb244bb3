"""A study read from the files that the stages leave."""

from dataclasses import fields

import pandas as pd
import pytest

from evidrift.base.errors import UserError
from evidrift.base.grid import Grid
from evidrift.base.table import read_table, write_table
from evidrift.compare.study import read_study
from evidrift.drift.tables import SCHEMAS
from tests.compare.studies import study_of, write_study
from tests.drift.study import architecture

ARCHITECTURES = ("densenet_mini", "resnetv2_mini")
GRID = Grid(architectures=list(ARCHITECTURES), seeds=[1, 2], families=["cam"])


@pytest.fixture
def written(tmp_path):
    """A study in memory, and its files."""
    maps = [architecture(name) for name in ARCHITECTURES]
    study = study_of(*maps)
    return study, write_study(tmp_path, study, maps)


def same(one, other):
    if isinstance(one, pd.DataFrame):
        return one.astype(str).equals(other.astype(str))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if hasattr(one, "values"):  # logits
        return (one.values == other.values).all() and (one.image_ids == other.image_ids).all()
    return one == other


def test_a_study_is_read_back_as_it_is_in_memory(written):
    study, files = written
    found = read_study(GRID, files)
    for field in fields(study):
        one, other = getattr(study, field.name), getattr(found, field.name)
        if field.name in ("checks", "reliance"):
            assert all(map(same, one, other))
        else:
            assert same(one, other), field.name


@pytest.mark.parametrize(
    "folder",
    [
        "drift",
        "checks",
        "reliance",
        "trajectory",
        "models/densenet_mini",
        "metrics/finetune",
        "plots/train_tl",
    ],
)
def test_a_file_outside_the_grid_stops_the_comparison(written, tmp_path, folder):
    (tmp_path / folder / "dropped").touch()
    with pytest.raises(UserError, match=f"{folder}/dropped is outside the grid.*make prune"):
        read_study(GRID, written[1])


def test_a_missing_file_is_named_with_the_command_that_makes_it(written, tmp_path):
    (tmp_path / "metrics/train_tl/resnetv2_mini-2.json").unlink()
    with pytest.raises(UserError, match=r"train_tl/resnetv2_mini-2.json is missing. `dvc repro` makes it."):
        read_study(GRID, written[1])


def test_the_drift_tables_have_the_columns_of_their_schemas_and_other_areas(written):
    for name, schema in SCHEMAS.items():
        found = read_table(written[1].drift / "densenet_mini" / name, "drift").column_names
        assert [column for column in found if column in schema] == list(schema)
        assert all(column.startswith("moved_share_") for column in set(found) - set(schema))


def test_a_drift_table_of_other_code_is_named_with_the_column_that_it_lacks(written, tmp_path):
    path = tmp_path / "drift/densenet_mini/pairs.parquet"
    table = read_table(path, "drift")
    write_table(path, {name: table[name].combine_chunks() for name in table.column_names if name != "thin"})
    with pytest.raises(UserError, match=r"pairs.parquet has no column thin. The stage drift writes it"):
        read_study(GRID, written[1])
