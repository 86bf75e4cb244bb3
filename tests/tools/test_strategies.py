"""The tool that writes the tables of docs/results/strategies.md, on made-up sweeps with known answers."""

import sys
from itertools import pairwise

import pytest
import yaml

from evidrift.base.table import write_frame
from evidrift.tradeoff.curve import curve_of
from evidrift.tradeoff.evidence import FILE, PRIMARY, write_evidence
from evidrift.tradeoff.points import PLAIN, Point
from evidrift.tradeoff.table import JUDGE_COLUMNS, JUDGES, POINT_COLUMNS, POINTS, weigh
from tests.places import ROOT
from tests.tradeoff.made import HIGH, LOW, MID, OCCLUSION, RULES, SWEEP, checks_of, evidence_of
from tools.strategies.__main__ import main, tenth_of_the_rate
from tools.strategies.answers import answers_of
from tools.strategies.ranking import orders_of, ranking_answer

TENTH = Point("rate", MID)
FOCAL = {Point("focal", strength): (0.9, 0.4) for strength in (LOW, MID, HIGH)}
PARAMS = yaml.safe_load((ROOT / "params.yaml").read_text()) | {
    "tradeoff": {
        "architectures": ["first", "second"],
        "strategies": ["rate", "wise", "maps"],
        "strengths": [LOW, MID, HIGH],
    },
    "finetune": {"first": {"batchnorm": "inference"}, "second": {"batchnorm": "update"}},
    "strategies": {"rate": {LOW: {"factor": 0.3}, MID: {"factor": 0.1}, HIGH: {"factor": 0.03}}},
}


def answered(truth, question, version="drift", **how):
    curve = curve_of(evidence_of(truth, n=600, **how))
    return next(
        each
        for each in answers_of(curve, TENTH, RULES)
        if (each.question, each.version) == (question, version)
    )


@pytest.mark.parametrize(
    ("rate", "verdict"),
    [
        ((0.95, 0.1), "supported"),
        ((0.9, 0.3), "refuted"),
        ((0.8, 0.1), "refuted"),
        ((0.9, 0.2), "not decidable"),
    ],
    ids=["half is gone at no cost", "a quarter is gone", "ten points are lost", "on the line"],
)
@pytest.mark.parametrize("version", ["drift", "shared"])
def test_a_tenth_of_the_rate_must_take_half_of_the_drift_and_keep_the_accuracy(rate, verdict, version):
    assert answered({PLAIN: (0.9, 0.4), TENTH: rate}, "T1", version).verdict == verdict


def test_nothing_is_said_of_what_the_sweep_has_not():
    evidence = evidence_of({PLAIN: (0.9, 0.4), TENTH: (0.9, 0.1), Point("maps", HIGH): (0.9, 0.2)})
    assert {each.question for each in answers_of(curve_of(evidence), TENTH, RULES)} == {"T1", "T3"}
    assert {each.question for each in answers_of(curve_of(evidence), None, RULES)} == {"T3"}


@pytest.mark.parametrize(("n", "verdict"), [(300, "not decidable"), (1200, "supported")])
def test_predictions_that_never_differ_are_decided_by_how_many_films_say_so(n, verdict):
    """Student's interval of no differences is a point; 300 films do not exclude a loss of 1 in 100."""
    evidence = evidence_of({PLAIN: (0.9, 0.4), TENTH: (0.9, 0.1)}, n=n)
    evidence.right[TENTH][:] = evidence.right[PLAIN]
    answer = answers_of(curve_of(evidence), TENTH, RULES)[0]
    accuracy = answer.candidates[0].conditions[1]
    assert accuracy.value == 0
    assert accuracy.low < 0 < accuracy.high
    assert accuracy.verdict == verdict


def test_wise_lies_below_the_curve_where_it_does():
    assert answered(SWEEP, "T2").verdict == "supported"
    on_the_line = SWEEP | {Point("wise", at): (0.9, 0.45) for at in (LOW, MID, HIGH)}
    assert answered(on_the_line, "T2").verdict == "refuted"


def test_maps_that_only_layer_cam_sees_kept_is_cosmetic():
    truth = {PLAIN: (0.9, 0.4), Point("maps", HIGH): (0.95, 0.1)}
    honest = answered(truth, "T3")
    assert (honest.verdict, honest.cosmetic) == ("supported", ())
    unasked = answered(truth, "T3", keys=(PRIMARY,))
    assert (unasked.verdict, unasked.cosmetic) == ("not decidable", ())
    fooled = answered(truth, "T3", other={("maps", OCCLUSION): 0.4})
    assert (fooled.verdict, fooled.cosmetic) == ("refuted", ("maps high",))


def test_focal_must_halve_flips_and_leave_drift_as_it_was():
    assert answered({PLAIN: (0.85, 0.4), **FOCAL}, "T4").verdict != "supported"
    few_flips = dict.fromkeys(FOCAL, (0.99, 0.4))
    assert answered({PLAIN: (0.7, 0.4), **few_flips}, "T4").verdict == "supported"
    still = dict.fromkeys(FOCAL, (0.99, 0.2))
    assert answered({PLAIN: (0.7, 0.4), **still}, "T4").verdict == "refuted"


def sweep_of(name: str, plain: float, wise: float):
    return evidence_of({PLAIN: (0.95, plain), Point("wise", LOW): (0.95, wise)}, name=name)


def test_the_ranking_changes_where_two_architectures_change_places():
    reversed_ones = [sweep_of("first", 0.2, 0.4), sweep_of("second", 0.4, 0.2)]
    assert ranking_answer(reversed_ones, RULES).verdict == "supported"
    assert {point: [arch for arch, _ in own] for point, own in orders_of(reversed_ones).items()} == {
        "plain": ["first", "second"],
        "wise low": ["second", "first"],
    }
    alike = [sweep_of("first", 0.2, 0.1), sweep_of("second", 0.4, 0.3)]
    assert ranking_answer(alike, RULES).verdict == "refuted"


def test_the_tenth_is_found_by_its_factor(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(PARAMS))
    assert tenth_of_the_rate(path, "first") == TENTH
    assert tenth_of_the_rate(path, "second") is None  # BatchNorm follows the batches there
    path.write_text(yaml.safe_dump(PARAMS | {"strategies": {"rate": {LOW: {"factor": 0.3}}}}))
    assert tenth_of_the_rate(path, "first") is None


def test_the_page_gets_its_tables_and_keeps_its_prose(tmp_path, monkeypatch):
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(PARAMS))
    for at, name in enumerate(("first", "second")):
        evidence = evidence_of(name=name, stream=at)
        weighed = weigh(evidence, dict.fromkeys(evidence.points, checks_of()), RULES, {})
        folder = tmp_path / "data" / "tradeoff" / name
        write_evidence(folder / FILE, evidence)
        write_frame(folder / POINTS, weighed.points, POINT_COLUMNS)
        write_frame(folder / JUDGES, weighed.judges, JUDGE_COLUMNS)
    page, figure = tmp_path / "page.md", tmp_path / "figure.png"
    marks = [
        f"<!-- {end}{name} phantoms -->" for name in ("answers", "figure", "points") for end in ("", "/")
    ]
    page.write_text("Said before.\n" + "\n".join(marks) + "\nSaid after.\n")
    argv = ["strategies", "--folder", tmp_path, "--page", page, "--figure", figure]
    monkeypatch.setattr(sys, "argv", [str(each) for each in argv])

    main()

    text = page.read_text()
    assert text.startswith("Said before.\n")
    assert text.endswith("\nSaid after.\n")
    assert "\nT7, the ranking of the architectures changes with the strategy: **" in text
    assert "| T1 | a tenth of the rate takes at least half" in text
    assert "| maps high |" in text
    assert "**second**: 200 test images" in text
    assert "](figure.png)" in text
    assert figure.stat().st_size > 10_000
    tables = text.splitlines()
    for line, after in pairwise(tables):
        if line.startswith("|") and after.startswith("|"):
            assert line.count("|") == after.count("|")
