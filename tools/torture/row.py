"""What an experiment came to: a row of the table that `python -m tools.torture` prints."""

from typing import NamedTuple


class Row(NamedTuple):
    """One kind of mishap, tried many times.

    Attributes:
        what: was tried.
        tried: how often.
        harmless: how many of these ended with identical bytes, or with one clear error.
        note: what else the experiment found; of those that did harm, which.
    """

    what: str
    tried: int
    harmless: int
    note: str = ""

    @property
    def well(self) -> bool:
        """Whether nothing did harm."""
        return self.tried == self.harmless
