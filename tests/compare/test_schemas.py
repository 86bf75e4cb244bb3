"""Each table of a result against the schema that stands beside the function that makes it."""

from dataclasses import fields

import pandas as pd
import pytest

from evidrift.base.table import read_csv
from evidrift.check.marks import MARKS
from evidrift.claims.orders import ORDERS, TAUS
from evidrift.compare.findings.associations import ASSOCIATIONS
from evidrift.compare.findings.cohorts import COHORTS, LEFT_OUT, STATUS_COUNTS
from evidrift.compare.findings.confusion import CLASSES, CONFUSION
from evidrift.compare.findings.drift import DRIFT
from evidrift.compare.findings.localisation import LOCALISATION, MOVES
from evidrift.compare.findings.models import MODELS
from evidrift.compare.findings.multiverse import MULTIVERSE, ROBUSTNESS
from evidrift.compare.findings.opinions import RANK_AGREEMENT
from evidrift.compare.findings.paper import PAPER
from evidrift.compare.findings.ranking import MEDIAN_AGREEMENT
from evidrift.compare.findings.reliance import CASES, answers
from evidrift.compare.output import write_tables
from evidrift.compare.result import Result, compare
from evidrift.compare.summary import TEXT
from evidrift.reliance.summary import CHANGES, RELIANCE, SPIKED
from tests.compare.studies import rules, study_of
from tests.compare.test_conclusions import PAIR, moving

SCHEMAS = {
    "drift": DRIFT,
    "statuses": STATUS_COUNTS,
    "cohorts": COHORTS,
    "left_out": LEFT_OUT,
    "paper": PAPER,
    "models": MODELS,
    "agreement": MEDIAN_AGREEMENT,
    "multiverse": MULTIVERSE,
    "robustness": ROBUSTNESS,
    "orders": ORDERS,
    "taus": RANK_AGREEMENT | TAUS,
    "marks": MARKS,
    "localisation": LOCALISATION,
    "moves": MOVES,
    "confusion": CONFUSION,
    "classes": CLASSES,
    "associations": ASSOCIATIONS,
}


@pytest.fixture(scope="module")
def planted():
    return compare(study_of(*map(moving, PAIR)), rules(4))


def dtype_of(values):
    text = isinstance(values.dtype, pd.CategoricalDtype) or pd.api.types.is_string_dtype(values)
    return str if text else values.dtype.type


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_table_of_a_result_is_as_its_schema_says(planted, name):
    table = getattr(planted, name)
    assert list(table.columns) == list(SCHEMAS[name])
    assert len(table)
    assert {column: dtype_of(table[column]) for column in table.columns} == {
        column: dtype for column, (dtype, _) in SCHEMAS[name].items()
    }


@pytest.mark.parametrize(
    ("name", "schema"), [("regions", RELIANCE), ("changes", CHANGES), ("spikes", SPIKED), ("cases", CASES)]
)
def test_the_tables_of_reliance_are_as_their_schemas_say_with_rows_or_without(planted, name, schema):
    for tables in (planted.reliance, answers(None)):
        table = getattr(tables, name)
        assert {column: dtype_of(table[column]) for column in table.columns} == {
            column: dtype for column, (dtype, _) in schema.items()
        }
    assert len(getattr(planted.reliance, name))


def test_the_schemas_are_those_of_all_tables_of_a_result():
    frames = {field.name for field in fields(Result) if field.type is pd.DataFrame}
    assert frames == set(SCHEMAS)


def test_columns_of_text_are_known_to_whoever_reads_the_tables(planted, tmp_path):
    """Else a class called 007 comes back as 7."""
    for path in write_tables(tmp_path, planted):
        names = path.read_text().splitlines()[0].split(",")
        table = read_csv(path, TEXT)
        for name in set(names) & set(TEXT):
            assert {type(value) for value in table[name].dropna()} <= {str}
        for name in set(names) - set(TEXT):
            assert pd.api.types.is_numeric_dtype(table[name]) or table[name].isna().all(), (path.name, name)


def test_names_in_a_table_come_back_as_they_were_written(tmp_path):
    names = [
        "None",
        "NA",
        "nan",
        "null",
        "0",
        "007",
        "1e5",
        "True",
        " x ",
        'a"b',
        "a,b",
        "=1+1",
        "\u202e",
        "<b>",
    ]
    frame = pd.DataFrame({"label": names, "n": range(len(names))})
    frame.to_csv(tmp_path / "table.csv", index=False, lineterminator="\n")
    again = read_csv(tmp_path / "table.csv", TEXT)
    assert again["label"].tolist() == names
    assert again["n"].tolist() == frame["n"].tolist()
