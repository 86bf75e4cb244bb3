import io
from dataclasses import replace

import pytest

from evidrift.claims.claim import Claim
from evidrift.compare.caveat import Caveat
from evidrift.compare.result import Result, compare
from evidrift.report.terminal.plain import plain_table
from evidrift.report.terminal.tables import console, print_result
from evidrift.report.terminal.verdicts import (
    difference_table,
    how_far_table,
    moved_table,
    preserved_table,
    reversal_table,
    stability_table,
)
from tests.compare.studies import rules, study_of
from tests.drift.study import architecture

TWELVE = [f"p{k}" for k in range(12)]
METHODS = ("grad_cam_pp_unit", "layer_cam", "integrated_gradients")


def printed(result: Result) -> str:
    file = io.StringIO()
    print_result(result, console(file))
    return file.getvalue()


def rendered(view) -> list[str]:
    file = io.StringIO()
    console(file).print(plain_table(view))
    return file.getvalue().splitlines()


@pytest.fixture(scope="module")
def result(tmp_path_factory) -> Result:
    """Two architectures, two methods and two seeds."""
    maps = [architecture(name, patients=TWELVE) for name in ("densenet_mini", "resnetv2_mini")]
    return compare(study_of(*maps), rules())


@pytest.fixture(scope="module")
def wide(tmp_path_factory) -> Result:
    """The study's three miniatures under the longest names of methods, all with signs and large numbers."""
    keys = [("penultimate", method) for method in METHODS]
    names = ("densenet_mini", "resnetv2_mini", "inception_mini")
    maps = [architecture(name, seeds=(1, 2, 3), methods=keys) for name in names]
    found = compare(study_of(*maps), rules())
    numbers = {"estimate": -1.25, "low": -10.25, "high": -10.75, "p_corrected": 1.0, "wilcoxon_p": 0.0001}
    numbers |= {"interaction": -1.25, "interaction_low": -10.25, "interaction_high": -10.75}
    claims = tuple(replace(claim, **numbers, verdict="not decidable") for claim in found.claims)
    return replace(found, claims=claims, marks=found.marks.assign(insensitive="supported"))


@pytest.mark.parametrize(
    ("kind", "drawn"),
    [
        ("moved", moved_table),
        ("preserved", preserved_table),
        ("difference", difference_table),
        ("reversal", lambda result, claims: reversal_table("Reversals", claims, result.claims)),
    ],
)
def test_claims_of_the_longest_names_fit_and_say_not_decidable_in_full(wide, kind, drawn):
    claims = [claim for claim in wide.claims if (claim.kind, claim.estimand) == (kind, "recipe")]
    lines = rendered(drawn(wide, claims))
    assert max(map(len, lines)) <= 118
    text = "\n".join(lines)
    assert "…" not in text
    assert text.count("not decidable") == len(claims) >= 9
    assert text.count("-10.25") + text.count("10.25]") >= len(claims)  # numbers are never cut


def test_everything_printed_of_the_longest_names_fits(wide):
    text = printed(wide)
    assert max(map(len, text.splitlines())) <= 118
    assert "…" not in text
    for method in METHODS:
        assert f"{method} ‡" in text


def test_captions_fit_and_are_complete(wide):
    lines = rendered(difference_table(wide, [c for c in wide.claims if c.kind == "difference"]))
    assert max(map(len, lines)) <= 118
    assert "to show it with a power of 80 %." in " ".join(" ".join(lines).split())


def claim(kind="difference", family="exploratory", **changes) -> Claim:
    base = Claim(kind, family, "recipe", "densenet_mini", "resnetv2_mini", "grad_cam", "", "t", 3)
    numbers = {"estimate": 0.3, "low": 0.1, "high": 0.5, "p_corrected": 0.012, "verdict": "supported"}
    return replace(base, **numbers | {"n_patients": 12, "detectable": 0.21, "n_claims": 9} | changes)


@pytest.mark.parametrize(
    ("estimate", "low", "high", "first"),
    [(0.3, 0.1, 0.5, "resnetv2_mini densenet_mini"), (-0.3, -0.5, -0.1, "densenet_mini resnetv2_mini")],
)
def test_a_difference_is_shown_as_a_lead_of_the_more_stable_one(result, estimate, low, high, first):
    shown = rendered(difference_table(result, [claim(estimate=estimate, low=low, high=high)]))
    line = f"grad_cam {first} 0.30 [0.10, 0.50] 0.012 12 0.21 supported"
    assert line in [" ".join(each.split()) for each in shown]


def test_it_is_said_how_the_intervals_beside_the_verdicts_hold(result):
    shown = " ".join(" ".join(rendered(difference_table(result, [claim()]))).split())
    assert "the intervals of all 9 hold together at 95 %" in shown


def test_drift_stands_with_its_parts_the_seed_floors_and_the_scale(wide):
    row = wide.drift.query("arch == 'densenet_mini' and method == 'layer_cam' and measure == 'moved_share'")
    it = row.iloc[0]
    lines = [" ".join(line.split()) for line in rendered(how_far_table(wide))]
    expected = (
        f"layer_cam ‡ {it['mean']:.2f} [{it['low']:.2f}, {it['high']:.2f}] {it['shared']:z.2f} "
        f"{it['erratic']:.2f} {it['floor_tl']:.2f} / {it['floor_ft']:.2f} {it['scale']:.2f} "
        f"{it['over_scale']:.2f} [{it['over_scale_low']:.2f}, {it['over_scale_high']:.2f}]"
    )
    assert any(line.endswith(expected) for line in lines)
    assert any("one by one, of the recipe." in line for line in (" ".join(lines),))


def test_with_one_seed_intervals_are_of_these_checkpoints_and_nothing_is_said_of_trainings():
    alone = compare(study_of(architecture(seeds=(1,), patients=TWELVE)), rules())
    row = alone.drift.query("method == 'layer_cam' and measure == 'moved_share'").iloc[0]
    text = " ".join(" ".join(rendered(how_far_table(alone))).split())
    assert (
        f"{row['mean']:.2f} [{row['fixed_low']:.2f}, {row['fixed_high']:.2f}] - - - {row['scale']:.2f}"
        in text
    )
    assert "of these checkpoints." in text


def test_movement_is_shown_with_the_verdict_of_its_own_claim(result):
    own = [c for c in result.claims if (c.kind, c.estimand) == ("moved", "recipe")]
    numbers = {"estimate": 0.3, "low": 0.1, "high": 0.5}
    told = [
        replace(own[0], verdict="supported", **numbers),
        *(replace(each, verdict="refuted", **numbers) for each in own[1:]),
    ]
    lines = [" ".join(line.split()) for line in rendered(moved_table(result, told))]
    ends = [line.rsplit(" ", 1)[-1] for line in lines if line.rsplit(" ", 1)[-1] in ("supported", "refuted")]
    assert ends == ["supported", "refuted", "refuted", "refuted"]
    (first,) = (line for line in lines if line.endswith("supported"))
    assert first.startswith("densenet_mini grad_cam 0.30 [0.10, 0.50] ")


def test_the_most_and_the_least_stable_are_shown_with_their_verdicts(wide):
    lines = rendered(stability_table(wide))
    assert "\n".join(lines).count("not decidable") == 2 * len(METHODS)
    assert max(map(len, lines)) <= 118


def reversal(family="exploratory", **changes) -> Claim:
    told = {"against": "layer_cam", "interaction": 0.6, "verdict": "supported"}
    return claim("reversal", family, **told | changes)


def test_a_reversal_is_shown_with_its_size_its_verdict_and_what_speaks_against_it():
    one = reversal(warnings=("effect_of_confidence", "maps_alike", "phantoms"))
    every = [one, claim(estimate=0.4), claim(estimate=-0.3, method="layer_cam")]
    text = " ".join(" ".join(rendered(reversal_table("Reversals", [one], every))).split())
    assert "grad_cam resnetv2_mini by 0.40 0.30 [0.10, 0.50] 0.012 12 0.21 supported" in text
    assert "layer_cam densenet_mini by 0.30" in text
    assert "effect of confidence" in text and "maps nearly the same" in text
    assert "phantoms" not in text


def test_reversals_are_counted_by_verdict_and_those_that_are_not_observed_are_not_listed(result):
    claims = (
        reversal(),
        reversal(estimate=0.05, verdict="refuted", method="rise"),
        reversal(estimate=-0.2, verdict="not decidable", method="occlusion"),
    )
    moved = tuple(each for each in result.claims if each.kind == "moved")
    text = printed(replace(result, claims=moved + claims))
    assert "that can disagree): 1 supported, 1 refuted, 1 not decidable." in " ".join(text.split())
    assert "rise" in text and "occlusion" not in text


def test_of_many_exploratory_reversals_the_supported_are_shown_and_always_the_primary_ones(result):
    others = tuple(reversal(method=f"method_{at}", verdict="not decidable") for at in range(6))
    own = reversal("primary", method="grad_cam_pp", estimate=-0.1, verdict="not decidable")
    shown = reversal(method="method_6")
    text = printed(replace(result, claims=(*others, shown, own)))
    assert "method_6" in text and "method_0" not in text
    assert text.index("grad_cam_pp") < text.index("Exploratory")
    assert "method_0" in printed(replace(result, claims=(*others, own)))  # six are not many


def test_what_every_verdict_carries_is_said_once_above_them(result):
    somewhere = Caveat("elsewhere", "Of one alone.", frozenset({("densenet_mini", "grad_cam")}))
    text = printed(replace(result, caveats=(Caveat("phantoms", "Drawn."), somewhere)))
    assert "Everything carries: phantoms (see the notes)." in text
    assert "Note: Of one alone." in text


def test_one_reason_for_all_is_said_once_in_words(tmp_path):
    maps = [architecture(name, seeds=(1,)) for name in ("densenet_mini", "resnetv2_mini")]
    text = printed(compare(study_of(*maps), rules()))
    reason = "Not decidable: With one training nothing is known of how far another would differ"
    assert text.count(reason) == 3  # once for each kind of claim


def test_without_any_image_no_verdict_is_printed(tmp_path):
    maps = architecture()
    text = printed(compare(study_of(replace(maps, predicted=1 - maps.predicted)), rules()))
    assert "How far at" not in text and "Exploratory" not in text
