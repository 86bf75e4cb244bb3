"""Reliance of classifiers whose every decision is known."""

from dataclasses import replace

import numpy as np
import pytest

from evidrift.images.marker import CORNERS
from evidrift.reliance.measuring import measure_reliance
from evidrift.reliance.params import STRONGEST
from evidrift.reliance.regions import image_regions
from evidrift.reliance.tables import FILLS, REGIONS, SCHEMAS, spike_schema
from tests.reliance.films import CLASSES, SIZE, films, sees_nothing, sees_the_corner
from tests.stopped import stopped_after_every

MARKED = 1
MODELS = {(1, "tl"): sees_nothing, (1, "ft"): sees_the_corner}


@pytest.fixture(scope="module")
def found():
    images = films(marked=MARKED)
    return measure_reliance(MODELS, images, image_regions(images), quiet=True)


def test_who_sees_the_corner_relies_on_it_and_on_the_regions_that_hold_it(found):
    rows = found.regions[(found.regions["checkpoint"] == "ft") & (found.regions["label"] == CLASSES[MARKED])]
    holds = rows["region"].isin(["upper_left_corner", "corners", "border"])
    # the border covers a third of the square: what is left is bright enough
    whole = rows[holds & (rows["region"] != "border")]
    assert (whole["score_change"] == -6).all()  # from +3 to -3
    assert whole["flipped"].all()
    assert not whole["correct_filled"].any()
    elsewhere = rows[~holds]
    assert (elsewhere["score_change"] == 0).all()
    assert not elsewhere["flipped"].any()


def test_reliance_is_how_much_more_the_score_falls_than_at_random_places(found):
    rows = found.regions
    assert np.allclose(rows["reliance"], rows["random_change"] - rows["score_change"])
    # a random square of 6 px covers the marker of 4 px seldom
    corner = rows[(rows["region"] == "upper_left_corner") & (rows["checkpoint"] == "ft")]
    assert corner[corner["label"] == CLASSES[MARKED]]["reliance"].mean() > 5
    assert corner["area"].unique() == pytest.approx((6 / 40) ** 2)


def test_who_sees_nothing_relies_on_nothing(found):
    rows = found.regions[found.regions["checkpoint"] == "tl"]
    assert (rows[["score_change", "random_change", "reliance", "random_flipped"]] == 0).all(axis=None)
    assert not rows["flipped"].any()


def test_every_image_model_region_and_fill_has_its_row_and_the_tables_are_as_their_schemas_say(found):
    assert len(found.regions) == len(MODELS) * 12 * 6 * len(FILLS)
    assert len(found.spikes) == len(MODELS) * 12 * len(CORNERS)
    assert list(found.regions) == list(SCHEMAS[REGIONS])
    assert list(found.spikes) == list(spike_schema(CLASSES))


def test_a_painted_letter_turns_who_sees_that_corner_and_nobody_else():
    images = films()

    def sees_any_white(pixels):
        return np.where(pixels[:, :10, :10].max(axis=(1, 2), keepdims=False)[:, None] > 200, 1, -1) * [
            -3.0,
            3.0,
        ]

    spikes = measure_reliance({(1, "ft"): sees_any_white}, images, {}, quiet=True).spikes
    upper_left = spikes["corner"] == "upper_left"
    assert (spikes[upper_left]["class_spiked"] == "normal").all()
    assert (spikes[upper_left]["change_normal"] == 6).all()
    assert (
        spikes[upper_left]["score_change"] == np.where(spikes[upper_left]["label"] == "normal", 6, -6)
    ).all()
    assert not spikes[~upper_left]["flipped"].any()


def test_films_with_a_marker_are_not_painted_and_images_without_a_region_have_no_row():
    images = films(4)
    masks = np.zeros(images.pixels.shape, bool)
    masks[2, :5, :5] = True
    clean = np.array([True, False, False, False])
    found = measure_reliance({(1, "ft"): sees_nothing}, images, {"markers": masks}, clean=clean, quiet=True)
    assert set(found.regions["image_id"]) == {"2.png"}
    assert set(found.spikes["image_id"]) == {"0.png"}


def test_one_models_own_region_is_asked_of_that_model_alone():
    images = films(4, marked=MARKED)
    masks = np.zeros(images.pixels.shape, bool)
    masks[:, :8, :8] = True
    own = {(1, "ft"): {STRONGEST: masks}}
    rows = measure_reliance(MODELS, images, {}, own=own, quiet=True).regions
    assert set(rows["checkpoint"]) == {"ft"}
    assert (rows[rows["label"] == CLASSES[MARKED]]["score_change"] == -6).all()


def test_a_sigmoid_output_counts_as_the_scores_of_its_two_classes():
    images = films(4, marked=MARKED)

    def single(pixels):
        return sees_the_corner(pixels)[:, 1:]

    one, two = (
        measure_reliance({(1, "ft"): model}, images, image_regions(images), quiet=True).regions
        for model in (single, sees_the_corner)
    )
    assert one.equals(two)


def test_without_another_patient_there_is_one_fill():
    images = films(3)
    images = replace(images, patient_ids=np.full(3, "p"))
    rows = measure_reliance({(1, "ft"): sees_nothing}, images, image_regions(images), quiet=True).regions
    assert set(rows["fill"]) == {"surroundings"}


def test_films_come_in_chunks_that_change_nothing(monkeypatch):
    images = films(5, marked=MARKED)
    whole = measure_reliance(MODELS, images, image_regions(images), quiet=True)
    monkeypatch.setattr("evidrift.reliance.measuring.CHUNK", SIZE**2)
    parts = measure_reliance(MODELS, images, image_regions(images), quiet=True)
    assert parts.regions.equals(whole.regions)
    assert parts.spikes.equals(whole.spikes)


def test_stopped_after_every_chunk_it_ends_with_the_same_tables(monkeypatch, tmp_path):
    images = films(5, marked=MARKED)
    whole = measure_reliance(MODELS, images, image_regions(images), quiet=True)
    monkeypatch.setattr("evidrift.reliance.measuring.CHUNK", 1)  # a film a chunk

    def work(memo):
        return measure_reliance(MODELS, images, image_regions(images), quiet=True, memo=memo)

    found, stops = stopped_after_every(1, work, tmp_path)
    assert stops == len(images.ids) - 1
    for name in ("regions", "spikes"):
        table = getattr(found, name)
        assert table.equals(getattr(whole, name))
        assert list(table.dtypes) == list(getattr(whole, name).dtypes)
