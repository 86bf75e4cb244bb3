"""What is wrong in a parameter file about strategies of fine-tuning and their sweep, a sentence each."""

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from evidrift.base.errors import told
from evidrift.tradeoff.params import Tradeoff
from evidrift.training.params import Finetune
from evidrift.training.strategy import find_strategy, strategy_named, strategy_of

Finetunes = Mapping[str, Finetune]  # by architecture
Contents = Mapping[str, Mapping[str, dict[str, Any]]]  # parameters by strategy and strength
# Parameters at which a strategy leaves plain fine-tuning as it is.
LEAVING = {"rate": {"factor": 1}, "decay": {"decay": 1}, "wise": {"share": 1}}


def strategy_faults(finetune: Finetunes, strategies: Contents) -> Iterator[str]:
    """Strategies that there are not, and what their own parameters refuse."""
    for name, each in finetune.items():
        yield from told("", strategy_of, each.strategy, "", ("finetune", name, "strategy"))
    for name, strengths in strategies.items():
        unknown = told("strategies: ", find_strategy, name)
        yield from unknown
        for strength, content in {} if unknown else strengths.items():
            yield from told("", strategy_named, name, content, "", ("strategies", name, strength))


def course_faults(finetune: Finetunes) -> Iterator[str]:
    """Fine-tunings that trajectory cannot follow: no epoch of theirs leads to ft."""
    for name, each in finetune.items():
        (strategy,) = each.strategy
        if not find_strategy(strategy).TRAINS:
            yield (
                f"trajectory.seeds names seeds, but finetune.{name}.strategy is {strategy}, which mixes ft "
                "from finished weights: the epochs before it are those of plain fine-tuning. Make it "
                "`trajectory.seeds: []`, or take a strategy that trains."
            )


def sweep_faults(sweep: Tradeoff, finetune: Finetunes, strategies: Contents) -> Iterator[str]:
    """What cannot be swept, in a study that is right otherwise.

    Args:
        sweep: the grid of the sweep.
        finetune: of the study's architectures.
        strategies: parameters of the strategies, which these accept.
    """
    lists = {name: getattr(sweep, name) for name in ("architectures", "strategies", "strengths")}
    if any(lists.values()) and not all(lists.values()):
        yield (
            f"tradeoff.{next(name for name, values in lists.items() if not values)} is empty. All three of "
            "its lists are needed; with all empty no strategies are compared."
        )
    for name in sweep.architectures:
        if name not in finetune:
            yield f"tradeoff.architectures names {name}, which is not among grid.architectures."
        elif set(finetune[name].strategy) != {"plain"}:
            yield (
                f"tradeoff.architectures names {name}, but finetune.{name}.strategy is not plain: the curve "
                "shows what a strategy does in place of plain fine-tuning. Make it `plain: {}`."
            )
    swept = {name: finetune[name] for name in sweep.architectures if name in finetune}
    for name in sweep.strategies:
        if name == "plain":
            yield "tradeoff.strategies names plain, which is the study's own fine-tuning. Take it out."
        else:
            yield from _strength_faults(name, sweep.strengths, swept, strategies.get(name, {}))


def _strength_faults(
    name: str, strengths: list[str], finetune: Finetunes, contents: Mapping[str, dict[str, Any]]
) -> Iterator[str]:
    """Strengths of a swept strategy that are missing, alike, or nothing but plain fine-tuning once more."""
    for strength in strengths:
        if strength not in contents:
            yield f"strategies.{name}.{strength} is missing, though tradeoff names {name} and {strength}."
    present = [strength for strength in strengths if strength in contents]
    for first, second in combinations(present, 2):
        if contents[first] == contents[second]:
            yield (
                f"strategies.{name}.{second} is the same as {first}: one point of the curve would be made "
                f"twice. Change it, or take {second} out of tradeoff.strengths."
            )
    for strength in present:
        if contents[strength] == LEAVING.get(name):
            yield f"strategies.{name}.{strength} leaves plain fine-tuning as it is. Change it."
        for architecture, recipe in finetune.items():
            if (name, contents[strength]) == ("batchnorm", {"mode": recipe.batchnorm}):
                yield (
                    f"strategies.batchnorm.{strength} is what finetune.{architecture}.batchnorm says "
                    f"already, {recipe.batchnorm}: plain fine-tuning once more. Take the other mode."
                )
