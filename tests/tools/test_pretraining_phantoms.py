"""The pretraining task: generic findings, each on its share of films, each visible where it is drawn."""

import numpy as np
import pytest

from evidrift.base.seeds import stream
from evidrift.prepare.phantoms.anatomy import draw_anatomy
from evidrift.prepare.phantoms.build import draw_build
from tools.pretraining_phantoms import DRAWN, FINDINGS, PRESENCE, draw_generic

pytestmark = pytest.mark.slow


def test_there_are_ten_findings_and_none_is_a_class_of_the_study():
    assert sorted(FINDINGS) == sorted(
        ["mass", "ring", "dots", "lines", "haze", "tube", "effusion", "pneumothorax", "big heart", "stripes"]
    )


def test_a_film_is_the_same_bytes_in_any_order():
    first = [draw_generic(3, number, 64) for number in (0, 1, 2)]
    again = [draw_generic(3, number, 64) for number in (2, 1, 0)][::-1]
    for (image, labels), (image_again, labels_again) in zip(first, again, strict=True):
        assert image.tobytes() == image_again.tobytes()
        assert labels.tobytes() == labels_again.tobytes()


def test_films_differ_by_number_and_seed():
    films = {draw_generic(seed, number, 32)[0].tobytes() for seed in (1, 2) for number in range(5)}
    assert len(films) == 10


def test_each_finding_is_on_its_share_of_films():
    labels = np.array([draw_generic(5, number, 32)[1] for number in range(150)])
    assert labels.dtype == bool and labels.shape == (150, 10)
    # Standard deviation of a share: sqrt(0.3 * 0.7 / 150) = 0.037; four of them.
    assert np.all(np.abs(labels.mean(axis=0) - PRESENCE) < 0.15)


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_each_finding_changes_the_chest_where_it_shows(name):
    for number in range(8):
        rng = stream("test", number)
        anatomy = draw_anatomy(draw_build(rng), rng, 128)
        added = DRAWN[name](anatomy, rng)
        assert added.shape == (128, 128)
        assert np.abs(added).max() > 0.06
        # It lies on the lungs at least in part, and leaves most of the film alone.
        assert np.any(np.abs(added)[anatomy.air > 0.3] > 0.04)
        assert np.mean(np.abs(added) > 0.02) < 0.3
