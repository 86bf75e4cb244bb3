"""Kills at random moments: the study that is started again and again ends with the hashes of one left alone.

It is the tiny study with more epochs, so that there is something to go on from. A kill is SIGKILL for all
processes of the run (power), for the stage alone (out of memory), or for DVC or `evidrift repro` alone.

And stages that are asked to end at random moments: they do so within five seconds, with a sentence.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil
import yaml

from evidrift.base.seeds import stream
from evidrift.repro.claim import drop_dead
from evidrift.repro.node import with_this_python
from tools.torture.pieces import pieces, repeated
from tools.torture.row import Row
from tools.torture.runner import SPILT, Runner
from tools.torture.study import ROOT, Study, bring_code

EPOCHS = 6
KILLS = {True: 15, False: 2}  # of each way to run the study
STOPS = {True: 40, False: 4}
LATEST = 4.0  # seconds from a stage's start until it is asked to end
PATIENCE = 5.0
RUNS = {
    "dvc repro": ("-m", "dvc", "repro"),
    "evidrift repro --jobs 2": ("-m", "evidrift", "repro", "--jobs", "2"),
}
VICTIMS = ("all", "stage", "runner")
SECONDS = (1.0, 30.0)  # of CPU time from a start to the kill: others' work on the machine changes nothing
TRACED = Path(__file__).parent / "traced"
STAGE = "DVC_STAGE"  # in the environment of what DVC runs


def run(full: bool) -> list[Row]:
    """Both ways to run the study, killed and started again; and stages that are asked to end."""
    with tempfile.TemporaryDirectory(prefix="resume-") as folder:
        alone = _project(Path(folder) / "alone")
        if _finish(alone, RUNS["evidrift repro --jobs 2"]):
            raise RunError(_last(alone / "finish.log"))
        killed = [
            _killed(Path(folder) / f"killed-{number}", way, KILLS[full], partial(_outputs, alone))
            for number, way in enumerate(RUNS)
        ]
    study = Study.made()
    return [killed_stages(study, KILLS[full] * 2), *killed, stopped(study, STOPS[full])]


def killed_stages(study: Study, kills: int) -> Row:
    """One item of every stage, killed again and again; what it finishes comes to disk at once."""
    random, done, well, counts = stream("kills of stages"), 0, 0, [0]
    with tempfile.TemporaryDirectory() as folder:
        traced = Path(folder) / "traced.log"
        environment = {"PYTHONPATH": str(TRACED), "TRACED": str(traced), "EVERY": "0"}
        with Runner(study, environment) as runner:
            for stage in study.one_of_each():
                alone = study.place(Path(folder) / "alone", stage)
                whole = runner.run(stage, alone).cpu
                shutil.rmtree(alone)
                traced.unlink(missing_ok=True)
                place, before = study.place(Path(folder) / "place", stage), done
                for _ in range(-(-kills // len(study.one_of_each()))):
                    process, seconds = runner.start(stage, place), float(random.uniform(0, whole))
                    while _cpu(process) < seconds and _lives(process):
                        time.sleep(0.005)
                    with suppress(ProcessLookupError):
                        os.kill(process, signal.SIGKILL)
                    runner.wait(process, 60)
                    if not study.differing(place, stage):
                        break  # it had done all that it does
                    done += 1
                else:
                    runner.run(stage, place)
                again = [n for n, _ in repeated(pieces(traced))] if traced.exists() else []
                left = (place / "scratch").exists()
                same = not study.differing(place, stage) and not left
                well += (done - before) * (same and max(again, default=0) <= 1)
                counts += again
                print(f"  {stage.name}: {done - before} kills, done again {again}, same {same}", flush=True)
                shutil.rmtree(place)
                traced.unlink(missing_ok=True)
    most = f"done again each time: at most {max(counts)} epoch or piece"
    return Row("SIGKILL of a stage", done, well, f"gone on from {len(counts) - 1} times; {most}")


def _lives(process: int) -> bool:
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def stopped(study: Study, stops: int) -> Row:
    """Stages that are asked to end, by each signal."""
    random, tried, well, longest = stream("stops"), 0, 0, 0.0
    kinds = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    with tempfile.TemporaryDirectory() as folder, Runner(study) as runner:
        while tried < stops:
            kind, stage = kinds[tried % len(kinds)], study.stages[random.integers(len(study.stages))]
            place = study.place(Path(folder) / "place", stage)
            process = runner.start(stage, place)
            time.sleep(float(random.uniform(0, LATEST)))
            asked = time.monotonic()
            with suppress(ProcessLookupError):
                os.killpg(process, kind)
            done = runner.wait(process, 60)
            took = time.monotonic() - asked
            shutil.rmtree(place)
            if done.code == 0:  # it had ended before
                continue
            tried, longest = tried + 1, max(longest, took)
            said = done.output.rstrip("\n").rpartition("\n")[2]
            fine = done.code == 128 + kind and took < PATIENCE and said.startswith("Stopped by ")
            well += fine and not SPILT.search(done.output)
            if not fine:
                print(f"  {stage.name}, {kind.name}: code {done.code} after {took:.1f} s: {said}", flush=True)
    return Row("SIGINT, SIGTERM, SIGHUP for a stage", tried, well, f"the longest took {longest:.1f} s to end")


class RunError(Exception):
    """A run that nobody killed failed."""


def _killed(path: Path, way: str, kills: int, expected: Callable[[], dict[str, str]]) -> Row:
    random, done, well, ends = stream("kills", way), 0, 0, Counter[str]()
    healed: list[str] = []
    lost: list[tuple[int, float]] = []
    while done < kills:
        project, before = _project(path), done
        while done < kills:
            seconds, victim = float(random.uniform(*SECONDS)), str(random.choice(VICTIMS))
            log = project / f"run-{done}.log"
            try:
                at_work = _start_and_kill(project, RUNS[way], log, seconds, victim)
            except RunError as error:
                healed.append(_heal(project, str(error)))
                continue
            if at_work is None:
                break
            done += 1
            ends[at_work.partition("@")[0]] += 1
            print(f"  {way}: kill {done} after {seconds:.0f} s, {victim}: {at_work}", flush=True)
        while _finish(project, RUNS[way]):
            healed.append(_heal(project, _last(project / "finish.log")))
        same = _outputs(project) == expected()
        left = [each.name for each in (project / "scratch").glob("*")]
        well += (done - before) * (same and not left)
        lost += list(repeated(pieces(project / "traced.log")))
        found = "the same" if same else "others"
        if not same or left:
            print(
                f"  {way}: outputs are {found}; left in scratch: {left}",
                flush=True,
            )
        shutil.rmtree(path)
    most = max((n for n, _ in lost), default=0), max((span for _, span in lost), default=0.0)
    stages = ", ".join(f"{name} {n}" for name, n in sorted(ends.items()))
    note = (
        f"at work: {stages}. Gone on from {len(lost)} times; done again by one of them: at most {most[0]} "
        f"epochs or pieces, {most[1]:.1f} s"
    )
    if healed:
        note += f". DVC refused {len(healed)} times for what a kill had left of its rwlock: {healed[0]}"
    return Row(f"SIGKILL under `{way}`", done, well, note)


def _heal(project: Path, error: str) -> str:
    """Take away what a killed DVC has left, as docs/reliability.md has it; the error."""
    print(f"  it fails: {error}", flush=True)
    if "at work in this project" in error:  # what it killed is still ending
        time.sleep(5)
    elif "rwlock" not in error:
        raise RunError(error)
    drop_dead(project / ".dvc" / "tmp" / "rwlock")
    return error


def _last(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    errors = [line for line in lines if "error" in line.lower()]
    return " ".join(" ".join(errors or lines[-1:]).split())


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
    return with_this_python() | {"PYTHONPATH": str(TRACED), "TRACED": str(project / "traced.log")}


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
    while _cpu(process.pid) < seconds:
        try:
            if process.wait(0.05) == 0:
                return None
        except subprocess.TimeoutExpired:
            continue
        raise RunError(_last(log))
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


def _cpu(process: int) -> float:
    """Seconds of CPU that a process and those below it have taken."""
    total = 0.0
    with suppress(psutil.Error):
        above = psutil.Process(process)
        for each in (above, *above.children(recursive=True)):
            with suppress(psutil.Error):
                times = each.cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
    return total


def _is_stage(process: psutil.Process) -> bool:
    try:
        return STAGE in process.environ() and process.name() not in ("sh", "bash", "dash")
    except psutil.Error:
        return False


def _finish(project: Path, words: tuple[str, ...]) -> int:
    with (project / "finish.log").open("w") as log:
        return subprocess.call(  # noqa: S603
            [sys.executable, *words],
            cwd=project,
            env=_environment(project),
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def _outputs(project: Path) -> dict[str, str]:
    lock = yaml.safe_load((project / "dvc.lock").read_text(encoding="utf-8"))["stages"]
    return {out["path"]: out["md5"] for stage in lock.values() for out in stage["outs"]}
