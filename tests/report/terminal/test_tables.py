import io
from dataclasses import replace

import pandas as pd
import pytest

from evidrift.compare.caveat import Caveat
from evidrift.compare.findings.opinions import Question
from evidrift.compare.result import Result, compare
from evidrift.report.terminal.tables import console, print_result
from tests.compare.studies import rules, study_of
from tests.drift.study import architecture

FIRST = {"noise_by_method": {"grad_cam": 0.3, "layer_cam": 1.0}}
SECOND = {"noise_by_method": {"grad_cam": 1.0, "layer_cam": 0.3}}
TWELVE = [f"p{k}" for k in range(12)]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def printed(result: Result, file: io.StringIO | None = None) -> str:
    file = file or io.StringIO()
    print_result(result, console(file))
    return file.getvalue()


@pytest.fixture(scope="module")
def result(tmp_path_factory) -> Result:
    one = architecture("densenet_mini", patients=TWELVE, **FIRST)
    two = architecture("resnetv2_mini", patients=TWELVE, **SECOND)
    return compare(study_of(one, two), rules())


def test_off_a_terminal_the_tables_are_plain_and_fit(result):
    text = printed(result)
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 118
    assert "…" not in text


def test_colour_is_for_terminals_unless_no_color_is_set(result, monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    warned = replace(result, caveats=(Caveat("danger", "look out"),))
    assert "\x1b[33m" in printed(warned, Terminal())
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[33m" not in printed(warned, Terminal())


def test_the_study_s_numbers_are_shown_with_spread_seed_floor_and_scale(result):
    text = printed(result)
    row = result.drift.query(
        "arch == 'densenet_mini' and method == 'layer_cam' and measure == 'moved_share'"
    ).iloc[0]
    assert f"{row['mean']:.3f} ± {row['sd']:.3f}" in text
    assert f"{row['floor_ft']:.3f} / {row['scale']:.3f}" in text
    assert "0.815 ± 0.007" in text  # accuracies 0.81 and 0.82
    assert "12 test images of 12 patients" in text


def test_the_ranking_of_means_is_shown(result):
    text = printed(result)
    assert result.observed.rankings
    for ranking in result.observed.rankings:
        assert " < ".join(f"{arch} {score:.3f}" for arch, score in ranking.scores) in text


def test_a_small_cohort_is_not_decidable(tmp_path):
    study = study_of(architecture(), architecture("resnetv2_mini"))
    text = printed(compare(study, rules(20)))
    assert "not decidable: the common cohort has 6 patients" in text
    assert "most stable first" not in text


def test_one_seed_and_missing_numbers_are_shown_as_such(tmp_path):
    text = printed(compare(study_of(architecture(seeds=(1,))), rules()))
    assert "mean, one seed" in text
    assert " - / 0." in text
    assert "Ranking and reversals: not decidable: with one seed" in text
    assert "most stable first" not in text
    assert "Note: One seed" in text


def test_an_empty_cohort_is_said_in_one_sentence_instead_of_empty_tables(tmp_path):
    maps = architecture()
    study = study_of(replace(maps, predicted=1 - maps.predicted))
    text = printed(compare(study, rules()))
    assert "The common cohort is empty: there is no drift to compare." in text
    assert "Drift at layer" not in text
    assert "Models on the test split" in text


def test_one_architecture_has_no_order_to_reverse(tmp_path):
    text = printed(compare(study_of(architecture()), rules()))
    assert "One architecture: there is no order to reverse." in text


def test_names_are_printed_as_they_are_and_without_control_characters(tmp_path):
    maps = architecture("[red]evil[/red]", methods=[("block[1]\x1b[31m", "grad_cam"), ("last", "grad_cam")])
    maps = replace(architecture(), signed=maps.signed, explained=maps.explained)
    result = compare(study_of(maps), rules())
    renamed = replace(result, caveats=(Caveat("loud", "[bold]loud[/bold] \x1b[2J"),))
    text = printed(renamed)
    assert "block[1]\\x1b[31m" in text
    assert "[bold]loud[/bold] \\x1b[2J" in text
    assert "\x1b" not in text


def test_the_question_of_the_study_is_answered_and_the_methods_agreement_is_shown(result):
    taus = pd.DataFrame(
        [
            ("penultimate", "grad_cam", "layer_cam", -1.0, 2, False),
            ("penultimate", "grad_cam", "rise", 1.0, 2, True),
        ],
        columns=["layer", "method", "other_method", "tau", "n_architectures", "alike"],
    )
    taus.loc[2] = ("penultimate", "layer_cam", "rise", float("nan"), 1, False)
    taus = taus.assign(tau_low=float("nan"), tau_high=float("nan"), same_order=float("nan"))
    text = printed(replace(result, taus=taus, question=Question("", (), ("rise",))))
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "Does the reversal between LayerCAM and Grad-CAM++ survive?" in lines
    assert "There is none: both methods order every pair of architectures alike." in lines
    assert [line for line in lines if line[:2] in ("1 ", "2 ", "3 ")] == [
        "1 2",
        "1 grad_cam",
        "2 layer_cam -1.00",
        "3 rise (1.00) -",
    ]


def test_a_method_that_a_check_speaks_against_carries_a_sign_wherever_its_drift_is_shown(result):
    marks = result.marks.copy()
    against = (marks["arch"] == "resnetv2_mini") & (marks["method"] == "layer_cam")
    marks.loc[against, "insensitive"] = "supported"
    lines = [" ".join(line.split()) for line in printed(replace(result, marks=marks)).splitlines()]
    # how far, three kinds of claims, the measures, and the ranking
    assert sum(line.startswith("layer_cam ‡ ") for line in lines) == 6
    assert sum(line.startswith("layer_cam ") for line in lines) >= 3  # of the other architecture without
    assert not any(line.startswith("grad_cam ‡") for line in lines)
