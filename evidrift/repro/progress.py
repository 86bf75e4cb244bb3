"""What a run shows: a line a stage that ended, and on a terminal a table of those that run."""

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.table import Table


class Progress:
    """Use as a context; `quiet` shows nothing."""

    def __init__(self, total: int, *, quiet: bool) -> None:
        self._console = Console(file=sys.stdout, markup=False, highlight=False, emoji=False, quiet=quiet)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._since: dict[str, float] = {}  # by running stage, the time of its start
        self._total, self._done = total, 0

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._live.stop()

    def started(self, stage: str) -> None:
        """A stage's command runs."""
        self._since[stage] = time.monotonic()
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
        """Draw the table anew."""
        if self._live.is_started:
            self._live.update(self._table(), refresh=True)

    def _table(self) -> Table:
        table = Table(title=f"{self._done} of {self._total} stages", title_justify="left", box=None)
        for column in ("running", "for"):
            table.add_column(column, style="bold" if column == "running" else "")
        for stage, since in self._since.items():
            table.add_row(stage, duration(time.monotonic() - since))
        return table


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
