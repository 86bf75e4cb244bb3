"""What becomes of Python's and numpy's values in a JSON file."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from evidrift.base.json import nested, nested_rows, plain, write_json


class Change(NamedTuple):
    estimate: float
    low: float


def test_floats_are_rounded_and_what_is_not_finite_is_null():
    content = {"a": [0.123456, float("nan")], "b": (float("inf"), -1 / 3), "c": {"d": np.float32(0.5)}}
    assert plain(content, 4) == {"a": [0.1235, None], "b": [None, -0.3333], "c": {"d": 0.5}}


def test_everything_else_stays_what_it_is():
    found = plain({"n": np.int64(3), "yes": np.bool_(True), "no": False, "text": "x", "none": None}, 2)
    assert found == {"n": 3, "yes": True, "no": False, "text": "x", "none": None}
    assert [type(value) for value in found.values()] == [int, bool, bool, str, type(None)]


def test_a_named_tuple_is_a_mapping():
    assert plain([Change(0.126, float("nan"))], 2) == [{"estimate": 0.13, "low": None}]


def test_the_file_is_readable_ends_with_a_newline_and_its_folder_is_made(tmp_path):
    write_json(tmp_path / "new" / "a.json", {"b": [1], "a": None})
    assert (tmp_path / "new" / "a.json").read_bytes() == b'{\n  "b": [\n    1\n  ],\n  "a": null\n}\n'


def test_nan_never_gets_into_a_file(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"a": float("nan")})


def test_rows_are_nested_by_the_words_in_their_keys():
    table = pd.DataFrame({"arch": ["a", "a", "b"], "seed": [1, 2, 1], "mean": [0.5, 0.25, 0.75], "sd": 0.0})
    found = nested_rows(table, ("arch", "seed"), ["mean"])
    assert found == {"a": {"1": {"mean": 0.5}, "2": {"mean": 0.25}}, "b": {"1": {"mean": 0.75}}}
    assert nested([(("a", "b"), 1), (("c",), 2), (("a", "d"), 3)]) == {"a": {"b": 1, "d": 3}, "c": 2}
