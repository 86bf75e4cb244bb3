"""What a strategy of fine-tuning costs: an epoch of it against an epoch of plain fine-tuning, in turn."""

from collections.abc import Iterator
from functools import partial

import keras
import numpy as np

from benchmarks.performance.measuring import Clock, Line, Seconds, timed
from benchmarks.performance.networks import MINIATURES
from benchmarks.performance.training import bare_epochs, ft_params, splits
from evidrift.training.finetune import finetune
from evidrift.training.strategy import strategy_named

# Their strengths do not matter for time, but for how often the term is computed. `wise` trains nothing.
STRATEGIES = {
    "rate": {"factor": 0.1},
    "decay": {"decay": 0.8},
    "l2_sp": {"alpha": 0.1, "selective": False},
    "features": {"beta": 1, "layer": "penultimate"},
    "maps": {"gamma": 1, "layer": "penultimate", "every": 4},
    "focal": {"base": 1, "focus": 5, "temperature": 100},
}
NETWORK = MINIATURES[0]._replace(n=160)


def against_plain(rounds: int) -> Iterator[Line]:
    """Every strategy, without its first epoch: that compiles, and asks tl about the training images."""
    for name, content in STRATEGIES.items():
        params = ft_params(NETWORK, 1 + rounds)
        plain = bare_epochs(NETWORK, NETWORK.classifier(), params, seed=1)
        clock, ratios = Clock(), []

        def after_epoch(epoch: int, model: keras.Model, plain=plain, clock=clock, ratios=ratios) -> None:
            here, there = clock.read(), timed(partial(next, plain))
            if epoch > 1:
                ratios.append(Seconds(there.wall / here.wall, there.cpu / here.cpu))
            clock.start()

        strategy = strategy_named(name, content, "", ("strategies", name))
        model = NETWORK.classifier()
        finetune(
            model, NETWORK.zoo, *splits(NETWORK), params, 1, name, after_epoch=after_epoch, strategy=strategy
        )
        if not all(np.isfinite(value).all() for value in model.get_weights()):
            raise ValueError(f"{name} diverged")
        wall, cpu = zip(*ratios, strict=True)
        shown = ", ".join(f"{key} {value}" for key, value in content.items())
        yield Line("strategies", f"fine-tuning by {name} ({shown}): {NETWORK}", "plain", wall, cpu)
        keras.backend.clear_session()
