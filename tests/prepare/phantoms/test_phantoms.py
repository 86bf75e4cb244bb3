"""Phantoms: the same patient gives the same bytes, and every finding lies where its disease puts it."""

import cv2
import numpy as np
import pytest

from evidrift.images.marker import BOX
from evidrift.prepare.phantoms.draw import Phantom, draw, has_marker
from evidrift.prepare.phantoms.recipe import CLASSES, PhantomRecipe, load_recipe
from tests.places import ROOT

DEFAULT = ROOT / "phantoms" / "default.yaml"
PATIENTS = [f"test-{number:05d}" for number in range(6)]
SIZE = 128


@pytest.fixture(scope="module")
def recipe() -> PhantomRecipe:
    return load_recipe(DEFAULT)


@pytest.fixture(scope="module")
def drawn(recipe: PhantomRecipe) -> dict[tuple[str, str], Phantom]:
    return {(label, patient): draw(recipe, label, patient, SIZE) for label in CLASSES for patient in PATIENTS}


def with_shortcut(recipe: PhantomRecipe, label: str, share: float) -> PhantomRecipe:
    return PhantomRecipe.model_validate(
        {**recipe.model_dump(), "shortcut": {"class": label, "share": share}},
    )


def lung_heights(phantom: Phantom, half: slice) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the findings and of the lung in one half of the film."""
    return np.nonzero(phantom.findings[:, half])[0], np.nonzero(phantom.lungs[:, half])[0]


HALVES = (slice(0, SIZE // 2), slice(SIZE // 2, SIZE))


def test_a_patient_is_the_same_bytes_whatever_was_drawn_before(recipe, drawn):
    for label in reversed(CLASSES):
        for patient in reversed(PATIENTS[:2]):
            again, first = draw(recipe, label, patient, SIZE), drawn[label, patient]
            assert again.image.tobytes() == first.image.tobytes()
            assert again.lungs.tobytes() == first.lungs.tobytes()
            assert again.findings.tobytes() == first.findings.tobytes()


def test_number_of_threads_changes_no_byte(recipe, drawn):
    before = cv2.getNumThreads()
    cv2.setNumThreads(1 if before > 1 else 2)
    try:
        again = draw(recipe, "covid19", PATIENTS[0], SIZE)
    finally:
        cv2.setNumThreads(before)
    assert again.image.tobytes() == drawn["covid19", PATIENTS[0]].image.tobytes()


def test_other_patients_and_other_seeds_give_other_films(recipe, drawn):
    films = {drawn["normal", patient].image.tobytes() for patient in PATIENTS}
    other_seed = PhantomRecipe.model_validate({**recipe.model_dump(), "seed": recipe.seed + 1})
    films.add(draw(other_seed, "normal", PATIENTS[0], SIZE).image.tobytes())
    assert len(films) == len(PATIENTS) + 1


def test_a_film_is_a_grey_square_with_its_masks(drawn):
    for phantom in drawn.values():
        assert phantom.image.shape == phantom.lungs.shape == phantom.findings.shape == (SIZE, SIZE)
        assert (phantom.image.dtype, phantom.lungs.dtype, phantom.findings.dtype) == (np.uint8, bool, bool)


def test_lungs_are_dark_and_the_rest_of_the_chest_is_bright(drawn):
    for patient in PATIENTS:
        phantom = drawn["normal", patient]
        middle, belly = phantom.image[60:90, 60:68], phantom.image[115:, 40:88]
        assert phantom.image[phantom.lungs].mean() < 0.5 * min(middle.mean(), belly.mean())


def test_lungs_are_two_and_cover_a_third_of_the_film_or_so(drawn):
    for patient in PATIENTS:
        lungs = drawn["normal", patient].lungs
        count, _, _, centres = cv2.connectedComponentsWithStats(lungs.astype(np.uint8))
        assert count - 1 == 2
        assert 0.25 < lungs.mean() < 0.45
        assert min(centres[1:, 0]) < SIZE / 2 < max(centres[1:, 0])


def test_heart_points_to_the_patients_left(drawn):
    # The lung on the image's right gives way to the heart, low down beside the midline.
    for patient in PATIENTS:
        lungs = drawn["normal", patient].lungs[70:85]
        assert lungs[:, : SIZE // 2].sum() > 1.1 * lungs[:, SIZE // 2 :].sum()


def test_findings_lie_within_the_lungs(drawn):
    for phantom in drawn.values():
        assert not np.any(phantom.findings & ~phantom.lungs)


def test_normal_has_no_findings_and_every_disease_has(drawn):
    for (label, _), phantom in drawn.items():
        share = phantom.findings.sum() / phantom.lungs.sum()
        assert share == 0 if label == "normal" else 0.02 < share < 0.9


def test_findings_are_brighter_than_the_same_patients_healthy_lung(drawn):
    for (label, patient), phantom in drawn.items():
        if label != "normal":
            healthy = drawn["normal", patient].image[phantom.findings].mean()
            assert phantom.image[phantom.findings].mean() > healthy + 8


def test_covid19_is_on_both_sides_and_along_the_wall(drawn):
    for patient in PATIENTS:
        phantom = drawn["covid19", patient]
        for half in HALVES:
            assert phantom.findings[:, half].sum() > 0.02 * phantom.lungs[:, half].sum()
        columns = np.abs(np.arange(SIZE) + 0.5 - SIZE / 2) * np.ones((SIZE, 1))
        assert columns[phantom.findings].mean() > columns[phantom.lungs].mean() + 0.05 * SIZE


def test_viral_pneumonia_is_on_both_sides_and_denser_near_the_hila(drawn):
    for patient in PATIENTS:
        phantom = drawn["viral_pneumonia", patient]
        for half in HALVES:
            assert phantom.findings[:, half].sum() > 0.15 * phantom.lungs[:, half].sum()
        columns = np.abs(np.arange(SIZE) + 0.5 - SIZE / 2) * np.ones((SIZE, 1))
        assert columns[phantom.findings].mean() < columns[phantom.lungs].mean()


def test_tuberculosis_stays_in_the_upper_third_of_the_lungs(drawn):
    for patient in PATIENTS:
        for half in HALVES:
            found, lung = lung_heights(drawn["tuberculosis", patient], half)
            if found.size:
                # Two rows for the film's turn and the anti-aliased edge.
                assert found.max() <= lung.min() + (lung.max() - lung.min()) / 3 + 2


def test_bacterial_pneumonia_fills_one_lobe_of_one_lung(drawn):
    for patient in PATIENTS:
        phantom = drawn["bacterial_pneumonia", patient]
        in_halves = [phantom.findings[:, half].sum() for half in HALVES]
        assert min(in_halves) == 0
        found, lung = lung_heights(phantom, HALVES[int(np.argmax(in_halves))])
        _, _, stats, _ = cv2.connectedComponentsWithStats(phantom.findings.astype(np.uint8))
        assert stats[1:, cv2.CC_STAT_AREA].max() > 0.85 * found.size
        assert np.percentile(found, 95) - np.percentile(found, 5) < 0.6 * (lung.max() - lung.min())


def test_the_class_changes_nothing_outside_the_chests_cage(drawn):
    for (label, patient), phantom in drawn.items():
        normal = drawn["normal", patient]
        assert np.array_equal(phantom.lungs, normal.lungs)
        # The hull of both lungs also holds heart and spine, behind which a lung may be diseased too.
        hull = cv2.convexHull(np.argwhere(phantom.lungs)[:, ::-1].astype(np.int32))
        cage = cv2.fillConvexPoly(np.zeros((SIZE, SIZE), np.uint8), hull, 1)
        outside = cv2.dilate(cage, np.ones((7, 7))) == 0
        assert outside.mean() > 0.2
        assert np.array_equal(phantom.image[outside], normal.image[outside]), label


def test_lung_away_from_the_findings_is_the_same_patients_healthy_lung(drawn):
    for (label, patient), phantom in drawn.items():
        near = cv2.dilate(phantom.findings.astype(np.uint8), np.ones((9, 9))) > 0
        away = phantom.lungs & ~near
        if label != "viral_pneumonia":  # its net thins out, but has no end
            change = phantom.image[away].astype(int) - drawn["normal", patient].image[away]
            assert np.mean(np.abs(change)) < 2, label


def test_more_contrast_makes_findings_brighter_and_moves_no_mask(recipe):
    faint, strong = (
        draw(
            PhantomRecipe.model_validate({**recipe.model_dump(), "contrast": contrast}), "covid19", "p", SIZE
        )
        for contrast in (0.5, 1.5)
    )
    assert np.array_equal(faint.findings, strong.findings)
    assert strong.image[strong.findings].mean() > faint.image[faint.findings].mean() + 8


@pytest.mark.parametrize("label", CLASSES)
def test_sizes_show_the_same_picture(recipe, label):
    large, small = draw(recipe, label, "p", 256), draw(recipe, label, "p", 128)
    shrunk = large.image.reshape(128, 2, 128, 2).mean(axis=(1, 3))
    assert np.abs(shrunk - small.image).max() <= 1
    finer = draw(recipe, label, "p", 512).image.reshape(256, 2, 256, 2).mean(axis=(1, 3))
    assert np.abs(finer - large.image).mean() < 3
    tiny = draw(recipe, label, "p", 32)
    assert np.abs(large.image.reshape(32, 8, 32, 8).mean(axis=(1, 3)) - tiny.image).max() <= 1
    assert tiny.findings.any() == large.findings.any()


def test_the_shortcut_goes_with_its_class_alone(recipe, drawn):
    planted = with_shortcut(recipe, "tuberculosis", 1.0)
    for (label, patient), plain in drawn.items():
        marked = draw(planted, label, patient, SIZE)
        assert np.array_equal(marked.image, plain.image) == (label != "tuberculosis")
        assert np.array_equal(marked.findings, plain.findings)


def test_the_shortcut_is_a_bright_mark_in_the_corner_and_nowhere_else(recipe, drawn):
    planted = with_shortcut(recipe, "tuberculosis", 1.0)
    for patient in PATIENTS:
        marked, plain = draw(planted, "tuberculosis", patient, SIZE), drawn["tuberculosis", patient]
        rows, columns = np.nonzero(marked.image != plain.image)
        left, top, right, bottom = (SIZE * edge for edge in BOX)
        assert left <= columns.min() and columns.max() < right < SIZE / 4
        assert top <= rows.min() and rows.max() < bottom < SIZE / 4
        assert marked.image[rows, columns].max() > 230


def test_a_shortcut_of_half_the_class_marks_about_half_of_it(recipe):
    planted = with_shortcut(recipe, "covid19", 0.5)
    marked = [has_marker(planted, "covid19", f"p{number}") for number in range(400)]
    # Binomial: mean 200, standard deviation 10.
    assert 160 < sum(marked) < 240
