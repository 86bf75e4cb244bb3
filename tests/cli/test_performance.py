"""Performance in the terminal: readable at 100 columns, with three sides, trainings and many findings."""

import io

import numpy as np
from rich.console import Console

from evidrift.auditing.films.calls import Scores, Truth
from evidrift.auditing.performance.flips import flips
from evidrift.auditing.performance.rows import rows
from evidrift.auditing.performance.subgroups import Subgroups
from evidrift.cli.performance import MANY, in_short, performance_tables
from evidrift.compare.record import Comparison, ModelFacts, Record

N = 40


def record(parts, pairs, n_labels=3, columns=(), labels_known=True) -> Record:
    """Findings of 40 films; of the model after 1 the last finding is never called."""
    random = np.random.default_rng(0)
    ids = np.array([f"{number:02d}.png" for number in range(N)])
    labels = tuple(f"finding {number}" for number in range(n_labels))
    has = np.arange(N)[:, np.newaxis] % (2 + np.arange(n_labels)) == 0
    truth = Truth(ids, ids, labels, has, np.ones_like(has), False)
    scores = {}
    for part in parts:
        p = np.clip(0.6 * has + 0.45 * random.random(has.shape), 0, 1)
        if part == "after 1":
            p[:, -1] *= 0.4
        scores[part] = Scores(p, p >= 0.5)
    found = rows(truth, scores, pairs, columns)
    facts = {
        "file": "m.keras",
        "sha256": "0" * 64,
        "format": "",
        "keras": None,
        "classes": labels,
        "ending": "sigmoids",
        "input": (64, 64, 1),
        "preprocessing": "none",
        "parameters": 1,
        "predicted": {},
    }
    return Record(
        task="findings",
        command=None,
        versions={},
        models=tuple(ModelFacts(part=part, side=part.split()[0], **facts) for part in parts),
        gate=None,
        comparisons=tuple[Comparison, ...](),
        performance=found.performance if labels_known else (),
        differences=found.differences if labels_known else (),
        flips=flips(truth, scores, pairs) if labels_known else (),
        columns=(),
        not_checked=("Nothing.",),
        watch=(),
    )


def printed(made: Record) -> str:
    to = Console(file=io.StringIO(), width=100)
    for table in performance_tables(made):
        to.print(table)
    return to.file.getvalue()


def test_three_sides_fit_with_both_differences():
    parts = ("original 1", "before 1", "after 1")
    pairs = [("before 1", "after 1"), ("original 1", "after 1"), ("original 1", "before 1")]
    text = printed(record(parts, pairs))
    head = next(line for line in text.splitlines() if "after - before" in line)
    assert " ".join(head.split()) == "original before after after - before after - original"
    (lost,) = (line for line in text.splitlines() if "finding 2: sensitivity" in line)
    assert lost.split()[3:6] == ["1.00", "1.00", "0.00"]  # 10 films have it
    assert lost.count("-1.00 [-1.00, ") == 2
    assert "\N{HORIZONTAL ELLIPSIS}" not in text


def test_of_many_findings_those_that_lost_most_are_shown():
    text = printed(record(("before 1", "after 1"), [("before 1", "after 1")], n_labels=9))
    shown = {line.split(":")[0].strip() for line in text.splitlines() if ": sensitivity" in line}
    assert len(shown) == MANY
    assert "finding 8" in shown
    assert "Of 9 labels those that lost most sensitivity" in text


def test_each_pair_of_trainings_has_its_table():
    pairs = [("before 1", "after 1"), ("before 2", "after 2")]
    text = printed(record(("before 1", "before 2", "after 1", "after 2"), pairs))
    assert "pair 1" in text and "pair 2" in text
    (first, second) = (line for line in text.splitlines() if "finding 2: sensitivity" in line)
    assert "-1.00" in first and "-1.00" not in second


def test_in_short_flips_and_the_subgroup_that_lost_most():
    sex = np.where(np.arange(N) % 8 == 0, "F", "M")  # of whom all have the finding that is lost
    columns = [Subgroups("sex", sex, ("F", "M"), None)]
    made = record(("before 1", "after 1"), [("before 1", "after 1")], columns=columns)
    told = list(in_short(made))
    assert told[0].startswith(
        "From before 1 to after 1, 10 films went from right to wrong and 0 from wrong to right"
    )
    assert "p = 0.002" in told[0]
    assert told[1].startswith(
        "Of all subgroups sex F (5 patients) lost most accuracy from before 1 to after 1: -0.33"
    )
    assert told[2:] == ["Not checked:", "  Nothing."]


def test_without_labels_nothing_is_said_of_it():
    made = record(("before 1", "after 1"), [("before 1", "after 1")], labels_known=False)
    assert printed(made) == ""
    assert list(in_short(made)) == ["Not checked:", "  Nothing."]
