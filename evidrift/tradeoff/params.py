"""Parameters of the sweep over strategies of fine-tuning: the stages treat, judge and tradeoff."""

from pathlib import Path

from evidrift.base.choices import Distinct
from evidrift.base.grid import Name
from evidrift.base.section import Section, load_section


class Tradeoff(Section):
    """The sweep's grid; its seeds and attribution families are the study's. All empty: there is none.

    Attributes:
        architectures: of the study's, whose fine-tuning is treated.
        strategies: files in strategies/.
        strengths: by name, each a key of every strategy's section; the first moves the least away from plain.
    """

    architectures: Distinct[list[Name]]
    strategies: Distinct[list[Name]]
    strengths: Distinct[list[Name]]


def load_tradeoff(path: Path) -> Tradeoff:
    """The section `tradeoff` of a parameter file."""
    return load_section(path, Tradeoff, "tradeoff")
