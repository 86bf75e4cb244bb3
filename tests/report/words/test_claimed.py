"""Drift and claims as tables show them."""

import pandas as pd
import pytest

from evidrift.claims.claim import Claim
from evidrift.compare.output import claim_table
from evidrift.report.words.claimed import led_by, reversals, together, with_bounds

NAN = float("nan")


def test_an_interval_is_the_recipes_where_it_is_known_else_that_of_these_checkpoints():
    rows = pd.DataFrame(
        {
            "low": [0.1, NAN],
            "high": [0.5, NAN],
            "fixed_low": [0.2, 0.2],
            "fixed_high": [0.4, 0.4],
            **{
                f"{fixed}{part}_{end}": [NAN, NAN]
                for fixed in ("", "fixed_")
                for part in ("shared", "over_scale")
                for end in ("low", "high")
            },
        }
    )
    assert with_bounds(rows)[["low", "high"]].to_numpy().tolist() == [[0.1, 0.5], [0.2, 0.4]]
    assert with_bounds(rows, recipe=False)[["low", "high"]].to_numpy().tolist() == [[0.2, 0.4], [0.2, 0.4]]


def difference(method: str, estimate: float) -> Claim:
    return Claim(
        *("difference", "exploratory", "recipe", "a", "b", method, "", "t", 3),
        estimate=estimate,
        low=estimate - 0.1,
        high=estimate + 0.2,
    )


def test_a_difference_is_a_lead_of_the_more_stable_one_with_the_interval_turned():
    # drift of a minus that of b: above 0, b is the more stable
    found = led_by(claim_table([difference("m", 0.3), difference("n", -0.3)]))
    assert found["first"].tolist() == ["b", "a"]
    assert found["second"].tolist() == ["a", "b"]
    assert found["lead"].tolist() == [0.3, 0.3]
    assert found["lead_low"].tolist() == pytest.approx([0.2, 0.1])
    assert found["lead_high"].tolist() == pytest.approx([0.5, 0.4])


def test_a_reversal_says_who_leads_under_either_method():
    claim = Claim("reversal", "primary", "recipe", "a", "b", "m", "n", "t", 3, n_claims=3)
    every = [claim, difference("m", 0.3), difference("n", -0.2)]
    (row,) = reversals(claim_table([claim]), claim_table(every)).to_dict("records")
    assert (row["here"], row["here_lead"], row["there"], row["there_lead"]) == ("b", 0.3, "a", 0.2)
    (alone,) = reversals(claim_table([claim]), claim_table([claim])).to_dict("records")
    assert pd.isna(alone["here"]) and pd.isna(alone["there_lead"])


def test_it_is_said_how_many_intervals_hold_together():
    claim = Claim("reversal", "primary", "recipe", "a", "b", "m", "n", "t", 3, n_claims=3)
    assert together(claim_table([claim])) == "the intervals of all 3 hold together at 95 %"
    assert together(claim_table([])) == "95 % interval"
