import pandas as pd
import pytest

from evidrift.claims.cohort import CommonCohort
from evidrift.compare.findings.ranking import Observed, alike_groups, median_agreement, observe
from evidrift.drift.tables import Notes

ARCHITECTURES = ("densenet_mini", "resnetv2_mini")
COHORT = CommonCohort(tuple(f"image {k}" for k in range(30)), 25)
NOTHING = pd.Series(dtype=float, index=pd.MultiIndex.from_arrays([[], [], [], []]))


def summary(
    scores: dict[str, tuple[float, float]], layer: str = "penultimate", **filled: tuple
) -> pd.DataFrame:
    """Drift of both architectures by method; `filled` the same with unusable maps counted."""
    rows = []
    for measure, table in (("moved_share", scores), ("moved_share_all", scores | filled)):
        for method, values in table.items():
            for arch, value in zip(ARCHITECTURES, values, strict=True):
                row = {"arch": arch, "layer": layer, "method": method, "measure": measure}
                rows.append(row | {"mean": value, "shared": 1 - value})
    return pd.DataFrame(rows)


def notes(constant: tuple[str, ...] = ("last",)) -> dict[str, Notes]:
    gradient = {layer: layer in constant for layer in ("penultimate", "last")}
    return {arch: Notes(0.2, ["centred"], ["label"], gradient, {}, (), {}, {}) for arch in ARCHITECTURES}


def observed(table: pd.DataFrame, **changes) -> Observed:
    arguments = {
        "architectures": ARCHITECTURES,
        "seeds": (1, 2, 3),
        "cohort": COHORT,
        "min_patients": 20,
        "notes": notes(),
        "agreement": NOTHING,
    }
    return observe(table, **arguments | changes)


def test_architectures_are_ranked_most_stable_first():
    (ranking,) = observed(summary({"layer_cam": (0.5, 0.3)})).rankings
    assert ranking.scores == (("resnetv2_mini", 0.3), ("densenet_mini", 0.5))
    assert ranking.unscored == ()


def test_a_reversal_names_architectures_methods_and_values():
    (found,) = observed(summary({"grad_cam": (0.5, 0.3), "layer_cam": (0.2, 0.4)})).reversals
    assert (found.layer, found.method, found.against) == ("penultimate", "grad_cam", "layer_cam")
    assert (found.stable, found.other) == ("resnetv2_mini", "densenet_mini")
    assert found.scores == (0.3, 0.5, 0.4, 0.2)


def test_the_same_order_or_a_tie_is_no_reversal():
    assert observed(summary({"grad_cam": (0.5, 0.3), "layer_cam": (0.9, 0.4)})).reversals == ()
    assert observed(summary({"grad_cam": (0.5, 0.3), "layer_cam": (0.4, 0.4)})).reversals == ()


def test_no_reversal_is_called_inside_a_degenerate_group():
    opposite = {
        "grad_cam": (0.5, 0.3),
        "hires_cam": (0.3, 0.5),
        "layer_cam": (0.5, 0.3),
        "grad_cam_pp": (0.3, 0.5),
        "grad_cam_pp_unit": (0.5, 0.3),
    }
    at_last = {(each.method, each.against) for each in observed(summary(opposite, layer="last")).reversals}
    # Between the groups {grad_cam, hires_cam} and the other three only.
    assert at_last == {
        ("grad_cam", "grad_cam_pp"),
        ("grad_cam_pp_unit", "hires_cam"),
        ("hires_cam", "layer_cam"),
    }
    everywhere = {(each.method, each.against) for each in observed(summary(opposite)).reversals}
    assert everywhere - at_last == {
        ("grad_cam", "hires_cam"),
        ("grad_cam_pp", "layer_cam"),
        ("grad_cam_pp", "grad_cam_pp_unit"),
    }


def test_a_gradient_constant_in_one_of_the_two_architectures_is_enough():
    table = summary({"grad_cam": (0.5, 0.3), "hires_cam": (0.3, 0.5)})
    mixed = notes() | {"densenet_mini": notes(("penultimate",))["densenet_mini"]}
    assert len(observed(table).reversals) == 1
    assert observed(table, notes=mixed).reversals == ()


@pytest.mark.parametrize(
    ("unit", "expected"), [((0.4, 0.2), True), ((0.2, 0.4), False), ((0.2, float("nan")), None)]
)
def test_a_reversal_that_vanishes_under_the_unit_form_is_an_effect_of_confidence(unit, expected):
    table = summary({"layer_cam": (0.5, 0.3), "grad_cam_pp": (0.3, 0.5), "grad_cam_pp_unit": unit})
    found = {(each.method, each.against): each for each in observed(table).reversals}
    assert found["grad_cam_pp", "layer_cam"].effect_of_confidence is expected


def test_a_reversal_against_the_unit_form_itself_is_an_effect_of_confidence():
    (found,) = observed(summary({"grad_cam_pp": (0.3, 0.5), "grad_cam_pp_unit": (0.5, 0.3)})).reversals
    assert found.effect_of_confidence is True


def test_confidence_plays_no_part_between_other_methods():
    (found,) = observed(summary({"grad_cam": (0.3, 0.5), "layer_cam": (0.5, 0.3)})).reversals
    assert found.effect_of_confidence is None


def test_methods_whose_maps_are_nearly_the_same_are_flagged():
    table = summary({"grad_cam": (0.3, 0.5), "layer_cam": (0.5, 0.3)})
    for value, flagged in ((0.995, True), (0.98, False)):
        index = [("densenet_mini", "penultimate", "grad_cam", "layer_cam")]
        agreement = pd.Series([value], index=pd.MultiIndex.from_tuples(index))
        (found,) = observed(table, agreement=agreement).reversals
        assert (found.alike, found.flagged) == (value, flagged)


def test_unusable_maps_that_change_an_order_are_told():
    table = summary({"grad_cam": (0.3, 0.5), "layer_cam": (0.5, 0.3)}, layer_cam=(0.5, 0.9))
    result = observed(table)
    assert result.reversals[0].excluded_maps_matter
    assert [ranking.excluded_maps_matter for ranking in result.rankings] == [False, True]


def test_an_architecture_without_a_score_is_not_ranked():
    result = observed(summary({"grad_cam": (0.3, 0.5), "layer_cam": (float("nan"), 0.3)}))
    by_method = {ranking.method: ranking for ranking in result.rankings}
    assert by_method["layer_cam"].scores == (("resnetv2_mini", 0.3),)
    assert by_method["layer_cam"].unscored == ("densenet_mini",)
    assert result.reversals == ()


def test_one_seed_decides_nothing():
    table = summary({"grad_cam": (0.3, 0.5), "layer_cam": (0.5, 0.3)})
    result = observed(table, seeds=(1,))
    assert (result.rankings, result.reversals) == ((), ())
    assert result.undecidable.startswith("with one seed a difference between architectures cannot be told")
    assert observed(table, seeds=(1, 2)).reversals


def test_a_small_common_cohort_decides_nothing():
    table = summary({"grad_cam": (0.3, 0.5), "layer_cam": (0.5, 0.3)})
    result = observed(table, cohort=CommonCohort(COHORT.image_ids, 19))
    assert (result.rankings, result.reversals) == ((), ())
    assert result.undecidable.startswith("the common cohort has 19 patients")
    assert observed(table, cohort=CommonCohort(COHORT.image_ids, 20)).rankings


def test_penultimate_comes_first():
    table = pd.concat([summary({"grad_cam": (0.3, 0.5)}, layer=layer) for layer in ("last", "penultimate")])
    assert [ranking.layer for ranking in observed(table).rankings] == ["penultimate", "last"]


def test_agreement_is_the_median_over_the_common_cohort():
    rows = [("image 1", 0.2), ("image 1", 0.9), ("image 2", 0.4), ("elsewhere", -1.0)]
    table = pd.DataFrame(rows, columns=["image_id", "correlation"])
    table = table.assign(arch="x", layer="last", method="grad_cam", other_method="layer_cam")
    assert median_agreement(table, COHORT).to_dict() == {("x", "last", "grad_cam", "layer_cam"): 0.4}


def test_methods_that_cannot_disagree_are_grouped_by_layer():
    methods = ["grad_cam", "hires_cam", "layer_cam", "grad_cam_pp"]
    table = pd.DataFrame(
        [{"layer": layer, "method": m} for layer in ("penultimate", "last") for m in methods]
    )
    index = [("resnetv2_mini", "penultimate", "grad_cam", "layer_cam")]
    agreement = pd.Series([0.999], index=pd.MultiIndex.from_tuples(index))
    assert alike_groups(table, notes(), agreement) == {
        "penultimate": [["grad_cam", "layer_cam"]],
        "last": [["grad_cam", "hires_cam"], ["grad_cam_pp", "layer_cam"]],
    }


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_missing_median_of_one_architecture_does_not_hide_the_other_s(order):
    table = summary({"grad_cam": (0.3, 0.5), "layer_cam": (0.5, 0.3)})
    index = [(arch, "penultimate", "grad_cam", "layer_cam") for arch in ARCHITECTURES]
    values = [(0.999, float("nan"))[k] for k in order]
    agreement = pd.Series(values, index=pd.MultiIndex.from_tuples(index))
    assert alike_groups(table, notes(), agreement) == {"penultimate": [["grad_cam", "layer_cam"]]}
    assert observed(table, agreement=agreement).reversals[0].alike == 0.999
