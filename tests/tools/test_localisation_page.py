"""The tables for people of where the evidence lies."""

import numpy as np
import pandas as pd

from evidrift.compare.findings.localisation import changes, localisation
from tests.compare.findings.test_localisation import TABLE
from tools.localisation_page import markdown


def test_the_table_for_people_marks_what_is_shown():
    numbers = {"n_patients": 30, "n_images": 30, "n_left_out": 0}
    same = {"arch": "x", "layer": "penultimate", "method": "grad_cam", "measure": "finding", **numbers}
    localised = pd.DataFrame(
        [
            {**same, "checkpoint": "tl", "mean": 0.12, "low": 0.08, "high": 0.16, "above_low": -0.02}
            | {"random": 0.1, "ratio": 1.2},
            {**same, "checkpoint": "ft", "mean": 0.3, "low": 0.25, "high": 0.35, "above_low": 0.15}
            | {"random": 0.1, "ratio": 3.0},
        ]
    )
    changed = pd.DataFrame([{**same, "tl": 0.12, "ft": 0.3, "change": 0.18, "low": 0.1, "high": 0.26}])
    text = markdown(localised, changed, "penultimate", "finding")
    assert text.splitlines() == [
        "| architecture | method | random | tl | ft | tl / random | ft / random | ft - tl | patients |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| x | grad_cam | 0.100 | 0.120 [0.080, 0.160] | **0.300 [0.250, 0.350]** | 1.20 | 3.00 "
        "| **+0.180 [+0.100, +0.260]** | 30 |",
    ]


def test_the_table_for_people_says_nothing_of_other_layers_and_measures():
    lines = markdown(localisation(TABLE), changes(TABLE), "penultimate", "hit").splitlines()
    assert len(lines) == 3
    assert "0.375" in lines[2]
    assert len(markdown(localisation(TABLE), changes(TABLE), "last", "hit").splitlines()) == 2


def test_a_method_without_numbers_has_dashes_in_the_table():
    table = TABLE.assign(finding=np.nan)
    text = markdown(localisation(table), changes(table), "penultimate", "finding")
    assert text.splitlines()[2] == "| x | grad_cam | - | - | - | - | - | - | 0 |"
