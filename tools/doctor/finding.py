"""What a check of the doctor's has found, a line each."""

from enum import Enum
from pathlib import Path
from typing import NamedTuple

NAMED = 5  # things of a kind; more are counted


class State(Enum):
    """How it stands."""

    OK = "ok"
    NOTE = "note"  # worth knowing; stands in no way
    MENDED = "mended"
    WRONG = "WRONG"


class Finding(NamedTuple):
    """One line.

    Attributes:
        what: was looked at, in a word.
        state: of it.
        told: what was found.
        mend: what to type, or to do; none where nothing is to be done.
    """

    what: str
    state: State
    told: str
    mend: str = ""

    def __str__(self) -> str:
        lines = [f"{self.state.value:7} {self.what:12} {self.told}"]
        if self.mend:
            lines.append(f"{'':20} -> {self.mend}")
        return "\n".join(lines)


def listed(names: list[str]) -> str:
    """The first few, and how many more."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def size(n: float) -> str:
    """Bytes for people."""
    for unit in ("B", "kB", "MB"):
        if n < 1000:
            return f"{n:.3g} {unit}"
        n /= 1000
    return f"{n:.3g} GB"


def shown(path: Path) -> str:
    """A path from here, where it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
