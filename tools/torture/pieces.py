"""Epochs and pieces of work that the processes of an experiment have finished, and which of them twice."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple


class Piece(NamedTuple):
    """An epoch or a piece of work that was finished."""

    at: float
    process: int
    folder: str
    name: str
    number: int


def pieces(traced: Path) -> list[Piece]:
    """What processes have noted, see traced/sitecustomize.py."""
    lines = traced.read_text(encoding="utf-8").splitlines()
    fields = (line.split(" ") for line in lines)
    return [
        Piece(float(at), int(process), folder, name, int(number))
        for at, process, folder, name, number in fields
    ]


def repeated(finished: list[Piece]) -> Iterator[tuple[int, float]]:
    """Of each process that went on with what another had begun: how much it did again, and for how long.

    The time is that between the ends of the first and the last of them when they were done before.
    """
    for _, of_folder in groupby(
        sorted(finished, key=lambda piece: piece.folder), key=lambda piece: piece.folder
    ):
        runs: dict[int, list[Piece]] = {}
        for piece in sorted(of_folder):
            runs.setdefault(piece.process, []).append(piece)
        before: dict[tuple[str, int], float] = {}
        for number, run_pieces in enumerate(runs.values()):
            again = [before[piece[3:]] for piece in run_pieces if piece[3:] in before]
            if number:
                yield len(again), max(again) - min(again) if again else 0.0
            before |= {piece[3:]: piece.at for piece in run_pieces}
