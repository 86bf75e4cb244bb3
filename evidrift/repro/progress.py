"""What a run shows: a line a stage that ended, a table of those that run, and how far these are."""

import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.table import Table

TAIL = 4096  # bytes of a log
BETWEEN = 60.0  # seconds between two lines of a running stage, at least, where there is no terminal


class Progress:
    """Use as a context; `quiet` shows nothing."""

    def __init__(self, total: int, *, quiet: bool) -> None:
        self._console = Console(file=sys.stdout, markup=False, highlight=False, emoji=False, quiet=quiet)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._since: dict[str, float] = {}  # by running stage, the time of its start
        self._logs: dict[str, Path] = {}
        self._told: dict[str, tuple[float, str]] = {}  # by running stage, when a line was shown, and which
        self._total, self._done = total, 0

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._live.stop()

    def started(self, stage: str, log: Path) -> None:
        """A stage's command runs, and prints to a log."""
        self._since[stage], self._logs[stage] = time.monotonic(), log
        self._told[stage] = (self._since[stage], "")
        if not self._console.is_terminal:
            self._line("running", stage)
        self.refresh()

    def ended(self, stage: str, how: str) -> None:
        """A stage has ended: `how` in a word or two, none for one that was as it should be."""
        self._done += 1
        since = self._since.pop(stage, None)
        if how:
            self._line(how, stage if since is None else f"{stage}  {duration(time.monotonic() - since)}")
        self.refresh()

    def _line(self, how: str, what: str) -> None:
        self._console.print(f"{how:9} {what}", soft_wrap=True)
        if not self._console.is_terminal:
            self._console.file.flush()

    def refresh(self) -> None:
        """Draw the table anew; without a terminal, say now and then how far each stage is."""
        if self._live.is_started:
            self._live.update(self._table(), refresh=True)
            return
        now = time.monotonic()
        for stage in self._since:
            when, before = self._told[stage]
            if now - when >= BETWEEN:
                line = last_line(self._logs[stage])
                self._told[stage] = (now, line)
                if line not in ("", before):
                    self._line("", f"{stage}: {line}")

    def _table(self) -> Table:
        table = Table(title=f"{self._done} of {self._total} stages", title_justify="left", box=None)
        for column in ("running", "for", "last line"):
            table.add_column(column, style="bold" if column == "running" else "", no_wrap=True)
        for stage, since in self._since.items():
            told = last_line(self._logs[stage])
            table.add_row(stage, duration(time.monotonic() - since), told)
        return table


def last_line(log: Path) -> str:
    """Of what a stage has printed so far; empty where it has not."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - TAIL))
            lines = file.read().decode("utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    line = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return "".join(filter(str.isprintable, line))


def duration(seconds: float) -> str:
    """E.g. 0.4 s, 57 s, 12:05 min, 3:20 h."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = int(seconds) // 60
    if minutes < 60:
        return f"{minutes}:{int(seconds) % 60:02} min"
    return f"{minutes // 60}:{minutes % 60:02} h"
