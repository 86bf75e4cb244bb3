"""Damage to the files between the stages: a bit that flips, an end that is lost, a stretch of zeros.

For every stage and every file that it depends on: the stage ends with the same bytes, or with one sentence
that names the file. Which files a stage reads is found by a first flip in each; those that it does not read,
as a checkpoint's predictions where only its weights are needed, are left alone then.
"""

import shutil
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
    study, counts = Study.made(), FULL if full else SMALL
    found: dict[Kind, Counter[str]] = {kind: Counter() for kind in WORDS}
    read: list[Try] = []
    with Runner(study) as runner, tempfile.TemporaryDirectory(dir=CACHE) as folder:
        for number, each in enumerate(first(study, counts["flip"])):
            end = outcome(study, runner, each, Path(folder) / f"first-{number}")
            found["flip"][end] += 1
            if end != SAME:
                read.append(each)
        for number, each in enumerate(rest(read, counts | {"flip": counts["flip"] - found["flip"].total()})):
            found[each.kind][outcome(study, runner, each, Path(folder) / str(number))] += 1
    rows = [row(WORDS[kind], ends) for kind, ends in found.items()]
    stages, files = {each.stage.kind for each in read}, {each.file for each in read}
    note = f"{len(stages)} stages that read {len(files)} files"
    return [*rows, Row("of these: a stage and a file that it reads", len(read), len(read), note)]


def first(study: Study, most: int) -> list[Try]:
    """A flip in each file that a stage depends on, one item of each stage; at most so many of them."""
    tries = [
        Try(stage, file, "flip")
        for stage in study.one_of_each()
        for file in files_of(study, stage)
        if stage.kind != "prepare"  # which reads the user's own files
    ]
    if most >= len(tries):
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


def outcome(study: Study, runner: Runner, tried: Try, folder: Path) -> str:
    """How the stage ended with that file damaged: REFUSED, SAME, or what went wrong."""
    place = study.place(folder, tried.stage)
    try:
        target = own(place / tried.file)
        random = stream("torture", tried.kind, tried.stage.name, tried.file, folder.name)
        target.write_bytes(damaged(target.read_bytes(), tried.kind, random))
        end = judged(study, tried, place, runner.run(tried.stage, place, timeout=TIMEOUT))
    finally:
        shutil.rmtree(place)
    if end not in (REFUSED, SAME):
        print(f"  {tried.stage.name}, {WORDS[tried.kind]} in {tried.file} ({folder.name}): {end}", flush=True)
    return end


def damaged(data: bytes, kind: Kind, random: np.random.Generator) -> bytes:
    """The content with other bytes than it had.

    Args:
        data: at least one byte, not all of them zero.
        kind: of damage.
        random: where, and how much.
    """
    if kind == "cut":
        return data[: random.integers(len(data))]
    if kind == "flip":
        at, bit = random.integers(len(data)), random.integers(8)
        return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
    while True:
        start, length = random.integers(len(data)), random.integers(1, LONGEST)
        stretch = data[start : start + length]
        if any(stretch):
            return data[:start] + bytes(len(stretch)) + data[start + length :]


def judged(study: Study, tried: Try, place: Path, done: Done) -> str:
    """How a run ended."""
    if done.code == 0:
        differing = study.differing(place, tried.stage)
        return f"other bytes, unnoticed: {', '.join(differing)}" if differing else SAME
    sentences = [line for line in done.output.splitlines() if line.startswith("error: ")]
    if not done.clear or done.code != 1 or len(sentences) != 1:
        return f"no clear error, exit code {done.code}: {done.output[-2000:]}"
    if tried.file not in sentences[0]:
        return f"a sentence that does not name the file: {sentences[0]}"
    wrong = study.wrong(place, tried.stage)
    return f"refused, but wrote {', '.join(wrong)}" if wrong else REFUSED


def row(what: str, ends: Counter[str]) -> Row:
    """The ends of one kind of damage, counted."""
    notes = [f"{ends[REFUSED]} refused with one sentence"]
    if ends[SAME]:
        notes.append(f"{ends[SAME]} in files that the stage does not use, same bytes")
    notes += [f"{n}: {end}" for end, n in sorted(ends.items()) if end not in (REFUSED, SAME)]
    return Row(what, ends.total(), ends[REFUSED] + ends[SAME], "; ".join(notes))
