"""Films with a white background and dark bones: found, turned, and no ordinary film with them."""

import cv2
import numpy as np
import pytest
from PIL import Image

from evidrift.prepare.entry import Entry
from evidrift.prepare.films.film import Film
from evidrift.prepare.films.inverted import CLEAR, DOUBTFUL, polarity, turn_inverted
from evidrift.prepare.phantoms.draw import draw
from evidrift.prepare.phantoms.recipe import load_recipe, patients
from evidrift.prepare.source import load_file
from tests.places import ROOT, SHARED

CXR5 = SHARED / "data" / "cxr5"


@pytest.fixture(scope="module")
def chests() -> list[np.ndarray]:
    recipe = load_recipe(ROOT / "phantoms" / "default.yaml")
    return [draw(recipe, label, patient, 96).image for patient, label, _ in patients(recipe)[::30]]


def test_phantoms_of_every_class_and_exposure_are_told_apart(chests):
    assert len(chests) >= 30
    for chest in chests:
        for exponent in (0.4, 1, 2.5):
            exposed = np.rint(255 * (chest / 255) ** exponent).astype(np.uint8)
            assert polarity(exposed) > -DOUBTFUL
            assert polarity(255 - exposed) <= CLEAR


def test_turning_a_film_turns_the_sign(chests):
    assert polarity(255 - chests[0]) == pytest.approx(-polarity(chests[0]), abs=0.01)


def test_an_inverted_film_is_turned_when_it_is_loaded_and_says_so(chests, tmp_path):
    Image.fromarray(chests[0]).save(tmp_path / "a.png")
    Image.fromarray(255 - chests[0]).save(tmp_path / "b.png")
    (a, pixels), (b, turned) = (
        load_file(Entry(name, "normal"), tmp_path, 64, False, 32) for name in ("a.png", "b.png")
    )
    assert (a.flags, b.flags) == ((), ("inverted",))
    np.testing.assert_array_equal(pixels, turned)
    assert a.pixel_hash == b.pixel_hash


def test_what_is_no_frontal_film_is_not_turned(chests):
    for flag in ("lateral", "colour", "other_modality"):
        film = Film(255 - chests[0], (flag,))
        assert turn_inverted(film) is film


def test_a_doubtful_film_is_flagged_and_left_as_it_is(chests):
    noise = np.random.default_rng(1).integers(0, 256, chests[0].shape)
    shares = np.linspace(0, 1, 40)
    mixed = [np.rint((1 - s) * (255 - chests[0]) + s * noise).astype(np.uint8) for s in shares]
    doubtful = [film for film in mixed if CLEAR < polarity(film) <= DOUBTFUL]
    assert doubtful
    found = turn_inverted(Film(doubtful[0]))
    assert found.flags == ("perhaps_inverted",)
    np.testing.assert_array_equal(found.pixels, doubtful[0])


def test_one_grey_value_has_no_polarity():
    assert polarity(np.full((50, 50), 7, np.uint8)) == 0


@pytest.mark.skipif(not CXR5.is_dir(), reason=f"needs the radiographs of {CXR5}")
def test_no_real_film_is_turned_or_doubted_and_most_inverted_ones_are_found():
    films = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in sorted(CXR5.glob("*/*.jpg"))[::3]]
    found = np.array([polarity(film) for film in films])
    assert len(found) > 150
    assert (found > DOUBTFUL).all()
    assert np.mean(-found <= CLEAR) > 0.85
