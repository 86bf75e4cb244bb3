"""Kills at random moments: the study that is started again and again ends with the hashes of one left alone.

It is the tiny study with more epochs, so that there is something to go on from. A kill is SIGKILL for all
processes of the run (power), for the stage alone (out of memory), or for DVC or `evidrift repro` alone.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import psutil
import yaml

from evidrift.base.seeds import stream
from evidrift.repro.node import with_this_python
from tools.torture.row import Row
from tools.torture.study import ROOT, bring_code

EPOCHS = 6
KILLS = {True: 15, False: 2}  # of each way to run the study
RUNS = {
    "dvc repro": ("-m", "dvc", "repro"),
    "evidrift repro --jobs 2": ("-m", "evidrift", "repro", "--jobs", "2"),
}
VICTIMS = ("all", "stage", "runner")
SECONDS = (1.0, 60.0)  # from a start to the kill
STAGE = "DVC_STAGE"  # in the environment of what DVC runs


class Piece(NamedTuple):
    """An epoch or a piece of work that was finished."""

    at: float
    process: int
    folder: str
    name: str
    number: int


def run(full: bool) -> list[Row]:
    """Both ways to run the study, killed and started again."""
    with tempfile.TemporaryDirectory(prefix="resume-") as folder:
        alone = _project(Path(folder) / "alone")
        _finish(alone, RUNS["evidrift repro --jobs 2"])
        expected = _outputs(alone)
        return [
            _killed(Path(folder) / f"killed-{number}", way, KILLS[full], expected)
            for number, way in enumerate(RUNS)
        ]


def _killed(path: Path, way: str, kills: int, expected: dict[str, str]) -> Row:
    random, done, ends, well = stream("kills", way), 0, Counter[str](), 0
    lost: list[tuple[int, float]] = []
    while done < kills:
        project = _project(path)
        before = done
        while done < kills:
            seconds, victim = float(random.uniform(*SECONDS)), str(random.choice(VICTIMS))
            log = project / f"run-{done}.log"
            killed = _start_and_kill(project, RUNS[way], log, seconds, victim)
            if killed is None:
                break
            done += 1
            ends[killed] += 1
            print(f"  {way}: kill {done} after {seconds:.0f} s, {victim}: {killed}", flush=True)
        _finish(project, RUNS[way])
        same = _outputs(project) == expected
        well += (done - before) * same
        lost += list(_repeated(_pieces(project)))
        if not same:
            print(f"  {way}: other outputs than the study left alone", flush=True)
        if left := [each.name for each in (project / "scratch").glob("*")]:
            print(f"  {way}: left in scratch: {left}", flush=True)
            well -= 1
        shutil.rmtree(path)
    most = max((n for n, _ in lost), default=0), max((span for _, span in lost), default=0.0)
    note = (
        f"in {', '.join(sorted(ends))}; gone on from {len(lost)} times, most that was done again: "
        f"{most[0]} epochs or pieces, {most[1]:.1f} s"
    )
    return Row(f"SIGKILL under `{way}`", done, well, note)


def _project(path: Path) -> Path:
    """The tiny study with more epochs, and with nothing done."""
    path.mkdir()
    bring_code(path)
    content = yaml.safe_load((ROOT / "profiles" / "tiny.yaml").read_text(encoding="utf-8"))
    for section in content["finetune"].values():
        section |= {"epochs": EPOCHS, "checkpoint": "best", "averaging": 1}
    (path / "params.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    for words in (["git", "init", "--quiet"], ["git", "add", "--all"]):
        subprocess.run(words, cwd=path, check=True)  # noqa: S603
    return path


def _environment(project: Path) -> dict[str, str]:
    traced = Path(__file__).parent / "traced"
    return with_this_python() | {"PYTHONPATH": str(traced), "TRACED": str(project / "traced.log")}


def _start_and_kill(
    project: Path, words: tuple[str, ...], log: Path, seconds: float, victim: str
) -> str | None:
    """Start a run and kill it, or a part of it; the stages at work then, None where all was done before."""
    with log.open("w") as file:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, *words],
            cwd=project,
            env=_environment(project),
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        process.wait(seconds)
        return None
    except subprocess.TimeoutExpired:
        pass
    children = psutil.Process(process.pid).children(recursive=True)
    stages = {each: each.environ()[STAGE] for each in children if _is_stage(each)}
    at_work = sorted(set(stages.values()))
    targets = {"all": [*children, process], "stage": [*stages][:1] or [process], "runner": [process]}[victim]
    for each in targets:
        try:
            os.kill(each.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait()
    return " and ".join(at_work) or "between stages"


def _is_stage(process: psutil.Process) -> bool:
    try:
        return STAGE in process.environ() and process.name() not in ("sh", "bash", "dash")
    except psutil.Error:
        return False


def _finish(project: Path, words: tuple[str, ...]) -> None:
    with (project / "finish.log").open("w") as log:
        command = [sys.executable, *words]
        subprocess.run(  # noqa: S603
            command, cwd=project, env=_environment(project), stdout=log, stderr=subprocess.STDOUT, check=True
        )


def _outputs(project: Path) -> dict[str, str]:
    lock = yaml.safe_load((project / "dvc.lock").read_text(encoding="utf-8"))["stages"]
    return {out["path"]: out["md5"] for stage in lock.values() for out in stage["outs"]}


def _pieces(project: Path) -> list[Piece]:
    lines = (project / "traced.log").read_text(encoding="utf-8").splitlines()
    fields = (line.split(" ") for line in lines)
    return [
        Piece(float(at), int(process), folder, name, int(number))
        for at, process, folder, name, number in fields
    ]


def _repeated(pieces: list[Piece]) -> Iterator[tuple[int, float]]:
    """Of each process that went on with what another had begun: how much it did again, and for how long.

    The time is that between the ends of the first and the last of them when they were done before.
    """
    for _, of_folder in groupby(
        sorted(pieces, key=lambda piece: piece.folder), key=lambda piece: piece.folder
    ):
        runs: dict[int, list[Piece]] = {}
        for piece in sorted(of_folder):
            runs.setdefault(piece.process, []).append(piece)
        before: dict[tuple[str, int], float] = {}
        for number, run_pieces in enumerate(runs.values()):
            again = [before[piece[3:]] for piece in run_pieces if piece[3:] in before]
            if number:
                yield len(again), max(again) - min(again) if again else 0.0
            before |= {piece[3:]: piece.at for piece in run_pieces}
