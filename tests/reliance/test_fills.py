"""What takes a region's place."""

from dataclasses import replace

import numpy as np

from evidrift.reliance.fills import donors, fitted, surroundings
from tests.reliance.films import films


def middle(side=32, width=8):
    mask = np.zeros((side, side), bool)
    start = (side - width) // 2
    mask[start : start + width, start : start + width] = True
    return mask


def test_surroundings_of_one_grey_fill_with_that_grey_whatever_stood_there():
    film, mask = np.full((32, 32), 77, np.uint8), middle()
    film[mask] = 255
    assert (surroundings(film, mask) == 77).all()


def test_surroundings_change_nothing_outside_and_stay_between_what_is_around():
    film = np.random.default_rng(0).integers(0, 256, (32, 32)).astype(np.uint8)
    film[:, :16] //= 4
    mask = middle()
    filled = surroundings(film, mask)
    assert (filled[~mask] == film[~mask]).all()
    assert film[~mask].min() <= filled[mask].min() <= filled[mask].max() <= film[~mask].max()
    assert filled[mask].std() < film[~mask].std()


def test_a_region_that_is_the_whole_film_is_filled_with_its_mean():
    film = np.arange(16, dtype=np.uint8).reshape(4, 4)
    assert (surroundings(film, np.ones((4, 4), bool)) == 8).all()  # 7.5, rounded to even


def test_donors_are_other_patients_of_another_class_and_always_the_same():
    images = films(10)
    chosen = donors(images)
    assert (images.labels[chosen] != images.labels).all()
    assert (donors(images) == chosen).all()
    one_class = donors(replace(images, labels=np.zeros(10, np.int32)))
    assert (one_class != np.arange(10)).all()
    assert (donors(replace(images, patient_ids=np.full(10, "p"))) == -1).all()


def test_a_donors_film_is_brought_to_the_place_of_the_other_content():
    images = films(2)
    content = images.content.copy()
    content[0] = [10, 0, 30, 40]  # padded above and below
    images = replace(images, content=content)
    film = fitted(images, donor=1, image=0)
    assert (film[:10] == images.pixels[0, :10]).all()
    # every row of the narrow content is the mean of two of the donor's
    assert np.abs(film[10:30].astype(int) - images.pixels[1].reshape(20, 2, 40).mean(axis=1)).max() <= 0.5
