import dataclasses

import numpy as np
import pyarrow as pa
import pytest

from evidrift.claims.cells import arrange
from evidrift.claims.cohort import CommonCohort
from evidrift.drift.table import build
from evidrift.tradeoff.moved import cells_of, floor_of, scale_of, sets_of
from tests.drift.study import PARAMS, architecture

KEY = ("penultimate", "layer_cam")


def cells(maps):
    tl, ft = (sets_of(maps.signed[KEY][at], maps.content, maps.size, PARAMS.area) for at in (0, 1))
    scale = scale_of(tl, ft, maps.seeds, maps.image_ids, maps.patient_ids, maps.labels, PARAMS)
    patients = np.unique(maps.patient_ids, return_inverse=True)[1]
    return cells_of(patients, tl, floor_of(tl), ft, scale)


@pytest.mark.parametrize("name", ["drift", "cross", "floor_tl", "floor_ft", "scale"])
def test_the_cells_are_those_of_the_drift_table(name):
    maps = architecture(seeds=(1, 2, 3))
    pairs = pa.table(build(maps, PARAMS)[0]).to_pandas()
    cohort = CommonCohort(tuple(maps.image_ids), len(set(maps.patient_ids)))
    expected = arrange(pairs, cohort, maps.seeds)["densenet_mini", *KEY].cells("moved_share")
    found = getattr(cells(maps), name)
    np.testing.assert_allclose(found, getattr(expected, name), atol=1e-6)
    assert found.std() > 0


def test_an_image_whose_map_cannot_be_used_has_no_cells_of_that_training_alone():
    maps = architecture(seeds=(1, 2))
    signed = {key: values.copy() for key, values in maps.signed.items()}
    signed[KEY][1, 0, 2] = np.nan  # not explained after fine-tuning, first seed
    signed[KEY][1, 1, 3] = -1  # blank
    found = cells(dataclasses.replace(maps, signed=signed))
    assert np.isnan(found.drift).tolist() == [[at == 2, at == 3] for at in range(6)]
    assert np.isnan(found.floor_ft[:, 0]).tolist() == [at in (2, 3) for at in range(6)]
    assert np.isfinite(found.floor_tl).all()
