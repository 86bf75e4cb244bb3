"""Quantities made of others: means over patients, weighted sums, ratios.

Each patient's and seed's part in the whole follows from its parts in what it is made of: exactly for a sum,
to first order for any other function of means (delta method: the sum of its derivatives times their parts).
"""

from collections.abc import Sequence

import numpy as np

from evidrift.claims.estimate import Quantity


def mean_over(
    values: np.ndarray,
    patients: np.ndarray,
    usable: np.ndarray,
    known: bool,
    classes: np.ndarray | None = None,
) -> Quantity:
    """The mean over usable images, and what each patient's images add to it under each seed.

    With classes it is the mean over classes of their images' means.

    Args:
        values: (n, seeds).
        patients: index of each image's patient, (n,).
        usable: images that count, (n,) bool, at least one.
        known: whether the differences between columns hold all of the noise between trainings.
        classes: index of each image's class, (n,), where every class shall count alike.
    """
    n_patients = int(patients.max()) + 1
    chosen, of = values[usable], patients[usable]
    own = np.zeros(len(usable), int) if classes is None else classes
    group = np.unique(own[usable], return_inverse=True)[1]
    n_images = np.bincount(group)
    means = np.bincount(group, chosen.mean(axis=1)) / n_images
    weights = np.zeros((n_patients, values.shape[1]))
    np.add.at(weights, of, (chosen - means[group, None]) / (n_images[group, None] * len(means)))
    measured = np.zeros(n_patients, dtype=bool)
    measured[of] = True
    groups = None
    if classes is not None:
        groups = np.zeros(n_patients, int)
        groups[of] = group
    return Quantity(float(means.mean()), weights, measured, len(chosen), known, groups=groups)


def weighted_sum(terms: Sequence[tuple[float, Quantity]]) -> Quantity:
    """The sum of quantities of one architecture, each times a number; patients are those of all of them.

    With a function's derivatives as numbers, its parts are those of the function (delta method).
    """
    quantities = [each for _, each in terms]
    return Quantity(
        float(sum(factor * each.value for factor, each in terms)),
        np.sum([factor * each.weights for factor, each in terms], axis=0),
        np.logical_and.reduce([each.measured for each in quantities]),
        min(each.n_images for each in quantities),
        all(each.seeds_known for each in quantities),
        groups=quantities[0].groups,
    )


def ratio(above: Quantity, below: Quantity) -> Quantity | None:
    """The ratio of two means to first order (delta method); None without a mean to divide by."""
    if not below.value > 0:
        return None
    found = above.value / below.value
    return Quantity(
        found,
        (above.weights - found * below.weights) / below.value,
        above.measured & below.measured,
        min(above.n_images, below.n_images),
        above.seeds_known and below.seeds_known,
        groups=above.groups,
    )
