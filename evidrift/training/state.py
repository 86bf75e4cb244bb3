"""What a training has after an epoch, kept so that a killed one goes on from there to the same bytes.

Pieces of a stage's scratch: `weights-<epoch>`, all weights as they are validated and kept, of the last
finished epoch, of the chosen one, and of those that the epochs file is to hold; and `state`: Adam's moments,
the raw weights where those are averages, and the history. No random stream runs on from one epoch to the
next, see `loop`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass

import keras
import numpy as np

from evidrift.base.errors import UserError
from evidrift.base.unfinished.memo import Arrays
from evidrift.base.unfinished.scratch import Part, Scratch
from evidrift.training.adam import Adam
from evidrift.training.average import Average


@dataclass(frozen=True)
class Epoch:
    """One row of a training's history."""

    epoch: int
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float


class State:
    """The state of one training, in memory and, where there is a scratch, on disk.

    Attributes:
        history: of the finished epochs.
        chosen: number of the epoch whose weights are the result so far, from 1; 0 for none.
    """

    def __init__(
        self, model: keras.Model, adam: Adam, average: Average, scratch: Scratch | Part | None, keeps: bool
    ) -> None:
        """Take up what an earlier run has left, if it has: the model, Adam and the average go on from there.

        Args:
            model: that is trained.
            adam: of its training.
            average: of its weights.
            scratch: where the state is kept; None keeps none.
            keeps: leave every epoch's weights in the scratch.
        """
        self._model, self._adam, self._average = model, adam, average
        self._scratch, self._keeps = scratch, keeps
        self.history: list[Epoch] = []
        self.chosen = 0
        self._best: list[np.ndarray] = []
        self._shown: list[np.ndarray] = []  # of the last epoch taken in
        self._held: set[int] = set()  # epochs whose weights are in the scratch for this training alone
        if scratch and (state := scratch.get("state")):
            self._restore(scratch, state)

    def _restore(self, scratch: Scratch | Part, state: Arrays) -> None:
        history = [Epoch(int(row[0]), *map(float, row[1:])) for row in state["history"]]
        last, chosen = len(history), int(state["chosen"])
        for epoch in range(1, last + 1) if self._keeps else ():
            if epoch not in (last, chosen) and scratch.get(piece(epoch)) is None:
                return
        shown, best = scratch.get(piece(last)), scratch.get(piece(chosen)) if chosen else {}
        if shown is None or best is None:
            return
        self.history, self.chosen, self._best = history, chosen, list(best.values())
        self._held = {last, chosen}
        self._model.set_weights(list(shown.values()))
        self._average.restore(list(_listed(state, "raw")))
        for variable, value in zip(self._adam.state, _listed(state, "adam"), strict=True):
            variable.assign(value)

    def take(self, row: Epoch, *, chosen: bool) -> None:
        """Take in an epoch whose weights the model shows now."""
        self.history.append(row)
        if chosen or self._scratch:
            self._shown = self._model.get_weights()
        if chosen:
            self.chosen, self._best = row.epoch, self._shown

    def keep(self) -> None:
        """Keep what the next epoch needs, now that the model holds the raw weights again."""
        if not self._scratch:
            return
        last = len(self.history)
        state = {
            "history": np.array([astuple(row) for row in self.history], np.float64),
            "chosen": np.array(self.chosen),
            **_named("raw", [variable.numpy() for variable in self._average.raw]),
            **_named("adam", [variable.numpy() for variable in self._adam.state]),
        }
        self._scratch.put({piece(last): _named("weights", self._shown), "state": state})
        needed = {last, self.chosen}
        for epoch in self._held - needed if not self._keeps else ():
            self._scratch.drop(piece(epoch))
        self._held = needed

    def finish(self) -> None:
        """Give the model the weights of the chosen epoch."""
        self._model.set_weights(self._best)


def kept_weights(scratch: Scratch | Part, n_epochs: int) -> Iterator[list[np.ndarray]]:
    """Weights after each epoch of a finished training that `keeps` them, as `set_weights` takes them.

    Raises:
        UserError: those of an epoch cannot be read any more.
    """
    for epoch in range(1, n_epochs + 1):
        arrays = scratch.get(piece(epoch))
        if arrays is None:
            raise UserError(
                f"The weights of epoch {epoch} were damaged while the training went on. Run it again: it "
                "begins anew."
            )
        yield list(arrays.values())


def piece(epoch: int) -> str:
    """What the weights of an epoch are called."""
    return f"weights-{epoch}"


def _named(name: str, values: Sequence[np.ndarray]) -> Arrays:
    return {f"{name}-{number}": value for number, value in enumerate(values)}


def _listed(arrays: Arrays, name: str) -> Iterator[np.ndarray]:
    return (value for key, value in arrays.items() if key.startswith(f"{name}-"))
