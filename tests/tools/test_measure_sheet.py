"""The values printed under the pictures of docs/measures.md, against values worked out by hand."""

from math import acos, log, pi, sqrt

import numpy as np
import pytest

from tools.measure_examples import CURVE, SIDE, disc, masks, pictures, values
from tools.measure_sheet import main, printed

CELLS = SIDE**2
DISCS = 2 * disc(22, 15, 10.5).sum()  # cells of the two even discs that a hot place of 16 cells is put into
SMALL, LUNGS = disc(22, 15, 5).sum(), np.sum(masks("lungs") > 0.5)


def correlation_of_an_even_set_with_itself_and_a_hot_place(extra: float, hot: int = 16) -> float:
    # A = 1 on a set of n cells; B = 1 there, and `extra` more in a part of it.
    n = DISCS
    total, squares = n + hot * extra, n + 2 * hot * extra + hot * extra**2
    covariance = total / CELLS * (1 - n / CELLS)
    variances = n / CELLS * (1 - n / CELLS) * (squares / CELLS - (total / CELLS) ** 2)
    return covariance / sqrt(variances)


def moved_share_of_discs(area: float, apart: float) -> float:
    radius = sqrt(area / pi)
    half = apart / 2 / radius
    lens = 2 * radius**2 * (acos(half) - half * sqrt(1 - half**2))
    return 1 - lens / area


def ssim_of_two_lone_cells() -> float:
    # In the 49 windows that hold the one cell or the other: means 1/49 and 0, sample variances 1/49 and 0, no
    # covariance. All other windows are empty in both maps, which counts as 1.
    luminance, contrast = 0.01**2, 0.03**2
    touched = luminance / (1 / 49**2 + luminance) * contrast / (1 / 49 + contrast)
    windows = (SIDE - 6) ** 2
    return 1 - 2 * 49 / windows * (1 - touched)


def ssim_of_stripes(covariance: float) -> float:
    # A window is as wide as a stripe: its mean is 1/2 and its sample variance 49/48 of 1/8.
    variance = 49 / 48 / 8
    return (2 * covariance * variance + 0.03**2) / (2 * variance + 0.03**2)


KNOWN = {
    "displacement": [0, (28 / 56) / sqrt(2), 53 / 56, 0],
    # of two thin sets with nothing in common: all that they hold, over two fifths of the cells
    "moved_share": [0, 1 / 2, 1, disc(18, 15, 7).sum() / (0.2 * CELLS)],
    "overlap": [0, 1 / 3, 1, disc(39, 43, 4).sum() / disc(39, 43, 8).sum()],
    "moved_share_curve": [moved_share_of_discs(area, 8 / 56) for area in (0.05, 0.1, 0.2, 0.3, 0.5)],
    "iou_half_max": [0, 1 / 3, 1, 16 / DISCS],
    "correlation": [-1, 0, 1, correlation_of_an_even_set_with_itself_and_a_hot_place(19)],
    # two even sets of share p with nothing in common: -p / (1 - p)
    "spearman": [-1, 0, 1, -1 / (CELLS / disc(18, 15, 7).sum() - 1)],
    "ssim": [None, ssim_of_stripes(0), 1, ssim_of_two_lone_cells()],
    # the Gini coefficient of evidence that is even on a share p of the area is 1 - p
    "concentration": [0, (LUNGS - SMALL) / CELLS, 1 - 4 / CELLS, (SMALL - LUNGS) / CELLS],
    # the entropy of evidence that is even on n cells is log n
    "entropy": [0, log(SMALL / LUNGS) / log(CELLS), 1, log(LUNGS / SMALL) / log(CELLS)],
    "border": [0, 1 - 0.9**2, 1, None],
    "corners": [0, (2 * 0.15) ** 2, 1, 0],
    "lungs": [0, masks("lungs").mean(), 1, None],
    "finding": [0, masks("finding").mean(), 1, None],
    "hit": [0, 1 / 2, 1, 1],
}


@pytest.mark.parametrize("name", KNOWN)
def test_values_under_the_pictures_are_those_worked_out_by_hand(name):
    examples = pictures()[name]
    assert len(examples) == len(KNOWN[name])
    for example, known in zip(examples, KNOWN[name], strict=True):
        if known is not None:
            found = values(example)[example.shown[0]]
            assert found == pytest.approx(known, rel=0.02, abs=1e-3), example.words


def test_every_picture_has_known_values_and_shows_0_and_the_likest_there_is():
    assert set(KNOWN) == set(pictures())


def test_turned_stripes_are_as_unlike_as_windows_can_be():
    first = pictures()["ssim"][0]
    assert values(first)["ssim"] == pytest.approx(ssim_of_stripes(-1), abs=0.02)


def test_one_hot_place_changes_the_set_at_half_maximum_and_not_the_strongest_fifth():
    found = values(pictures()["iou_half_max"][3])
    assert found["iou_half_max"] < 0.05
    assert found["moved_share"] < 0.03


def test_printed_values_have_no_minus_before_a_nought():
    assert all("-0.00" not in printed(example) for shown in pictures().values() for example in shown)


def test_the_curve_shows_the_default_study_s_areas():
    assert [name for each in pictures()["moved_share_curve"] for name in each.shown] == [
        f"moved_share_{round(100 * share)}" if share in CURVE else "moved_share"
        for share in (0.05, 0.1, 0.2, 0.3, 0.5)
    ]


@pytest.mark.slow
def test_the_same_pictures_have_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr("tools.measure_sheet.pictures", lambda: {"overlap": pictures()["overlap"]})
    for folder in ("one", "other"):
        monkeypatch.setattr("sys.argv", ["measure_sheet", str(tmp_path / folder)])
        main()
    assert (tmp_path / "one/overlap.png").read_bytes() == (tmp_path / "other/overlap.png").read_bytes()
