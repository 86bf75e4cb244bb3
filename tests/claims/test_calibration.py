"""The simulation that the verdicts were tried on: its truth is what the code is asked to find."""

import numpy as np
import pytest

from benchmarks.calibration import Cell, MapCell, outcomes, study, study_of_maps
from evidrift.base.seeds import stream


@pytest.mark.parametrize(
    "cell",
    [
        Cell("test", patients=40, methods=2, first=3, seed_sd=0.02),
        Cell("test", patients=40, methods=2, heavy=True, extra=0.1),
        Cell("test", patients=40, methods=2, null=True, interact=True, seed_sd=0.02),
    ],
)
def test_the_truth_of_a_simulated_study_is_recovered_on_average(cell):
    errors: dict[tuple[str, str, str], list[float]] = {}
    for number in range(40):
        for (arch, method), found in study(cell, stream("test", number)).items():
            at = "abc".index(arch), ("layer_cam", "grad_cam_pp").index(method)
            errors.setdefault((arch, method, "drift"), []).append(found.drift.value - cell.drift(*at))
            errors.setdefault((arch, method, "shared"), []).append(found.shared.value - cell.shared(*at))
    for values in errors.values():
        assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(len(values))


def test_a_large_difference_and_a_large_reversal_are_found_and_nothing_else():
    cell = Cell("test", patients=60, seeds=5, methods=2, extra=0.2, extra_other=-0.2)
    found = outcomes(cell, 5)
    assert found["primary reversal found"] == (10, 10)  # a against b, and a against c
    assert found["difference found"] == (20, 20)
    assert found["false difference"] == found["false refuted"] == (0, 5)


def test_maps_before_and_after_of_one_recipe_share_no_move():
    found = [
        study_of_maps(MapCell("test", patients=30, null=True, move=0), stream("test", number))
        for number in range(3)
    ]
    shared = [each.shared.value for study in found for each in study.values()]
    drift = [each.drift.value for study in found for each in study.values()]
    assert min(drift) > 0.15
    assert abs(np.mean(shared)) < 0.02
