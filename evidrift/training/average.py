"""A running average of the weights over the last steps (Polyak & Juditsky 1992): what an epoch is judged by.

A trunk whose batch normalisation keeps its statistics is sharp: single steps throw its accuracy up and down,
while their mean stays good. Inception V3 was evaluated by such an average, too (Szegedy et al. 2015).
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import tensorflow as tf


class Average:
    """Exponential moving averages of variables, which start at their first values."""

    def __init__(self, variables: list[tf.Variable], steps: float) -> None:
        """Start.

        Args:
            variables: to average.
            steps: after as many steps a value counts 1/e of what it counted; 0 keeps the last values alone.
        """
        self._share = 1 - math.exp(-1 / steps) if steps else 1.0
        self._variables = variables if steps else []
        self._averages = [tf.Variable(variable, trainable=False) for variable in self._variables]

    def update(self) -> None:
        """Take the variables' values in, after a step that changed them."""
        for average, variable in zip(self._averages, self._variables, strict=True):
            average.assign_add(self._share * (variable - average))

    @property
    def raw(self) -> list[tf.Variable]:
        """The variables that are averaged: none where the last values alone count."""
        return self._variables

    def restore(self, raw: Sequence[np.ndarray]) -> None:
        """Take up an earlier run's: the variables hold averages, as in `shown`, and get the raw values."""
        for average, variable, value in zip(self._averages, self._variables, raw, strict=True):
            average.assign(variable)
            variable.assign(value)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Inside, the variables hold their averages; afterwards what they held before."""
        held = [variable.numpy() for variable in self._variables]
        for variable, average in zip(self._variables, self._averages, strict=True):
            variable.assign(average)
        yield
        for variable, value in zip(self._variables, held, strict=True):
            variable.assign(value)
