"""Whether trainings lie in one cloud of maps: from maps through the drift table to tables and sentences."""

import pytest

from benchmarks.basins import Case, outcomes
from evidrift.claims.cohort import common_cohort
from evidrift.compare.findings.basins import BasinsFound, count_basins, sentences
from evidrift.compare.output import metrics
from evidrift.compare.result import compare
from evidrift.compare.study import Study
from evidrift.report.terminal.verdicts import how_far_table
from tests.compare.studies import rules, study_of
from tests.drift.study import architecture, in_two_clouds

SEEDS = (1, 2, 3, 4, 5, 6, 7)
FIRST = (1, 3, 6)


def asked(study: Study, min_patients: int = 6) -> BasinsFound:
    return count_basins(study, common_cohort(study.pairs), min_patients)


@pytest.fixture(scope="module")
def two() -> Study:
    return study_of(in_two_clouds(SEEDS, FIRST))


def test_two_clouds_are_found_and_the_floor_is_told_within_and_between_them(two):
    found = asked(two)
    table = found.table.set_index(["checkpoint", "method"])
    assert found.why_not == ""
    assert table.loc["tl", "basins"].tolist() == [1, 1]
    for method in ("grad_cam", "layer_cam"):
        row = table.loc[("ft", method)]
        assert (row["basins"], row["groups"]) == (2, "{1, 3, 6}; {2, 4, 5, 7}")
        assert (row["n_trainings"], row["n_patients"], row["verdict"]) == (7, 6, "supported")
        rows = two.pairs[(two.pairs["pair_kind"] == "seed_ft") & (two.pairs["method"] == method)]
        same = rows["seed_before"].isin(FIRST) == rows["seed_after"].isin(FIRST)
        assert row["floor"] == pytest.approx(rows["moved_share"].mean(), abs=1e-6)
        assert row["within"] == pytest.approx(rows.loc[same, "moved_share"].mean(), abs=1e-6)
        assert row["between"] == pytest.approx(rows.loc[~same, "moved_share"].mean(), abs=1e-6)


def test_the_floor_of_two_clouds_is_called_a_mixture_and_that_of_one_is_not(two):
    told = sentences(asked(two))
    row = asked(two).table.query("checkpoint == 'ft' and method == 'layer_cam'").iloc[0]
    assert told == [
        "The 7 trainings of densenet_mini (ft) lie in 2 clouds of maps, seeds {1, 3, 6} and {2, 4, 5, 7} "
        f"(p = {row['p_corrected']:.2g}, corrected for all architectures and checkpoints). The seed floor is "
        f"a mixture: by layer_cam two trainings of one cloud differ by {row['within']:.2f}, two of different "
        f"clouds by {row['between']:.2f}.",
        "The 7 trainings of densenet_mini (tl) lie in one cloud of maps, as far as can be told.",
    ]
    result = compare(two, rules(6))
    floors = [row[5] for row in how_far_table(result).rows]
    assert [cell.note for cell in floors] == ["ft: 2 clouds", "ft: 2 clouds"]
    found = metrics(result)["basins"]["densenet_mini"]
    assert (found["ft"]["layer_cam"]["basins"], found["ft"]["layer_cam"]["verdict"]) == (2, "supported")
    assert (found["tl"]["layer_cam"]["between"], found["tl"]["layer_cam"]["verdict"]) == (
        None,
        "not decidable",
    )


def test_where_all_lie_in_one_cloud_one_sentence_says_so():
    found = asked(study_of(architecture(seeds=SEEDS)))
    assert found.table["basins"].tolist() == [1, 1, 1, 1]
    assert sentences(found) == [
        "The 7 trainings of each architecture lie in one cloud of maps, as far as can be told."
    ]


@pytest.mark.parametrize(
    ("n_seeds", "min_patients", "why"),
    [
        (3, 1, "3 trainings, and at least 5 are needed"),
        (7, 20, "fewer than 20 patients have maps under every training"),
    ],
)
def test_too_few_trainings_or_patients_decide_nothing_and_show_no_number(n_seeds, min_patients, why):
    found = asked(study_of(architecture(seeds=SEEDS[:n_seeds])), min_patients)
    assert found.table.empty
    question = "Do the trainings of one recipe lie in one cloud of maps, or in several?"
    assert sentences(found) == [f"{question} Not decidable: {why}."]


def test_one_training_is_not_asked_about():
    assert sentences(asked(study_of(architecture(seeds=(1,))))) == []


def test_the_simulation_finds_its_own_clouds():
    found = outcomes(Case("test", 8, patients=30, sizes=(4, 4), ratio=4), 5)
    assert (found["exact"], found["more"]) == ((5, 5), (0, 5))
    assert found["single"][1] == 25  # five of six sets of trainings lie in one cloud
