"""The real radiographs for development, where they are present; CI requires them."""

import os

import cv2
import numpy as np
import pytest

from tests.places import SHARED
from tests.prepare.films import prepared

CXR5 = SHARED / "data" / "cxr5"

pytestmark = pytest.mark.skipif(
    not CXR5.is_dir() and os.environ.get("CI") != "true", reason=f"needs the radiographs of {CXR5}"
)

SPLIT = {"salt": "evidrift", "train": 0.6, "validation": 0.15}


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    out = tmp_path_factory.mktemp("cxr5")
    return prepared(CXR5, out, manifest="manifest.csv", size=224, min_side=64, split=SPLIT)


def test_all_482_radiographs_are_kept_under_their_labels(result):
    assert result.exclusions == {}
    totals = {
        label: sum(counts[label] for counts in result.metrics["splits"].values())
        for label in result.store.classes
    }
    assert totals == {
        "bacterial_pneumonia": 100,
        "covid19": 100,
        "normal": 100,
        "tuberculosis": 95,
        "viral_pneumonia": 87,
    }


def test_patients_are_known_and_none_is_in_two_splits(result):
    assert result.metrics["patients_known"] is True
    pairs = {(row["patient_id"], row["split"]) for row in result.manifest}
    assert len(pairs) == len({patient for patient, _ in pairs}) == 482


def test_a_stored_radiograph_looks_like_its_file(result):
    test = result.store.split("test")
    for image_id, pixels in zip(test.ids[::10], test.pixels[::10], strict=True):
        expected = cv2.imread(str(CXR5 / str(image_id)), cv2.IMREAD_GRAYSCALE)
        expected = cv2.resize(cv2.blur(expected, (3, 3)), (224, 224), interpolation=cv2.INTER_LINEAR)
        assert np.corrcoef(expected.ravel(), pixels.ravel())[0, 1] > 0.98


def test_the_manifests_own_columns_are_kept(result):
    assert all(row["licence"] and row["original_sha256"] for row in result.manifest)
