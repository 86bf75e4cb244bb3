"""What to keep in mind of how the architectures were trained."""

from collections.abc import Iterator

import pandas as pd

from evidrift.base.sentence import say
from evidrift.compare.caveat import Caveat, all_methods
from evidrift.compare.findings.models import over_seeds
from evidrift.compare.findings.relearned import FALL, relearned
from evidrift.compare.findings.strategies import PLAIN, strategies_of
from evidrift.compare.study import Study

# Checkpoints whose accuracies are this close perform alike.
SAME_ACCURACY = 0.02


def of_training(study: Study, models: pd.DataFrame) -> Iterator[Caveat]:
    """Every caveat of training that applies.

    Args:
        study: that was compared.
        models: from `findings.models.model_table`.
    """
    yield from _treated(study)
    yield from _learning(study, models)
    yield from _relearning(study)


def _treated(study: Study) -> Iterator[Caveat]:
    """Architectures that were not fine-tuned plainly, and whether all were fine-tuned alike."""
    strategies = strategies_of(study.training)
    treated = {arch: strategy for arch, strategy in strategies.items() if strategy != PLAIN}
    if not treated:
        return
    if len(set(strategies.values())) == 1:
        sentence = (
            "Fine-tuning followed a strategy, not plain training: {told}. Drift is what it leaves, not what "
            "fine-tuning as such moves."
        )
        told = [next(iter(treated.values()))]
    else:
        sentence = (
            "The architectures were fine-tuned by different strategies: {told}. Differences between them may "
            "be those of the strategies."
        )
        told = [f"{arch} by {strategy}" for arch, strategy in strategies.items()]
    yield Caveat("treated", say(sentence, told=told), all_methods(study, treated))


def _learning(study: Study, models: pd.DataFrame) -> Iterator[Caveat]:
    """Architectures of which fine-tuning changed the performance, not only the evidence."""
    accuracy = over_seeds(models)["accuracy"].unstack("checkpoint")
    change = (accuracy["ft"] - accuracy["tl"])[lambda values: values.abs() > SAME_ACCURACY]
    if len(change):
        told = [
            f"{arch} {accuracy.loc[arch, 'tl']:.2f} to {accuracy.loc[arch, 'ft']:.2f}"
            for arch in change.index
        ]
        sentence = (
            "Fine-tuning changed the accuracy: {told}. Drift there is of what was learned as well; see "
            "the drift at matched accuracy."
        )
        yield Caveat("accuracy_differs", say(sentence, told=told), all_methods(study, change.index))


def _relearning(study: Study) -> Iterator[Caveat]:
    """Architectures of which a fine-tuning fell far below its start."""
    fallen = relearned(study.training, study.histories)
    if fallen:
        told = [
            f"{each.arch} seed {each.seed} from {each.tl:.2f} to {each.fallen:.2f} after epoch {each.epoch}"
            for each in fallen
        ]
        sentence = (
            "This fine-tuning relearned: validation accuracy fell by more than {points:.0f} points, {told}. "
            "Drift there is of a network that was lost and trained anew: lower the learning rate or warm up "
            "for longer."
        )
        about = all_methods(study, {each.arch for each in fallen})
        yield Caveat("relearned", say(sentence, points=100 * FALL, told=told), about)
