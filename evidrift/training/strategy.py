"""A strategy of fine-tuning by name: each is one file in strategies/. Needs no TensorFlow.

A file in strategies/ defines

DIAL: whether it only turns what plain fine-tuning has anyway. All dials together trace the curve that every
    other strategy must beat, see docs/strategies.md.
TRAINS: False where it makes its weights from those of tl and of a finished plain fine-tuning.
Params: its parameters, a `Section`.
treat(setting, params): the `Treatment` of a training (see `treatment`), where it trains. Keras and TensorFlow
    are imported inside.
blend(classifier, start, end, params, updated, inputs): where it does not, see `strategies.wise`.
"""

import hashlib
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from evidrift.base.errors import UserError, likely
from evidrift.base.section import Section, load_section, validate

STRATEGIES = Path(__file__).parents[1] / "strategies"


class Strategy(NamedTuple):
    """A strategy and how strongly it is to act.

    Attributes:
        name: of its file in strategies/.
        module: that file.
        params: its `Params`.
    """

    name: str
    module: ModuleType
    params: Section


def names() -> list[str]:
    """All strategies, sorted."""
    return sorted(path.stem for path in STRATEGIES.glob("[a-z]*.py"))


def find_strategy(name: str) -> ModuleType:
    """The strategy's module.

    Raises:
        UserError: no file in strategies/ has that name, or it lacks what such a file must define.
    """
    if name not in names():
        raise UserError(f"{name} is not a strategy of fine-tuning. {likely(name, names())}")
    module = import_module(f"evidrift.strategies.{name}")
    does = "treat" if getattr(module, "TRAINS", True) else "blend"
    lacking = [word for word in ("DIAL", "TRAINS", "Params", does) if not hasattr(module, word)]
    if lacking:
        raise UserError(
            f"evidrift/strategies/{name}.py does not define {', '.join(lacking)}. docs/extending.md says "
            "what such a file must define."
        )
    return module


def strategy_of(choice: Mapping[str, Any], where: str, keys: tuple[str, ...]) -> Strategy:
    """What `finetune.<architecture>.strategy` chooses.

    Args:
        choice: one strategy's name -> its parameters.
        where: opens each line of an error.
        keys: of the choice in the parameter file.

    Raises:
        UserError: there is no such strategy, or its parameters are wrong.
    """
    ((name, content),) = choice.items()
    return strategy_named(name, content, where, (*keys, name))


def strategy_named(name: str, content: Any, where: str, keys: tuple[str, ...]) -> Strategy:
    """A strategy by name, with plain content as its parameters, whose keys in the file these are."""
    module = find_strategy(name)
    return Strategy(name, module, validate(content, module.Params, where, keys))


def load_strategy(path: Path, name: str, strength: str) -> Strategy:
    """The strategy with the section `strategies.<name>.<strength>` of a parameter file."""
    module = find_strategy(name)
    return Strategy(name, module, load_section(path, module.Params, "strategies", name, strength))


def stamp(name: str) -> str:
    """The strategy's name and the sha256 of its file: what a fine-tuning depends on."""
    content = (STRATEGIES / f"{name}.py").read_bytes()
    return f"{name} {hashlib.sha256(content).hexdigest()}\n"
