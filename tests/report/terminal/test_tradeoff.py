import io

from evidrift.report.terminal.tables import console
from evidrift.report.terminal.tradeoff import print_tradeoff
from evidrift.tradeoff.points import PLAIN, Point
from evidrift.tradeoff.table import weigh
from tests.tradeoff.made import OCCLUSION, RULES, SWEEP, checks_of, evidence_of


def printed(truth, **how) -> str:
    evidence = evidence_of(truth, **how)
    weighed = weigh(evidence, dict.fromkeys(evidence.points, checks_of()), RULES, {})
    file = io.StringIO()
    print_tradeoff(weighed.points, weighed.judges, console(file))
    return file.getvalue()


def test_every_point_is_told_and_who_agrees_with_the_methods():
    text = printed(SWEEP, n=1500, noise=0.003, other={("maps", OCCLUSION): 0.4})
    lines = [line.split() for line in text.splitlines()]
    told = [line[1] for line in lines if line[:1] == ["maps"]]
    assert told == ["low", "mid", "high"] * 2
    (maps_high,) = [line for line in lines if line[:2] == ["maps", "high"] and line[-1].isalpha()]
    assert maps_high[-6:] == ["no", "-", "-", "yes", "yes", "cosmetic"]


def test_without_methods_there_is_no_question():
    assert "Below the dials" not in printed({PLAIN: (0.9, 0.4), Point("rate", "low"): (0.9, 0.2)})
