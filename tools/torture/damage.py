"""Damage to the files between the stages: a bit that flips, an end that is lost, a stretch of zeros.

For every stage and every file that it depends on: the stage ends with the same bytes, or with one sentence that
names the file. Which files a stage reads is found by a first flip in each; the ones that it does not read (a
checkpoint's predictions, where only weights are needed) are left alone then.
"""

import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from evidrift.base.seeds import stream
from tools.torture.row import Row
from tools.torture.runner import Done, Runner
from tools.torture.study import CACHE, Stage, Study, own

Kind = Literal["flip", "cut", "zeros"]
WORDS: dict[Kind, str] = {"flip": "a bit flipped", "cut": "the end cut off", "zeros": "a stretch of zeros"}
FULL: dict[Kind, int] = {"flip": 1000, "cut": 100, "zeros": 100}
SMALL: dict[Kind, int] = {"flip": 20, "cut": 5, "zeros": 5}
LONGEST = 4096  # bytes of zeros
TIMEOUT = 300  # seconds
REFUSED, SAME = "refused", "the same bytes"


class Try(NamedTuple):
    """One file damaged in one way, read by one stage."""

    stage: Stage
    file: str
    kind: Kind


def run(full: bool) -> list[Row]:
    """Damage files of the tiny study and run the stages that read them."""
    study = Study.made()
    counts = FULL if full else SMALL
    CACHE.mkdir(parents=True, exist_ok=True)
    with Runner(study) as runner, tempfile.TemporaryDirectory(dir=CACHE) as folder:
        found: dict[Kind, Counter[str]] = {kind: Counter() for kind in WORDS}
        read = []
        for each in first(study, None if full else counts["flip"]):
            end = outcome(study, runner, each, Path(folder) / "place", len(read))
            found[each.kind][end] += 1
            if end != SAME:
                read.append(each)
        left = {**counts, "flip": max(0, counts["flip"] - found["flip"].total())}
        for number, each in enumerate(rest(read, left)):
            found[each.kind][outcome(study, runner, each, Path(folder) / "place", number)] += 1
    rows = [row(WORDS[kind], ends) for kind, ends in found.items()]
    stages, files = ({each[at] for each in read} for at in range(2))
    note = f"{len({stage.kind for stage in stages})} stages that read {len(files)} files"
    return [*rows, Row("stages and the files that they read, each damaged", len(read), len(read), note)]


def first(study: Study, most: int | None) -> list[Try]:
    """A flip in each file that a stage depends on, one item of each stage; at most so many of them."""
    tries = [
        Try(stage, file, "flip")
        for stage in study.one_of_each()
        for file in files_of(study, stage)
        if stage.kind != "prepare"  # which reads the user's own files
    ]
    if most is None or most >= len(tries):
        return tries
    return [tries[at] for at in sorted(stream("torture", "first").choice(len(tries), most, replace=False))]


def rest(read: list[Try], counts: dict[Kind, int]) -> Iterator[Try]:
    """As many tries of each kind, spread evenly over what is read."""
    for kind, n in counts.items():
        order = stream("torture", "order", kind).permutation(len(read))
        for number in range(n):
            yield read[order[number % len(read)]]._replace(kind=kind)


def files_of(study: Study, stage: Stage) -> list[str]:
    """Every file that it depends on, but its code."""
    found = []
    for dep in stage.deps:
        path = study.path / dep
        files = [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file())
        found += [each.relative_to(study.path).as_posix() for each in files]
    return found


def outcome(study: Study, runner: Runner, tried: Try, folder: Path, number: int) -> str:
    """How the stage ended with that file damaged: REFUSED, SAME, or what went wrong."""
    place = study.place(folder.with_name(f"{folder.name}{number}-{tried.kind}"), tried.stage)
    try:
        target = own(place / tried.file)
        whole = target.read_bytes()
        target.write_bytes(
            damaged(whole, tried.kind, stream("torture", *tried[1:], tried.stage.name, number))
        )
        end = judged(study, tried, place, runner.run(tried.stage, place, timeout=TIMEOUT))
    finally:
        remove(place)
    if end not in (REFUSED, SAME):
        print(f"  {tried.stage.name}, {WORDS[tried.kind]} in {tried.file} ({number}): {end}", flush=True)
    return end
