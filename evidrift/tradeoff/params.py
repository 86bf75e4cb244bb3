"""Parameters of the sweep over strategies of fine-tuning, and of the stage tradeoff."""

from pathlib import Path

from evidrift.base.choices import Distinct
from evidrift.base.grid import Name
from evidrift.base.section import Section, load_section


class Tradeoff(Section):
    """The sweep's grid; its seeds and attribution families are those of the study's grid.

    Attributes:
        architectures: of the study's grid; empty, there is no sweep.
        strategies: of fine-tuning, files in strategies/.
        strengths: of every strategy, as the section `strategies` names them.
    """

    architectures: Distinct[list[Name]]
    strategies: Distinct[list[Name]]
    strengths: Distinct[list[Name]]


def load_tradeoff(path: Path) -> Tradeoff:
    """The section `tradeoff` of a parameter file."""
    return load_section(path, Tradeoff, "tradeoff")
