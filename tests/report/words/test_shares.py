"""What an audit's page shows of one method, it shows everywhere: as badge, in the table and in the chart."""

from types import SimpleNamespace

import pandas as pd
import pytest

from evidrift.auditing.words import moved_verdict
from evidrift.claims.claim import Claim
from evidrift.claims.known import OPEN
from evidrift.compare.output import claim_table
from evidrift.report.words.shares import UNKNOWN, movements


def claims(recipe: dict[str, str], checkpoints: dict[str, str]) -> list[Claim]:
    """Claims that the evidence moved, by method, with another interval for each estimand."""
    return [
        Claim("moved", estimand, "model", "", method, "", "t", 3, low=low, high=low + 0.2, verdict=verdict)
        for estimand, low, verdicts in (("recipe", 0.1, recipe), ("these checkpoints", 0.3, checkpoints))
        for method, verdict in verdicts.items()
    ]


# Three models after, two methods, the recipe decided for the second alone.
MADE = claims(
    {"grad_cam": OPEN, "layer_cam": "supported"}, {"grad_cam": "supported", "layer_cam": "supported"}
)


@pytest.mark.parametrize(("method", "low"), [("grad_cam", 0.3), ("layer_cam", 0.1)])
def test_badge_table_and_chart_of_an_audit_speak_of_one_claim(method, low):
    shown = movements(claim_table(MADE), "audit")["model", method]
    badge = moved_verdict(SimpleNamespace(claims=MADE), method)
    assert badge == shown.verdict == "supported"
    assert shown.interval({}) == (low, pytest.approx(low + 0.2))


def test_a_study_asks_about_its_recipes_alone():
    shown = movements(claim_table(MADE), "study")
    assert {method: each.verdict for (_, method), each in shown.items()} == {
        "grad_cam": OPEN,
        "layer_cam": "supported",
    }


def test_without_an_interval_that_of_these_checkpoints_stands():
    row = {"fixed_low": 0.4, "fixed_high": 0.6}
    assert UNKNOWN.interval(row) == (0.4, 0.6)
    assert movements(claim_table([]), "audit") == {}
    assert isinstance(claim_table([]), pd.DataFrame)
