"""Has every process of a run note each epoch and each piece of work that it finishes, in the file $TRACED.

A line: seconds, process, what it is of, its name, its number. $EVERY, if it is there, is how many seconds of
work may wait to be written.
"""

import importlib.abc
import importlib.machinery
import os
import sys
import time
from collections.abc import Sequence
from typing import Any

WRAPPED = ("evidrift.base.unfinished.scratch", "evidrift.training.state")


def note(*words: object) -> None:
    """Add a line; whole, whoever else writes."""
    file = os.open(os.environ["TRACED"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    line = " ".join(map(str, (f"{time.time():.3f}", os.getpid(), *words)))
    os.write(file, f"{line}\n".encode())
    os.close(file)


def wrap(module: Any) -> None:
    """Have the methods of its class take notes."""
    if module.__name__.endswith("state"):
        keep = module.State.keep

        def kept(self: Any) -> None:
            note(self._scratch._folder.name, "epoch", len(self.history))
            keep(self)

        module.State.keep = kept
        return
    module.EVERY = float(os.environ.get("EVERY", module.EVERY))
    each = module.Scratch.each

    def noted(self: Any, what: str, jobs: Any, make: Any) -> Any:
        def made(job: tuple) -> Any:
            arrays = make(job[1])
            note(self._folder.name, what, job[0])
            return arrays

        return each(self, what, enumerate(jobs), made)

    module.Scratch.each = noted


class Finder(importlib.abc.MetaPathFinder):
    """Finds the modules to wrap as they are found, and wraps them when they have been run."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: Any = None) -> Any:
        """The module's specification, with a loader that wraps."""
        if name not in WRAPPED:
            return None
        spec: Any = importlib.machinery.PathFinder.find_spec(name, path)
        run = spec.loader.exec_module

        def exec_module(module: Any) -> None:
            run(module)
            wrap(module)

        spec.loader.exec_module = exec_module
        return spec


if "TRACED" in os.environ:
    sys.meta_path.insert(0, Finder())
