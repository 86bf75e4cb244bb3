"""A classifier's graph of operations, and the tensors in it that every path passes."""

from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

import keras


@dataclass(frozen=True)
class Step:
    """One call of an operation, a layer as a rule.

    Attributes:
        operation: what was called.
        inputs: positions of the steps whose outputs it takes.
        output: its symbolic output, the first where there are several.
        is_single: there is one output only.
    """

    operation: Any
    inputs: tuple[int, ...]
    output: keras.KerasTensor
    is_single: bool

    @property
    def name(self) -> str:
        """The operation's name."""
        return self.operation.name


def trace(model: keras.Model) -> list[Step]:
    """The calls between a model's input (the first step) and its output (the last), in order.

    Calls are followed back from the output, so that layers shared with other models, and their calls
    there, do not enter. What does not depend on the input (a constant) is left out.
    """
    end = _node(model.outputs[0])
    order = list(TopologicalSorter({node: node.parent_nodes for node in _ancestors(end)}).static_order())
    start = _node(model.inputs[0])
    positions, steps = {start: 0}, [Step(start.operation, (), start.outputs[0], True)]
    for node in order:
        parents = [positions[parent] for parent in node.parent_nodes if parent in positions]
        if parents:
            positions[node] = len(steps)
            steps.append(
                Step(node.operation, tuple(parents), node.outputs[0], is_single=len(node.outputs) == 1)
            )
    return steps


def articulations(steps: list[Step]) -> list[int]:
    """Positions of the steps whose one output every path from the input to the logits passes.

    In an order of computation these are the steps that no connection jumps over: a path could take the
    connection and never touch the step. A step with several outputs (a split) is none of them, for what
    follows takes more than its first.
    """
    farthest = [0] * len(steps)
    for position, step in enumerate(steps):
        for parent in step.inputs:
            farthest[parent] = position
    found, reach = [], 0
    for position in range(len(steps)):
        if reach <= position and steps[position].is_single:
            found.append(position)
        reach = max(reach, farthest[position])
    return found


def consumers(steps: list[Step]) -> list[list[int]]:
    """Of each step, the positions of those that take its output."""
    found: list[list[int]] = [[] for _ in steps]
    for position, step in enumerate(steps):
        for parent in dict.fromkeys(step.inputs):
            found[parent].append(position)
    return found


def _node(tensor: keras.KerasTensor) -> Any:
    operation, index, _ = tensor._keras_history
    return operation._inbound_nodes[index]


def _ancestors(node: Any) -> Iterator[Any]:
    """The node and all it depends on; without recursion, since networks are deeper than Python's stack."""
    seen, todo = {node}, [node]
    while todo:
        yield (current := todo.pop())
        new = [parent for parent in dict.fromkeys(current.parent_nodes) if parent not in seen]
        seen.update(new)
        todo.extend(new)
