"""Reliance over patients, against values worked out by hand or by scipy."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, ttest_1samp

from evidrift.base.json import as_json
from evidrift.reliance.measuring import measure_reliance
from evidrift.reliance.regions import image_regions
from evidrift.reliance.summary import ALL, changes, metrics, share_interval, summarise, summarise_spikes
from tests.reliance.films import CLASSES, films, sees_nothing, sees_the_corner


@pytest.fixture(scope="module")
def asked():
    images = films(20, marked=1)
    random = np.random.default_rng(1)

    def noisy(pixels):
        return sees_the_corner(pixels) + random.normal(0, 0.3, (len(pixels), 2))

    models = {(1, "tl"): sees_nothing, (1, "ft"): noisy, (2, "tl"): sees_nothing, (2, "ft"): noisy}
    return measure_reliance(models, images, image_regions(images), quiet=True)


def row(table, **where):
    for name, value in where.items():
        table = table[table[name] == value]
    return table.squeeze()


def test_means_are_over_patients_with_students_interval_after_seeds_were_averaged(asked):
    where = {"checkpoint": "ft", "region": "border", "fill": "patient", "label": "normal"}
    own = asked.regions
    for name, value in where.items():
        own = own[own[name] == value]
    patients = own.groupby("patient_id")["reliance"].mean().astype(float)
    assert (len(own), len(patients)) == (20, 10)
    expected = ttest_1samp(patients, 0)
    found = row(summarise(asked.regions), **where)
    assert found["reliance"] == pytest.approx(patients.mean(), abs=1e-6)
    assert found[["low", "high"]].tolist() == pytest.approx(expected.confidence_interval(), abs=1e-5)
    n_asked = 6 * 3  # regions x (all classes and each)
    level = 1 - 0.05 / n_asked
    simultaneous = found[["simultaneous_low", "simultaneous_high"]].tolist()
    assert simultaneous == pytest.approx(expected.confidence_interval(level), abs=1e-5)


def test_what_is_shown_is_shown_under_both_fills(asked):
    found = summarise(asked.regions)
    shown = found[found["shown"]]
    assert set(shown["checkpoint"]) == {"ft"}
    assert "upper_left_corner" in set(shown["region"])
    assert (shown.groupby(["region", "label"])["fill"].nunique() == 2).all()
    assert (shown["simultaneous_low"] > 0).all()
    alone = asked.regions[asked.regions["fill"] == "patient"]
    assert not summarise(alone)["shown"].any()


def test_all_classes_together_count_each_patient_once(asked):
    found = summarise(asked.regions)
    whole = row(found, checkpoint="ft", region="corners", fill="patient", label=ALL)
    parts = [row(found, checkpoint="ft", region="corners", fill="patient", label=name) for name in CLASSES]
    assert whole["n_patients"] == 20
    assert whole["reliance"] == pytest.approx(np.mean([part["reliance"] for part in parts]))


def test_changes_are_paired_by_patient(asked):
    found, means = changes(asked.regions), summarise(asked.regions)
    one = row(found, region="corners", fill="surroundings", label="normal")
    ft = row(means, region="corners", fill="surroundings", label="normal", checkpoint="ft")
    assert (one["tl"], one["n_patients"]) == (0, 10)
    assert one["change"] == pytest.approx(ft["reliance"])
    assert one[["low", "high"]].tolist() == pytest.approx(ft[["low", "high"]].tolist())


@pytest.mark.parametrize(("count", "n"), [(0, 20), (1, 20), (7, 20), (20, 20)])
def test_intervals_of_shares_are_scipys_exact_ones(count, n):
    low, high = share_interval(pd.Series([count / n]), pd.Series([n]))
    expected = binomtest(count, n).proportion_ci(method="exact")
    assert (low[0], high[0]) == pytest.approx((expected.low, expected.high))


def test_a_painted_marker_is_told_by_corner_and_by_the_class_that_it_speaks_for():
    images = films(10)

    def sees_white(pixels):
        white = pixels[:, :10, :10].max(axis=(1, 2)) > 200
        return np.stack([np.where(white, -1.0, 1.0), np.where(white, 1.0, -1.0)], axis=1)

    spikes = measure_reliance({(1, "ft"): sees_white}, images, {}, quiet=True).spikes
    found = summarise_spikes(spikes)
    turned = row(found, corner="upper_left", label=ALL, towards=ALL)
    assert (turned["flipped"], turned["n_images"]) == (1, 10)
    assert turned["flipped_low"] == pytest.approx(binomtest(10, 10).proportion_ci().low)
    normal = row(found, corner="upper_left", label=ALL, towards="normal")
    assert (normal["flipped"], normal["change"]) == (1, 2)
    assert row(found, corner="upper_left", label="covid19", towards="covid19")["change"] == -2
    assert row(found, corner="lower_right", label=ALL, towards=ALL)["flipped"] == 0


def test_metrics_are_strict_json(asked):
    told = metrics(asked.regions, asked.spikes)
    as_json(told)
    assert (told["images"], told["patients"], told["clean_images"]) == (20, 20, 20)
    assert told["regions"]["corners"]["patient"]["ft"]["shown"] is True
    assert told["spikes"]["upper_left"]["all"]["tl"]["flipped"] == 0
