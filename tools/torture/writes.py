"""A fault at every write: each step that a stage takes on its files fails, and once the process dies there.

Steps are what shim.c counts: open, write, truncate, fsync, close, mkdir, rename, link. A first run counts.

The step fails. For each of them the stage is run, and the step fails as on a disk that is full from then on
(some of the bytes still fit), broken at that moment, or read-only from then on; which, a seed says.

The process dies. What is on disk when a process is killed is what it has written so far. So the stage is run
once, and waits at every step, and in the middle of every write, while what is there is looked at. What
differs in more than the content of unfinished files, which are written anew from their beginning, is then
tried: the stage is run on it.

Either way no output may be wrong under its own name, and the same command must then make identical bytes.
"""

import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from evidrift.base.errors import UserError
from evidrift.base.files.writing import PARTIAL
from tools.torture.row import Row
from tools.torture.runner import Done, Runner
from tools.torture.server import BROKEN
from tools.torture.study import Stage, Study

SEED = 15
SMALL = ("prepare", "train_tl", "drift")
FEW = 4
FAILS = ("full", "broken", "read-only")
LOGS = {BROKEN: "into a pipe that nobody reads", "/dev/full": "to a full disk"}


def run(full: bool) -> list[Row]:
    """Every step of one item of every stage; or a few of three stages."""
    study = Study.made()
    stages = [stage for stage in study.one_of_each() if full or stage.kind in SMALL]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        environment = {"LD_PRELOAD": str(shim(folder))}

        def tried(stage: Stage) -> list[Row]:
            with Runner(study, environment) as runner:
                return list(Trial(study, runner, stage, folder).rows(None if full else FEW))

        with ThreadPoolExecutor(os.cpu_count()) as side_by_side:
            return [row for rows in side_by_side.map(tried, stages) for row in rows]


def shim(folder: Path) -> Path:
    """The library to preload, compiled.

    Raises:
        UserError: there is no C compiler.
    """
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler or sys.platform != "linux":
        raise UserError("Faults at every write need Linux and a C compiler (`cc`).")
    source, library = Path(__file__).with_name("shim.c"), folder / "shim.so"
    words = [compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(source), "-ldl", "-lpthread"]
    subprocess.run(words, check=True)  # noqa: S603
    return library


class Trial:
    """One stage, run again and again."""

    def __init__(self, study: Study, runner: Runner, stage: Stage, folder: Path) -> None:
        self.stage = stage
        self._study, self._runner = study, runner
        self._folder = folder / stage.kind
        self._known: dict[str, str] = {}  # by what lay there: what came of running on it; empty: no harm
        self._count = 0

    def rows(self, few: int | None) -> Iterator[Row]:
        """Both experiments; `few`: with so many steps alone."""
        steps = self._steps()
        random_ = random.Random(f"{SEED} {self.stage.kind}")  # noqa: S311 - to be drawn again
        kinds = [random_.choice(FAILS) for _ in steps]
        chosen = range(len(steps)) if few is None else sorted(random_.sample(range(len(steps)), few))
        tried, harm = self._dying() if few is None else self._killed(chosen)
        note = f"{len(self._known)} states to go on from" if few is None else ""
        yield Row(f"{self.stage.kind}: it dies at a step", tried, tried - len(harm), _note(note, harm))
        told: Counter[str] = Counter()
        harm = []
        for at in chosen:
            came, how = self._failing(at + 1, kinds[at])
            told[how] += 1
            harm += [f"step {at + 1} ({kinds[at]}, {steps[at]}): {came}"] if came else []
            _say(self.stage, f"{at + 1} of {len(steps)} fails, {kinds[at]}: {came or how}")
        ends = ", ".join(f"{n} {how}" for how, n in sorted(told.items()))
        yield Row(f"{self.stage.kind}: a step fails", len(chosen), len(chosen) - len(harm), _note(ends, harm))
        harm = [f"{how}: {came}" for log, how in LOGS.items() if (came := self._unheard(log))]
        yield Row(f"{self.stage.kind}: its log is lost", len(LOGS), len(LOGS) - len(harm), _note("", harm))

    def _unheard(self, log: str) -> str:
        """What harm a log does that cannot be written; the work goes on."""
        place = self._place()
        done = self._runner.run(self.stage, place, log=log)
        if done.code:
            return f"left with {done.code}"
        differing = self._study.differing(place, self.stage)
        return f"made another {differing[0]}" if differing else ""

    def _place(self) -> Path:
        if self._folder.exists():
            shutil.rmtree(self._folder)
        self._count += 1
        return self._study.place(self._folder / str(self._count), self.stage)

    def _steps(self) -> list[str]:
        place, log = self._place(), self._folder / "steps"
        done = self._runner.run(self.stage, place, shim=[place, log, 0, "count"])
        if done.code or self._study.differing(place, self.stage):
            raise UserError(f"{self.stage.name} does not make what it made before:\n{done.output}")
        return [line.partition(" ")[2] for line in log.read_text().splitlines()]

    def _failing(self, step: int, kind: str) -> tuple[str, str]:
        """What harm it did, and how the run ended."""
        place, log = self._place(), self._folder / "steps"
        done = self._runner.run(self.stage, place, shim=[place, log, step, kind])
        return self._judged(done, place) or self._goes_on(place), "told" if done.code else "not noticed"

    def _judged(self, done: Done, place: Path) -> str:
        if wrong := self._study.wrong(place, self.stage):
            return f"left {wrong[0]} wrong"
        if done.code == 0:
            missing = self._study.differing(place, self.stage)
            return f"left with 0 without {missing[0]}" if missing else ""
        return "" if done.clear else f"left with {done.code}: {_end(done)}"

    def _killed(self, chosen: list[int] | range) -> tuple[int, list[str]]:
        """Really, at these steps: before one, and after it or in its middle."""
        harm = []
        for at in chosen:
            for kind in ("kill", "half"):
                place, log = self._place(), self._folder / "steps"
                done = self._runner.run(self.stage, place, shim=[place, log, at + 1, kind])
                # what lies in scratch is written by the clock: a quicker run may take fewer steps
                wrong = (self._study.wrong if done.code else self._study.differing)(place, self.stage)
                came = f"left {wrong[0]} wrong" if wrong else self._goes_on(place)
                harm += [f"step {at + 1} ({kind}): {came}"] if came else []
        return 2 * len(chosen), harm

    def _dying(self) -> tuple[int, list[str]]:
        """What lay there at every step and in the middle of every write: how many, and what harm that did."""
        place, log = self._place(), self._folder / "steps"
        for name in (log, log.with_name("steps.go")):
            os.mkfifo(name)
        moments, harm, kept = 0, [], {}
        listen = os.open(log, os.O_RDONLY | os.O_NONBLOCK)
        os.set_blocking(listen, True)
        pid = self._runner.start(self.stage, place, shim=[place, log, 1, "watch"])
        with log.with_name("steps.go").open("wb", buffering=0) as go, os.fdopen(listen) as lines:
            for line in lines:
                moments += 1
                if wrong := self._study.wrong(place, self.stage):
                    harm.append(f"{line.strip()}: left {wrong[0]} wrong")
                key = self._state(place)
                if key not in self._known and key not in kept:
                    kept[key] = self._copied(place, key)
                go.write(b"x")
        done = self._runner.wait(pid, 300)
        if done.code:
            harm.append(f"left with {done.code}: {_end(done)}")
        keep = self._folder.with_name(f"{self.stage.kind}-states")
        for at, (key, copy) in enumerate(kept.items()):
            came = self._goes_on_from(copy, key)
            _say(self.stage, f"state {at + 1} of {len(kept)}: {came or 'identical'}")
            harm += [f"state {at + 1}: {came}"] if came else []
        shutil.rmtree(keep, ignore_errors=True)
        return moments, harm

    def _copied(self, place: Path, key: str) -> Path:
        copy = self._folder.with_name(f"{self.stage.kind}-states") / key
        for path in self._own(place):
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(place / path, copy / path)
        copy.mkdir(parents=True, exist_ok=True)
        return copy

    def _goes_on(self, place: Path) -> str:
        """Run the same command on what was left there; what harm came of it, if it was not tried before."""
        key = self._state(place)
        if key not in self._known:
            self._known[key] = self._ran_on(place)
        return self._known[key]

    def _goes_on_from(self, copy: Path, key: str) -> str:
        if key not in self._known:
            place = self._place()
            shutil.copytree(copy, place, dirs_exist_ok=True)
            self._known[key] = self._ran_on(place)
        return self._known[key]

    def _ran_on(self, place: Path) -> str:
        done = self._runner.run(self.stage, place)
        if done.code:
            return f"the next run left with {done.code}: {_end(done)}"
        if differing := self._study.differing(place, self.stage):
            return f"the next run made another {differing[0]}"
        left = [path for path in self._own(place) if path.parts[0] == "scratch" or PARTIAL in path.name]
        return f"{left[0]} is left for ever" if left else ""

    def _own(self, place: Path) -> list[Path]:
        """What the stage has written there: not its inputs, nor links to them."""
        found = []
        for folder, _, names in os.walk(place):
            for name in names:
                path = (Path(folder) / name).relative_to(place)
                source = self._study.path / path
                linked = source.exists() and source.samefile(place / path)
                if not linked and path.name not in ("dvc.yaml", "dvc.lock", "params.yaml"):
                    found.append(path)
        return sorted(found)

    def _state(self, place: Path) -> str:
        digest = hashlib.sha256()
        for path in self._own(place):
            content = b"" if path.name.startswith(PARTIAL) else (place / path).read_bytes()
            digest.update(f"{path} {hashlib.sha256(content).hexdigest()}\n".encode())
        return digest.hexdigest()


def _note(told: str, harm: list[str]) -> str:
    return "; ".join([*([told] if told else []), *harm[:3], *([f"{len(harm) - 3} more"] if harm[3:] else [])])


def _end(done: Done) -> str:
    return "it ran too long" if done.late else " ".join(done.output.split())[-200:] or "without a word"


def _say(stage: Stage, what: str) -> None:
    print(f"  {stage.name}: {what}", file=sys.stderr, flush=True)
