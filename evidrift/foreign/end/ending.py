"""What stands at the end of a classifier: the logits behind its probabilities, and these from the logits.

A probability's gradient vanishes as the classifier grows confident, so its logits are explained. They are
found by following the graph back from the output to the softmax or sigmoid, through all that leaves the
probabilities probabilities: means of several, constants that add up to nothing, 1 - p beside p. What is given
as the model's probabilities is then exactly what the model gives. Anything else behind a softmax or sigmoid
is refused: probabilities that pass for logits would be shown as others than the model's, and explained
wrongly.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import keras
import numpy as np
from scipy.special import expit, softmax

from evidrift.base.errors import UserError
from evidrift.foreign.end.mixture import Mixture, added, signed, times
from evidrift.foreign.end.operations import (
    MIXES,
    SIGMOID,
    SOFTMAX,
    arguments_of,
    bounds,
    function_of,
    node_of,
    rearranges,
    weighs,
)
from evidrift.maps.scores import predicted_classes
from evidrift.networks.target.graph import Step

ops = keras.ops
Kind = Literal["softmax", "sigmoid", "sigmoids", "logits"]
# A clip that cuts nothing but what is all but certain leaves a probability what it is.
CLIPPED = 1e-3


@dataclass(frozen=True)
class Ending:
    """How a classifier ends.

    Attributes:
        kind: `softmax` of several classes; `sigmoid`, one output for two classes; `sigmoids`, several outputs
            each of which says something by itself; `logits`, where nothing was taken off.
        logits: (batch, outputs), symbolic.
        clip: between which values the model cuts its probabilities.
        logarithm: the model gives the probabilities' logarithms.
    """

    kind: Kind
    logits: keras.KerasTensor
    clip: tuple[float, float] | None = None
    logarithm: bool = False

    def probabilities(self, raw: np.ndarray) -> np.ndarray:
        """The model's own probabilities.

        Args:
            raw: its logits, (n, outputs).

        Returns:
            (n, classes) float64; rows add up to 1 except of `sigmoids`. Logits are taken for those of a
            softmax; a single one for that of a sigmoid.
        """
        values = np.asarray(raw, np.float64)
        if self.kind == "sigmoids":
            found = expit(values)
        elif values.shape[1] == 1:
            found = expit(np.concatenate([-values, values], axis=1))
        else:
            found = softmax(values, axis=1)
        return found if self.clip is None else np.clip(found, *self.clip)

    def likeliest(self, raw: np.ndarray) -> np.ndarray:
        """The class or finding of the highest probability, (n,); by its logits, which never tie at 1."""
        return raw.argmax(axis=1) if self.kind == "sigmoids" else predicted_classes(raw)

    def outputs(self, raw: np.ndarray) -> np.ndarray:
        """What the model itself gives, (n, outputs) float64, of its logits."""
        if self.kind == "logits":
            return np.asarray(raw, np.float64)
        found = self.probabilities(raw)[:, -raw.shape[1] :]
        return np.log(found) if self.logarithm else found


def ending_of(steps: Sequence[Step], name: str, linear: Callable[[Any], Any]) -> Ending:
    """How a flat graph ends.

    Args:
        steps: from its input to its output.
        name: of the model, for errors.
        linear: a layer's twin without its activation.

    Raises:
        UserError: something stands behind a softmax or sigmoid that cannot be traced back, or the end is
            something else of which no probability is known.
    """
    return _Walk(steps, name, linear).ending()


class _Walk:
    """From the output of a graph back to where its probabilities are made."""

    def __init__(self, steps: Sequence[Step], name: str, linear: Callable[[Any], Any]):
        self._steps = steps
        self._name = name
        self._linear = linear
        self._twins: dict[int, Any] = {}
        self._known: dict[int, Mixture | None] = {}
        self._at = {id(node_of(step.output)): at for at, step in enumerate(steps)}

    def ending(self) -> Ending:
        end = self._found(len(self._steps) - 1)
        if end is None:
            last = self._steps[self._before(len(self._steps) - 1)].operation
            if function_of(last):
                raise UserError(
                    f"{self._name} ends in {last.name}, a {function_of(last)}: of its values no "
                    "probabilities are known. End in a softmax, a sigmoid, or in logits."
                )
            self._check_are_logits()
            return Ending("logits", self._steps[-1].output)
        proper = end.proper()
        if proper is None:
            weight = sum(weight for weight, _, _ in end.parts)
            raise UserError(
                f"The outputs of {self._name} are {weight:.4g} times those of a {end.function} and "
                f"{end.offset:+.4g}: neither probabilities nor logits. End the model at its {end.function}."
            )
        logits = proper.logits()
        if proper.function == "softmax":
            kind: Kind = "softmax"
        else:
            kind = "sigmoid" if logits.shape[-1] == 1 else "sigmoids"
        return Ending(kind, logits, proper.clip, proper.logarithm)

    def _check_are_logits(self) -> None:
        """Refuse what may be probabilities that were made by hand, behind the last layer with weights."""
        todo = [len(self._steps) - 1]
        while todo:
            step = self._steps[todo.pop()]
            if bounds(step.operation):
                kind = type(step.operation).__name__
                raise UserError(
                    f"{self._name} has {step.name} ({kind}) near its end: whether it gives logits or "
                    "probabilities cannot be seen. Make probabilities by Keras's softmax or sigmoid; if "
                    "these are logits, end the model in theirs."
                )
            if not weighs(step.operation) and type(step.operation).__name__ not in MIXES:
                todo += [at for at in step.inputs if at and len(self._steps[at].output.shape) == 2]

    def _found(self, at: int) -> Mixture | None:
        """What a step's output is of a softmax or sigmoid; None where it is of none."""
        if at not in self._known:
            self._known[at] = self._look(at)
        return self._known[at]

    def _look(self, at: int) -> Mixture | None:
        step = self._steps[at]
        operation, kind = step.operation, type(step.operation).__name__
        if at == 0:
            return None
        if isinstance(operation, keras.Model):
            raise UserError(
                f"{operation.name}, at the end of the classifier, is a subclassed model ({kind}): whether it "
                "gives logits or probabilities cannot be seen. End in a layer, such as Dense."
            )
        function = function_of(operation)
        if function in (*SOFTMAX, *SIGMOID):
            return self._start(step, function)
        if kind in MIXES or weighs(operation):
            return None
        stacked = self._stacked(step)
        given = stacked or [self._operand(each) for each in arguments_of(step)]
        kind = f"{kind} of Stack" if stacked else kind
        if not any(isinstance(each, Mixture) for each in given):
            return None
        found = self._behind(step, kind, given)
        if found is None:
            before = next(each for each in given if isinstance(each, Mixture)).function
            raise UserError(self._behind_it(operation, before))
        return found

    def _behind_it(self, operation: Any, before: str) -> str:
        return (
            f"{self._name} has {operation.name} ({type(operation).__name__}) behind a {before}: what it "
            f"makes of the probabilities cannot be traced back to logits. End the model at the {before}, "
            "keras.Model(model.inputs, its_output), and save that."
        )

    def _before(self, at: int) -> int:
        """The step behind which there is nothing but what leaves values as they are."""
        while at > 0 and rearranges(self._steps[at].operation):
            at = self._steps[at].inputs[0]
        return at

    def _start(self, step: Step, function: str) -> Mixture:
        operation = step.operation
        z = self._steps[step.inputs[0]].output
        before = function_of(self._steps[self._before(step.inputs[0])].operation)
        if before in (*SOFTMAX, *SIGMOID) and not weighs(operation):
            raise UserError(self._behind_it(operation, before))
        axis = getattr(operation, "axis", -1)
        if function in SOFTMAX and axis not in (-1, len(z.shape) - 1):
            raise UserError(
                f"{operation.name}, at the end of {self._name}, is a softmax over axis {axis}. It must be "
                "over the classes, the last one."
            )
        if weighs(operation):
            if id(operation) not in self._twins:
                self._twins[id(operation)] = self._linear(operation)
            z = self._twins[id(operation)](z)
        name = "softmax" if function in SOFTMAX else "sigmoid"
        return Mixture(name, ((1.0, z, 1),), logarithm=function.startswith("log"))

    def _operand(self, argument: Any) -> "Mixture | float | None":
        if isinstance(argument, int | float | np.number) and not isinstance(argument, bool):
            return float(argument)
        if isinstance(argument, keras.KerasTensor):
            at = self._at.get(id(node_of(argument)))
            return None if at is None else self._found(at)
        return None

    def _stacked(self, step: Step) -> "list[Mixture | float | None] | None":
        """What a mean or sum over an axis is taken of, where that axis was made by stacking."""
        before, kind = self._steps[step.inputs[0]], type(step.operation).__name__
        looks = kind in ("Mean", "Average", "Sum") and type(before.operation).__name__ == "Stack"
        axis = getattr(step.operation, "axis", None)
        axes = [axis] if isinstance(axis, int) else list(axis or [])
        weights = node_of(step.output).arguments.kwargs.get("weights")
        if not looks or len(axes) != 1 or weights is not None:
            return None
        rank = len(before.output.shape)
        if axes[0] % rank != before.operation.axis % rank or getattr(step.operation, "keepdims", False):
            return None
        return [self._operand(each) for each in arguments_of(before)]

    def _behind(self, step: Step, kind: str, given: "list[Mixture | float | None]") -> Mixture | None:
        """What an operation makes of probabilities; None where that is not known."""
        mixtures = [each for each in given if isinstance(each, Mixture)]
        numbers = [each for each in given if isinstance(each, float)]
        first, operation = mixtures[0], step.operation
        if rearranges(operation):
            parts = tuple((weight, operation(z), sign) for weight, z, sign in first.parts)
            return replace(first, parts=parts)
        if any(each.logarithm or each.clip for each in mixtures) or len(mixtures) + len(numbers) < len(given):
            return None
        if kind == "Concatenate":
            return self._beside(step, mixtures) if not numbers else None
        if kind == "Log":
            return replace(first, logarithm=True) if first.proper() else None
        if kind == "Clip":
            low, high = float(operation.x_min), float(operation.x_max)
            near = low <= CLIPPED and high >= 1 - CLIPPED
            return replace(first, clip=(low, high)) if near and first.proper() else None
        if kind == "Rescaling":
            if np.ndim(operation.scale) or np.ndim(operation.offset):
                return None
            scaled = first.times(float(operation.scale))
            return replace(scaled, offset=scaled.offset + float(operation.offset))
        if kind in ("Multiply", "TrueDivide", "Divide"):
            factor = float(np.prod(numbers))
            if kind == "Multiply":
                return first.times(factor) if len(mixtures) == 1 else None
            return first.times(1 / factor) if given[0] is first and len(mixtures) == 1 and factor else None
        if kind == "Negative":
            return first.times(-1)
        if kind == "Subtract":
            return added([given[0], times(given[1], -1)])
        if kind in ("Add", "Sum of Stack", "Mean of Stack", "Average of Stack") or (
            kind == "Average" and isinstance(operation, keras.layers.Layer)
        ):
            whole = added(given)
            share = 1.0 if kind in ("Add", "Sum of Stack") else 1 / len(given)
            return None if whole is None else whole.times(share)
        return None

    def _beside(self, step: Step, mixtures: Sequence[Mixture]) -> Mixture | None:
        """Outputs side by side: 1 - p and p are two classes; several sigmoids are findings of their own."""
        proper = [each.proper() for each in mixtures]
        last = step.operation.axis in (-1, len(step.output.shape) - 1)
        if not last or any(each is None or each.function != "sigmoid" for each in proper):
            return None
        logits = [each.logits() for each in proper if each is not None]
        widths = [each.shape[-1] for each in logits]
        if widths == [1, 1] and signed(proper[0]) == signed(proper[1], -1):
            # softmax of -z/2 and z/2 is 1 - sigmoid(z) and sigmoid(z)
            return Mixture("softmax", ((1.0, ops.concatenate(logits, axis=-1) * 0.5, 1),))
        return Mixture("sigmoid", ((1.0, ops.concatenate(logits, axis=-1), 1),))
