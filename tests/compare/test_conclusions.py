"""Claims of whole studies, and that studies at the edge are told so, in JSON, tables and print."""

import io
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from evidrift.claims.claim import Claim
from evidrift.compare.caveat import Caveat
from evidrift.compare.conclusions import _warned as with_warnings
from evidrift.compare.findings.ranking import Observed, Reversal
from evidrift.compare.output import claim_table, metrics, write_metrics, write_tables
from evidrift.compare.result import Result, compare
from evidrift.report.terminal.tables import console, print_result
from tests.compare.studies import rules, study_of
from tests.drift.study import architecture

PAIR = ("densenet_mini", "resnetv2_mini")
SEEDS = (1, 2, 3)


def moving(name: str, *methods: str, n: int = 16):
    """Maps whose evidence lies elsewhere after fine-tuning under these methods, and hardly moves else."""
    maps = architecture(name, seeds=SEEDS, patients=[f"p{at}" for at in range(n)], noise=0.05)
    for method in methods:
        signed = maps.signed["penultimate", method]
        signed[0] = np.roll(signed[0], 2, axis=-1)
    return maps


@pytest.fixture(scope="module")
def planted(tmp_path_factory) -> Result:
    """Under LayerCAM the first architecture's evidence moves, under Grad-CAM the second's."""
    maps = [moving(name, method) for name, method in zip(PAIR, ("layer_cam", "grad_cam"), strict=True)]
    return compare(study_of(*maps), rules(10))


def recipe(result: Result, kind: str) -> list[Claim]:
    return [each for each in result.claims if (each.kind, each.estimand) == (kind, "recipe")]


def test_planted_movement_differences_and_reversal_are_found(planted):
    moved = {(each.arch, each.method): each.verdict for each in recipe(planted, "moved")}
    assert moved[PAIR[0], "layer_cam"] == moved[PAIR[1], "grad_cam"] == "supported"
    assert "supported" not in (moved[PAIR[0], "grad_cam"], moved[PAIR[1], "layer_cam"])
    stable = {each.method: each.estimate < 0 for each in recipe(planted, "difference")}
    assert stable == {"grad_cam": True, "layer_cam": False}
    (reversal,) = recipe(planted, "reversal")
    assert (reversal.arch, reversal.other, reversal.verdict) == (*PAIR, "supported")
    most = {each.method: each.arch for each in planted.extremes if each.place == "most stable"}
    assert most == {"grad_cam": PAIR[0], "layer_cam": PAIR[1]}


def test_both_estimands_are_claimed_and_the_recipe_is_never_surer(planted):
    by_key = {each.key: each for each in planted.claims}
    own = [each for each in planted.claims if each.estimand == "these checkpoints"]
    assert {each.kind for each in own} == {"difference", "preserved"}
    for each in own:
        other = by_key[each.kind, "recipe", *each.key[2:]]
        assert other.estimate == each.estimate
        assert other.high - other.low >= each.high - each.low


def test_the_table_has_the_claims_estimates_with_intervals_of_their_own(planted):
    """The claims' intervals hold together for all of a kind; the table's, each alone."""
    rows = planted.drift.set_index(["arch", "method", "measure"])
    columns = {"moved": "shared", "preserved": "over_scale"}
    for each in planted.claims:
        if each.kind in columns:
            row, name = rows.loc[each.arch, each.method, "moved_share"], columns[each.kind]
            fixed = "" if each.estimand == "recipe" else "fixed_"
            low, high = row[[f"{fixed}{name}_low", f"{fixed}{name}_high"]]
            assert (row[name], row["mean"], row["scale"]) == (each.estimate, each.drift, each.scale)
            assert each.n_claims == 4 and each.low < low < each.estimate < high < each.high


def test_the_metrics_hold_each_claim_under_its_names(planted):
    found = metrics(planted)
    claim = found["claims"]["reversal"]["recipe"]["grad_cam, layer_cam"][", ".join(PAIR)]
    assert (claim["verdict"], claim["n_seeds"], claim["n_patients"]) == ("supported", 3, 16)
    assert {"estimate", "low", "high", "p", "p_corrected", "reason", "warnings"} <= set(claim)
    assert "effect_size" not in claim  # NaN is left out
    assert set(found["claims"]["moved"]) == {"recipe"}
    assert set(found["claims"]["preserved"]) == {"recipe", "these_checkpoints"}
    assert found["stability"]["layer_cam"]["most_stable"]["arch"] == PAIR[1]
    assert sum(found["orders"]["layer_cam"].values()) == pytest.approx(1)
    table = claim_table(planted.claims)
    assert len(table) == len(planted.claims)


def test_a_verdict_that_unusable_maps_would_change_is_not_decidable(tmp_path):
    maps = moving(PAIR[0])
    for method in ("grad_cam", "layer_cam"):
        maps.signed["penultimate", method][0, :, 4:] = np.nan  # tl of twelve of the sixteen patients
    result = compare(study_of(maps), rules(4))
    (claim, _) = recipe(result, "moved")
    assert claim.verdict == "not decidable"
    assert claim.reason == "Counting maps that cannot be used as moved wholly gives another verdict."
    assert "unusable_maps" in claim.warnings
    assert metrics(result)["warnings"]["unusable_maps"].startswith("72 drift pairs")


def claim(kind="reversal", **changes) -> Claim:
    return replace(Claim(kind, "primary", "recipe", "a", "b", "grad_cam_pp", "layer_cam", "t", 3), **changes)


@pytest.mark.parametrize(
    ("stable", "method", "expected"),
    [
        ("b", "grad_cam_pp", ("effect_of_confidence", "maps_alike")),
        ("a", "layer_cam", ("effect_of_confidence", "maps_alike")),  # the same one the other way round
        ("c", "grad_cam_pp", ()),
        ("b", "rise", ()),
    ],
)
def test_a_reversal_carries_what_was_observed_of_it(stable, method, expected):
    others = {"b": "a", "a": "b", "c": "a"}
    against = "grad_cam_pp" if method == "layer_cam" else "layer_cam"
    scores = (0.1, 0.2, 0.4, 0.3)
    seen = Reversal("penultimate", method, against, stable, others[stable], scores, 0.999, True, False)
    assert with_warnings(claim(), "penultimate", Observed("", (), (seen,)), ()).warnings == expected
    elsewhere = Observed("", (), (replace(seen, layer="last"),))
    assert with_warnings(claim(), "penultimate", elsewhere, ()).warnings == ()


def test_caveats_reach_the_claims_that_they_are_about():
    everywhere, here = Caveat("everywhere", ""), Caveat("here", "", frozenset({("b", "layer_cam")}))
    nothing = Observed("", (), ())

    def warned(**changes):
        return with_warnings(claim(**changes), "penultimate", nothing, (everywhere, here, here)).warnings

    assert warned() == ("everywhere", "here")
    assert warned(kind="difference", against="", method="layer_cam") == ("everywhere", "here")
    assert warned(kind="difference", against="") == ("everywhere",)
    assert warned(kind="moved", other="", against="", method="layer_cam") == ("everywhere",)


def one_seed():
    return [architecture(name, seeds=(1,)) for name in PAIR]


def one_architecture():
    return [architecture(seeds=SEEDS)]


def a_class_without_true_positives():
    maps = [architecture(name, seeds=SEEDS) for name in PAIR]
    return [replace(each, predicted=np.zeros_like(each.predicted)) for each in maps]


def four_patients():
    return [architecture(name, seeds=SEEDS, patients=["p0", "p1", "p2", "p3"]) for name in PAIR]


def mixed_versions():
    one, two = (architecture(name, seeds=SEEDS) for name in PAIR)
    return [one, replace(two, versions=two.versions | {"tensorflow": ["2.20.0"]})]


COUNTED = "{} patients of the common cohort were measured under "
FEWER = "not decidable: the common cohort has {} patients, fewer than compare.min_patients, 5."
EDGES = [
    (one_seed, 1, "With one training nothing is known", "one_seed"),
    (one_architecture, 1, "", ""),
    (a_class_without_true_positives, 5, COUNTED.format(3), "classes_absent"),
    (four_patients, 5, COUNTED.format(4), ""),
    (mixed_versions, 1, "", "mixed_versions"),
]


@cache
def result_of(make, min_patients: int) -> Result:
    return compare(study_of(*make()), rules(min_patients))


@pytest.mark.parametrize(("make", "min_patients", "reason", "caveat"), EDGES)
def test_a_study_at_the_edge_decides_nothing_and_pretends_no_number(
    tmp_path, make, min_patients, reason, caveat
):
    result = result_of(make, min_patients)
    assert result.claims
    for each in result.claims:
        assert each.reason.endswith(".")
        # of one training, these checkpoints can be judged
        if reason and (make, each.estimand) != (one_seed, "these checkpoints"):
            assert (each.verdict, each.reason.startswith(reason)) == ("not decidable", True)
            assert np.isnan([each.p_corrected, each.detectable]).all()
        assert each.warnings == ((caveat,) if caveat else ())
    write_metrics(tmp_path / "compare.json", result)  # strict JSON: no NaN in it
    write_tables(tmp_path / "tables", result)


SHOWN = {
    one_seed: "with one seed a difference between architectures cannot be told from the noise between",
    one_architecture: "One architecture: there is no order to reverse.",
    a_class_without_true_positives: FEWER.format(3),
    four_patients: FEWER.format(4),
    mixed_versions: "mixes versions of tensorflow: 2.20.0, 2.21.0.",
}


@pytest.mark.parametrize(("make", "min_patients", "reason", "caveat"), EDGES)
def test_a_study_at_the_edge_is_told_so_in_print(make, min_patients, reason, caveat):
    file = io.StringIO()
    print_result(result_of(make, min_patients), console(file))
    text = " ".join(file.getvalue().split())
    assert SHOWN[make] in text
    assert (f"Everything carries: {caveat} " in text) == bool(caveat)
    if reason and make is not one_seed:
        assert "supported" not in text and "refuted" not in text
    assert " nan" not in text


def test_one_architecture_has_moved_or_not_and_nothing_to_be_compared_with():
    result = result_of(one_architecture, 1)
    assert {each.kind for each in result.claims} == {"moved", "preserved"}
    assert result.extremes == ()
    assert set(result.orders["order"]) <= {PAIR[0]}


def test_with_one_seed_there_are_no_orders_and_no_interval_of_the_recipe():
    result = result_of(one_seed, 1)
    assert result.orders.empty
    assert result.drift[["low", "high"]].isna().all(axis=None)
    assert metrics(result)["claims"]["moved"]["recipe"]["grad_cam"][PAIR[0]]["verdict"] == "not decidable"


def test_a_patients_images_count_as_one_patients(tmp_path):
    patients = ["p0", "p1", "p0", "p1", "p2", "p3", "p4", "p5"]
    result = compare(study_of(architecture(seeds=SEEDS, patients=patients)), rules())
    assert {(each.n_patients, each.n_images) for each in result.claims} == {(6, 8)}


def test_where_images_have_unlike_numbers_of_partners_the_scale_is_of_one_estimate():
    """Four patients of one class and three of the other: three partners an image, or two."""
    maps = architecture("a", seeds=SEEDS, patients=[f"p{number}" for number in range(7)])
    result = compare(study_of(maps), rules())
    rows = result.drift[result.drift["measure"] == "moved_share"].set_index(["layer", "method"])
    own = recipe(result, "preserved")
    assert len(own) == 2
    for each in own:
        row = rows.loc["penultimate", each.method]
        assert (row["over_scale"], row["scale"]) == (each.estimate, each.scale)
        assert row["over_scale"] == pytest.approx(row["mean"] / row["scale"])


def noisy(name: str, noise: float, move: float):
    """Sixteen patients whose evidence moves alike in every training; each training has noise of its own.

    The noise is the same before and after: of noise after alone the mean map is more even than the map
    before, which is a move that all trainings have alike.
    """
    maps = architecture(name, seeds=SEEDS, patients=[f"p{at}" for at in range(16)], noise=0.01)
    random = np.random.default_rng(len(name))
    for key, signed in maps.signed.items():
        systematic = np.zeros_like(signed)
        systematic[0] = move * random.normal(size=signed.shape[2:])
        added = systematic + noise * random.normal(size=signed.shape)
        maps.signed[key] = (signed + added).astype(np.float32)
    return maps


def test_on_maps_the_erratic_one_is_not_called_the_more_stable():
    """The same systematic move of both; the second one's trainings differ more."""
    result = compare(study_of(noisy("steady", 0.1, 0.5), noisy("erratic", 1.0, 0.5)), rules(10))
    for each in recipe(result, "difference"):
        assert each.drift < each.other_drift
        assert (each.verdict, each.estimate < 0) == ("supported", True)
    assert {each.arch for each in result.extremes if each.place == "most stable"} == {"steady"}


def test_on_maps_noise_alone_is_drift_and_no_shared_drift():
    result = compare(study_of(noisy("one", 1.0, 0), noisy("another", 1.0, 0)), rules(10))
    claims = recipe(result, "moved")
    assert len(claims) == 4
    for each in claims:
        assert each.drift > 0.3
        assert each.verdict != "supported" and abs(each.shared) < 0.1
