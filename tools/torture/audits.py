"""Audits that are killed, stopped, or written to disks that fail: all or nothing, and no film lies about.

A real audit of the demo's models on a few films, by its own command line. After each mishap everything below
the folder is looked at: the working folder, the system's temporary one and the audit's own, for any file that
was not there before. Then the same audit runs again, and must give the same bytes.
"""

import contextlib
import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from evidrift.auditing.recording.folder import SUMMARY
from evidrift.auditing.recording.listed import NAME as LIST
from evidrift.auditing.recording.listed import UNFINISHED, hashes_of
from evidrift.base.files.writing import PARTIAL
from evidrift.demo.films import FILES, GATE, MODELS, RECIPE, write_films
from evidrift.prepare.phantoms.recipe import load_recipe
from tools.torture.row import Row
from tools.torture.runner import Done, Runner
from tools.torture.study import ROOT, Stage
from tools.torture.writes import FAILS, shim

SEED = 15
KINDS = (signal.SIGTERM, signal.SIGKILL, signal.SIGINT)
SOON = 5.0  # seconds that an audit may take to stop
OUT, TEMPORARY = "audit", "tmp"
WORDS = ("--before", MODELS[0], "--after", MODELS[1], "--images", "films", "--gate", GATE, "--out", OUT)
ROOM = (64, 1024, 6000, 12_000, 20_000)  # KiB of disks that are too small
VERDICT = (0, 1, 2)


def run(full: bool) -> list[Row]:
    """Kills at random moments, faults at writes, small disks."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        with Runner(SimpleNamespace(path=ROOT), {"LD_PRELOAD": str(shim(folder))}) as runner:  # type: ignore[arg-type]
            trial = Trial(runner, folder / "here", few=not full)
            return [
                *trial.kills(20 if full else 2),
                *trial.faults(40 if full else 1),
                *trial.disks(ROOM if full else ROOM[2:3]),
            ]


class Trial:
    """One audit, again and again.

    Args:
        runner: of commands.
        here: folder to work in; made.
        few: with the least films that there can be, and no gate.
    """

    def __init__(self, runner: Runner, here: Path, *, few: bool) -> None:
        self._runner, self._here = runner, here
        here.mkdir()
        (here / TEMPORARY).mkdir()
        for name in (*MODELS, GATE):
            shutil.copy(FILES / name, here / name)
        recipe = load_recipe(RECIPE)
        patients = recipe.patients.model_copy(update={"test": 5})
        write_films(here / "films", recipe.model_copy(update={"patients": patients}))
        words = [each for each in WORDS if not (few and each in ("--gate", GATE))]
        self._stage = Stage("audit", shlex.join(["python", "-m", "evidrift", "audit", *words]), (), ())
        self._films = {each.relative_to(here).as_posix() for each in (here / "films").rglob("*")}
        before = time.monotonic()
        self._first = self._run()
        self._seconds = time.monotonic() - before
        if self._first.code not in VERDICT or not (here / OUT / SUMMARY).exists():
            raise RuntimeError(self._first.output)
        self._record = self._files()
        self._start_anew()

    def kills(self, n: int) -> Iterator[Row]:
        """At random moments, by each signal in turn."""
        random_, harm, left = random.Random(SEED), [], 0  # noqa: S311 - to be drawn again
        for number in range(n):
            kind, at = KINDS[number % len(KINDS)], random_.uniform(0.2, self._seconds)
            pid = self._start()
            time.sleep(at)
            _kill(pid, kind)
            asked = time.monotonic()
            done = self._runner.wait(pid, 120)
            took = time.monotonic() - asked
            remains = self._new()
            left += bool(remains)
            came = self._judged_kill(kind, done, took, remains)
            if remains:  # else all is as it was before the first audit
                came = came or self._again()
                self._start_anew()
            harm += [f"{kind.name} after {at:.1f} s: {came}"] if came else []
            _say(f"{kind.name} after {at:.1f} of {self._seconds:.1f} s: {came or _told(remains)}")
        yield Row(
            "an audit killed or stopped at a random moment",
            n,
            n - len(harm),
            _note(f"{left} left a result or a folder with a plain name", harm),
        )

    def faults(self, n: int) -> Iterator[Row]:
        """A step on the disk fails, or the process dies there."""
        done = self._run([self._here, self._log, 0, "count"])
        steps = len(self._log.read_text().splitlines())
        if done.code not in VERDICT:
            raise RuntimeError(done.output)
        self._start_anew()
        random_ = random.Random(SEED)  # noqa: S311 - to be drawn again
        chosen = sorted(random_.sample(range(1, steps + 1), min(n, steps)))
        for what in ("a write of an audit fails", "an audit dies at a write"):
            harm = []
            for step in chosen:
                kind = "kill" if "dies" in what else random_.choice(FAILS)
                done = self._run([self._here, self._log, step, kind])
                came = self._judged_fault(kind, done) or self._again()
                self._start_anew()
                harm += [f"step {step} of {steps}, {kind}: {came}"] if came else []
                _say(f"step {step} of {steps}, {kind}: {came or f'left with {done.code}'}")
            yield Row(what, len(chosen), len(chosen) - len(harm), _note(f"of {steps} steps", harm))

    def disks(self, sizes: tuple[int, ...]) -> Iterator[Row]:
        """The folder's own disk is too small."""
        harm, tried, out = [], 0, self._here / OUT
        for size in sizes:
            out.mkdir()
            words = ["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(out)]
            if subprocess.run(words, capture_output=True, check=False).returncode:  # noqa: S603
                out.rmdir()
                _say("mounting is not allowed here: not tried")
                break
            try:
                done = self._run()
                whole, there = self._files() == self._record, list(out.iterdir())
            finally:
                subprocess.run(["umount", str(out)], check=True)  # noqa: S603, S607
            tried += 1
            clear = (done.clear and done.code == 2 and not there) or (done.code in VERDICT and whole)
            harm += [] if clear else [f"{size} KiB: left with {done.code}, {there}: {done.output[-300:]}"]
            _say(f"a disk of {size} KiB: {'' if clear else 'HARM '}left with {done.code}")
            self._start_anew()
        yield Row("an audit on a disk that is too small", tried, tried - len(harm), _note("", harm))

    def _start(self, how: list[Any] | None = None) -> int:
        environment = {"TMPDIR": str(self._here / TEMPORARY)}
        return self._runner.start(self._stage, self._here, environment=environment, shim=how or ())

    def _run(self, how: list[Any] | None = None) -> Done:
        return self._runner.wait(self._start(how), 600)

    @property
    def _log(self) -> Path:
        return self._here.with_name("steps")

    def _files(self) -> dict[str, str]:
        """The result as it is there: hashes by name, the list left out."""
        if not (self._here / OUT).is_dir():
            return {}
        found = hashes_of(self._here / OUT)
        found.pop(LIST, None)
        return found

    def _new(self) -> list[str]:
        """All files that were not there before the audit, and folders."""
        own = {*MODELS, GATE, "films", TEMPORARY}
        found = [each for each in self._here.iterdir() if each.name not in own]
        found += [each for each in self._here.rglob("*") if each.parent != self._here]
        films = self._here / "films"
        return sorted(
            p.relative_to(self._here).as_posix()
            for p in found
            if not p.is_relative_to(films) or p.name.startswith(".")
        )

    def _judged_kill(self, kind: signal.Signals, done: Done, took: float, remains: list[str]) -> str:
        if self._files() == self._record:
            return ""  # it had ended, or was as good as
        if kind != signal.SIGKILL and took > SOON:
            return f"it took {took:.1f} s to stop"
        if kind != signal.SIGKILL and ("Traceback" in done.output or done.code != 128 + kind):
            return f"it left with {done.code}: {done.output[-300:]}"
        if kind != signal.SIGKILL and remains:
            return f"it left {remains[0]}"
        return _harm_of(remains)

    def _judged_fault(self, kind: str, done: Done) -> str:
        if self._files() == self._record:
            return ""
        if kind != "kill" and not done.clear:
            return f"it left with {done.code}: {done.output[-300:]}"
        if kind != "kill" and done.code != 2:
            return f"it left with {done.code}, which is no verdict"
        remains = self._new()
        return _harm_of(remains) if kind in ("kill", "read-only") or not remains else f"it left {remains[0]}"

    def _again(self) -> str:
        """The same once more gives the same; from the start afterwards."""
        done = self._run()
        same = done.code == self._first.code and self._files() == self._record
        return (
            "" if same else f"the next audit left with {done.code} and another record: {done.output[-300:]}"
        )

    def _start_anew(self) -> None:
        for path in (self._here / OUT, self._here / TEMPORARY):
            shutil.rmtree(path, ignore_errors=True)
        (self._here / TEMPORARY).mkdir()


def _harm_of(remains: list[str]) -> str:
    """A result that is not whole stands under no final name, nothing under a hidden one or elsewhere."""
    for name in remains:
        if not name.startswith(OUT):
            return f"it left {name}"
        inside = name.removeprefix(OUT).strip("/")
        if inside == SUMMARY or (inside.startswith(".") and inside != PARTIAL + LIST):
            return f"it left {name}"
        if inside and inside.partition("/")[0] not in (UNFINISHED, LIST, PARTIAL + LIST):
            return "" if LIST in "".join(remains) else f"it left {name}, and no list"
    return ""


def _kill(pid: int, kind: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, kind)


def _told(remains: list[str]) -> str:
    return f"{len(remains)} files and folders were there" if remains else "nothing was there"


def _note(told: str, harm: list[str]) -> str:
    return "; ".join(filter(None, (told, *harm)))


def _say(line: str) -> None:
    print(f"  {line}", file=sys.stderr, flush=True)
