"""The study on this machine's cores: each stage runs as soon as what it needs is there."""

import errno
import logging
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from dvc.exceptions import DvcException
from dvc.logger import set_loggers_level
from dvc.repo import Repo
from dvc.stage import Stage

from evidrift.base.errors import UserError
from evidrift.base.process.faults import FULL, fault
from evidrift.base.process.stopping import raise_stopped
from evidrift.base.shown import tell
from evidrift.repro.book import Book, Need, commands, one_process, words_of
from evidrift.repro.claim import FOLDER, claimed
from evidrift.repro.crew import Crew, Ended, task
from evidrift.repro.jobs import default_jobs
from evidrift.repro.progress import Progress

LAST_LINES = 15
ALL_OF_IT = (*FULL, errno.EROFS)  # what is wrong with a disk, not with one file
REFRESH = 0.5  # seconds
HOW = {Need.NOTHING: "", Need.RESTORED: "restored"}


def repro(targets: list[str], jobs: int | None, *, quiet: bool) -> int:
    """Do what `dvc repro [targets]` does, `jobs` stages side by side.

    Returns:
        0; 1 where a stage failed; 128 and the signal's number where one stopped the run.

    Raises:
        UserError: something else is at work in this project, or DVC cannot read the pipeline.
    """
    logging.getLogger("dvc.progress").setLevel(logging.CRITICAL)  # its bars, beside our table
    try:
        with Repo() as repo, set_loggers_level(logging.WARNING), one_process(), claimed(repo) as claim:
            with repo.scm_context(quiet=True):
                run = Run(_book(repo, targets), jobs or default_jobs(Path("params.yaml")), claim, quiet=quiet)
                run.through()
            return run.tell()
    except DvcException as error:
        raise UserError(_pointed(words_of(error))) from error


def _book(repo: Repo, targets: list[str]) -> Book:
    try:
        return Book(repo, targets)
    except (
        AttributeError,
        KeyError,
        TypeError,
        ValueError,
    ) as error:  # DVC stumbles over a lock edited by hand
        told = f"DVC cannot read dvc.lock ({type(error).__name__}: {error})"
        raise UserError(_pointed(told)) from error


def _pointed(words: str) -> str:
    """An error's words, with how to mend a dvc.lock that cannot be read."""
    if "dvc.lock" not in words:
        return words
    return (
        f"{words.rstrip('.')}. It is not to be edited by hand: `git restore dvc.lock` brings the committed "
        "one back. Or delete it: the same command makes it anew, from the run cache what lies there."
    )


class Run:
    """One run: what waits, what is at work, what has failed."""

    def __init__(self, book: Book, jobs: int, claim: int, *, quiet: bool) -> None:
        self._book = book
        self._jobs = jobs
        self._crew = Crew(claim)
        self._logs = Path(book.repo.tmp_dir) / FOLDER
        self._quiet = quiet
        self._progress = Progress(len(self._book.stages), quiet=quiet)
        heights = self._book.heights()
        # the longest way to the end first; among equals, and in the log, DVC's order
        self._waiting = sorted(self._book.stages, key=lambda stage: -heights[stage])
        self._running: dict[str, Stage] = {}
        self._done: set[Stage] = set()
        self._counts = dict.fromkeys(("run", "restored", "unchanged"), 0)
        self._failed: dict[Stage, str] = {}
        self._stopped_by: signal.Signals | None = None
        self._refused: str | None = None  # by the disk: nothing more is begun

    def through(self) -> None:
        """Run all that can be run; stop at a signal."""
        with _signals(self._stop), self._progress:
            try:
                while self._stopped_by is None and (self._begin_ready() or self._running):
                    for ended in self._crew.wait(REFRESH) if self._running else ():
                        self._finish(ended)
                    self._progress.refresh()
            finally:
                self._crew.leave()
                self._write()

    def _write(self) -> None:
        try:
            self._book.write()
        except OSError as error:  # a full disk; what is done lies in the run cache, from where it is restored
            self._refused = self._refused or fault(error)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self._stopped_by is not None:  # asked twice
            raise_stopped(number, frame)
        self._stopped_by = signal.Signals(number)

    def _begin_ready(self) -> bool:
        """Begin stages while there is room; whether there was any to begin."""
        begun = False
        while self._stopped_by is None and self._refused is None and len(self._running) < self._jobs:
            stage = next((each for each in self._waiting if self._book.upstream[each] <= self._done), None)
            if stage is None:
                break
            begun = True
            self._waiting.remove(stage)
            self._begin(stage)
        return begun

    def _begin(self, stage: Stage) -> None:
        name = stage.addressing
        try:
            need = self._book.begin(stage)
        except Exception as error:  # as DVC: whatever goes wrong, it is this stage that failed
            self._fail_for(stage, error)
            return
        if need is Need.COMMAND:
            log = self._log(name)
            log.unlink(missing_ok=True)
            self._progress.started(name, log)
            self._running[name] = stage
            self._crew.start(task(name, stage.cmd, log, commands(stage)))
        else:
            self._done.add(stage)
            self._counts["unchanged" if need is Need.NOTHING else "restored"] += 1
            self._progress.ended(name, HOW[need])

    def _finish(self, ended: Ended) -> None:
        stage = self._running.pop(ended.stage)
        if ended.code:
            by = f"signal {-ended.code}" if ended.code < 0 else f"exit code {ended.code}"
            if ended.code == -signal.SIGKILL:
                by += " (of another process, or as memory ran out: run fewer side by side, with --jobs)"
            self._fail(stage, f"its command ended with {by}")
            return
        try:
            self._book.finish(stage)
        except Exception as error:
            self._fail_for(stage, error)
            return
        self._done.add(stage)
        self._counts["run"] += 1
        self._progress.ended(ended.stage, "done")

    def _fail_for(self, stage: Stage, error: Exception) -> None:
        if isinstance(error, OSError) and error.errno in ALL_OF_IT:
            self._refused = self._refused or fault(error)
        self._fail(stage, words_of(error))

    def _fail(self, stage: Stage, why: str) -> None:
        self._failed[stage] = why
        self._progress.ended(stage.addressing, "FAILED")

    def _log(self, name: str) -> Path:
        return self._logs / f"{name.replace('/', '-').replace(':', '-')}.log"

    def tell(self) -> int:
        """Say what came out, failures last; the exit code."""
        for stage, why in self._failed.items():
            self._tell_failure(stage.addressing, why)
        ready = ", ".join(f"{n} {how}" for how, n in self._counts.items() if n)
        if self._stopped_by is not None:
            stopped = f", {len(self._running)} stopped" if self._running else ""
            print(
                f"Stopped. Stages: {ready or 'none'}{stopped}. What is done is kept: "
                "the same command goes on from there.",
                file=sys.stderr,
            )
            return 128 + self._stopped_by
        if self._refused is not None:
            print(f"\nerror: {self._refused}", file=sys.stderr)
        if self._failed:
            names = ", ".join(stage.addressing for stage in self._failed)
            print(
                f"Failed: {names}. Not run because of that: {len(self._waiting)}. Stages: {ready or 'none'}. "
                "Once it is mended, the same command goes on from there.",
                file=sys.stderr,
            )
            return 1
        if self._refused is not None:
            return 1
        if not self._quiet:
            changed = self._counts["run"] + self._counts["restored"]
            print(f"Stages: {ready}." if changed else "Nothing to do: everything is as dvc.lock says.")
        return 0

    def _tell_failure(self, name: str, why: str) -> None:
        log = self._log(name)
        tell(f"\n{name} failed: {why}.", sys.stderr)
        if why.startswith("its command") and log.exists():
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
            if lines:
                print(f"The end of {log}:", file=sys.stderr)
            for line in lines[-LAST_LINES:]:
                tell(f"    {line}", sys.stderr)


@contextmanager
def _signals(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Have Ctrl-C, a kill and a closed terminal taken note of, so that nothing is left half-written."""
    kinds = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {kind: signal.signal(kind, handler) for kind in kinds}
    try:
        yield
    finally:
        for kind, old in before.items():
            signal.signal(kind, old)
