"""Text as it may be printed: what a terminal would obey, or what would show it in another order, is spelled.

Names come from outside: of files, classes, patients, layers in a model file. They keep every character that
they have, in tables, in JSON and on the page. Printed, a character that is none to read (escapes and other
control characters, marks of direction, zero-width ones, halves of a surrogate pair) stands there as Python
writes it, such as `x1b` or `u202e` after a backslash. `tell` prints whole texts; `shown` is for a name that
must stay on one line.
"""

import sys
from typing import TextIO


def shown(name: object) -> str:
    """A name on one line, with nothing in it that a terminal obeys."""
    return "".join(each if each.isprintable() else _spelled(each) for each in str(name))


def printable(text: str) -> str:
    """A text of lines, likewise."""
    return "\n".join(map(shown, text.split("\n")))


def tell(text: str, file: TextIO | None = None) -> None:
    """Print it: the one way in which text that may hold names reaches a terminal or a log."""
    print(printable(text), file=file or sys.stdout, flush=True)


def _spelled(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
