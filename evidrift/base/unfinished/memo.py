"""What a long work remembers of itself, so that it need not be done twice: here nothing.

A stage gives the library one that lasts, see `scratch`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

import numpy as np

Arrays = Mapping[str, np.ndarray]  # of numbers or text, not of objects
Job = TypeVar("Job")


class Memo:
    """Does every work anew."""

    def each(self, name: str, jobs: Iterable[Job], make: Callable[[Job], Arrays]) -> Iterator[Arrays]:
        """What `make` makes of each job, one after the other.

        Args:
            name: of the work, of letters, digits, `-`, `_` and `.`; another one within the stage for another.
            jobs: its pieces, always the same ones in the same order. They are run through, also where
                `make` need not be called.
            make: makes arrays of a piece, the same whenever it is called.
        """
        return map(make, jobs)


NOTHING = Memo()
