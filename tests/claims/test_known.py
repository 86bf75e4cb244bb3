"""The best known claim: the recipe's where it answers the question, else that about these checkpoints."""

import numpy as np
import pytest

from evidrift.claims.claim import Claim
from evidrift.claims.known import OPEN, best_known


def claim(estimand, verdict, high=0.5):
    bounds = {"low": high - 0.2, "high": high}
    return Claim(
        "preserved", "exploratory", estimand, "a", "", "layer_cam", "", "t", 3, verdict=verdict, **bounds
    )


@pytest.mark.parametrize(
    ("recipe", "checkpoints", "estimand", "verdict"),
    [
        ("supported", "supported", "recipe", "supported"),
        ("refuted", "supported", "recipe", "refuted"),
        (OPEN, "supported", "these checkpoints", "supported"),
        (OPEN, OPEN, "these checkpoints", OPEN),
    ],
)
def test_the_recipe_speaks_where_it_is_decided(recipe, checkpoints, estimand, verdict):
    found = best_known([claim("recipe", recipe), claim("these checkpoints", checkpoints)])
    assert (found.estimand, found.verdict) == (estimand, verdict)


def test_another_question_may_be_answered_by_an_undecided_claim():
    claims = [claim("recipe", OPEN), claim("these checkpoints", "supported")]
    assert best_known(claims, lambda each: np.isfinite(each.high)).estimand == "recipe"
    claims[0] = claim("recipe", OPEN, high=np.nan)
    assert best_known(claims, lambda each: np.isfinite(each.high)).estimand == "these checkpoints"


def test_without_the_other_there_is_the_one_and_without_any_none():
    assert best_known([claim("recipe", OPEN)]).estimand == "recipe"
    assert best_known([claim("these checkpoints", OPEN)]).estimand == "these checkpoints"
    assert best_known([]) is None
