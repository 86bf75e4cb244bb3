"""Films and what models say of them, made up: arrays instead of networks."""

import numpy as np

from evidrift.auditing.films.calls import Scores, Truth


def truth_of_labels(labels, n_classes, patients=None) -> Truth:
    """One class a film."""
    one_hot = np.eye(n_classes, dtype=bool)[labels]
    ids = np.array([f"{number:03d}.png" for number in range(len(labels))])
    names = ids if patients is None else np.asarray(patients).astype(str)
    classes = tuple("abcdefgh"[:n_classes])
    return Truth(ids, names, classes, one_hot, np.ones_like(one_hot), True)


def scores_of(probability) -> Scores:
    """The likeliest class is called."""
    probability = np.asarray(probability, dtype=float)
    return Scores(probability, np.eye(probability.shape[1], dtype=bool)[probability.argmax(axis=1)])


def random_scores(labels, n_classes, seed, skill=1.5) -> Scores:
    logits = (
        np.random.default_rng(seed).normal(size=(len(labels), n_classes)) + skill * np.eye(n_classes)[labels]
    )
    odds = np.exp(logits)
    return scores_of(odds / odds.sum(axis=1, keepdims=True))
