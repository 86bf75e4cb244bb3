import io
from dataclasses import replace

import pytest

from evidrift.claims.claim import Claim
from evidrift.compare.caveats import Caveat
from evidrift.compare.result import Result, compare
from evidrift.report.terminal.plain import plain_table
from evidrift.report.terminal.tables import console, print_result
from evidrift.report.terminal.verdicts import (
    difference_table,
    moved_table,
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
        ("difference", difference_table),
        ("reversal", lambda _, claims: reversal_table(claims)),
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
    assert "it may find what other trainings would not show." in " ".join(" ".join(lines).split())


def claim(kind="difference", **changes) -> Claim:
    base = Claim(kind, "recipe", "densenet_mini", "resnetv2_mini", "grad_cam", "", "t", 3)
    numbers = {"estimate": 0.3, "low": 0.1, "high": 0.5, "p_corrected": 0.012, "verdict": "supported"}
    numbers |= {"wilcoxon_p": 0.0004, "wilcoxon_effect": 0.75, "detectable": 0.21}
    return replace(base, **numbers | changes)


@pytest.mark.parametrize(
    ("estimate", "low", "high", "first"),
    [(0.3, 0.1, 0.5, "resnetv2_mini densenet_mini"), (-0.3, -0.5, -0.1, "densenet_mini resnetv2_mini")],
)
def test_a_difference_is_shown_as_a_lead_of_the_more_stable_one(result, estimate, low, high, first):
    shown = rendered(difference_table(result, [claim(estimate=estimate, low=low, high=high)]))
    line = f"grad_cam {first} 0.30 [0.10, 0.50] 0.012 <0.001, 0.75 supported"
    assert line in [" ".join(each.split()) for each in shown]


def test_what_the_sample_could_have_seen_stands_below_the_differences(result):
    shown = rendered(difference_table(result, [claim(), claim(detectable=0.34)]))
    assert "With a power of 80 % this sample would have found 0.21 to 0.34." in " ".join(shown)


def test_movement_is_shown_with_the_verdict_of_its_own_claim(result):
    own = [c for c in result.claims if (c.kind, c.estimand) == ("moved", "recipe")]
    told = [replace(own[0], verdict="supported"), *(replace(each, verdict="refuted") for each in own[1:])]
    lines = [" ".join(line.split()) for line in rendered(moved_table(result, told))]
    ends = [line.rsplit(" ", 1)[-1] for line in lines if line.rsplit(" ", 1)[-1] in ("supported", "refuted")]
    assert ends == ["supported", "refuted", "refuted", "refuted"]
    row = result.drift.query("arch == 'densenet_mini' and method == 'grad_cam' and measure == 'overlap'")
    numbers = row.iloc[0]
    (first,) = (line for line in lines if line.endswith("supported"))
    assert f"densenet_mini grad_cam {numbers['mean']:.3f} ± {numbers['sd']:.3f} " in first
    assert f" {numbers['floor']:.3f} {numbers['chance']:.3f} " in first


def test_the_most_and_the_least_stable_are_shown_with_their_verdicts(wide):
    lines = rendered(stability_table(wide))
    assert "\n".join(lines).count("not decidable") == 2 * len(METHODS)
    assert max(map(len, lines)) <= 118


def reversal(**changes) -> Claim:
    return claim("reversal", **{"against": "layer_cam", "interaction": 0.6, "verdict": "supported"} | changes)


def test_a_reversal_is_shown_with_its_size_its_verdict_and_what_speaks_against_it():
    one = reversal(warnings=("effect_of_confidence", "maps_alike", "phantoms"))
    text = " ".join(" ".join(rendered(reversal_table([one]))).split())
    assert "0.30 [0.10, 0.50] 0.60" in text
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


def test_of_many_reversals_the_supported_and_the_studys_own_two_methods_are_shown(result):
    moved = tuple(each for each in result.claims if each.kind == "moved")
    others = tuple(reversal(method=f"method_{at}", verdict="not decidable") for at in range(5))
    own = reversal(method="grad_cam_pp", verdict="not decidable")
    shown = reversal(method="method_5")
    text = printed(replace(result, claims=(*moved, *others, shown, own)))
    assert "method_5" in text and "grad_cam_pp" in text and "method_0" not in text
    assert "method_0" in printed(replace(result, claims=(*moved, *others, own)))  # six are not many


def test_what_every_verdict_carries_is_said_once_above_them(result):
    somewhere = Caveat("elsewhere", "Of one alone.", frozenset({("densenet_mini", "grad_cam")}))
    text = printed(replace(result, caveats=(Caveat("phantoms", "Drawn."), somewhere)))
    assert "Every verdict carries: phantoms (see the notes)." in text
    assert "Note: Of one alone." in text


def test_one_reason_for_all_is_said_once_in_words(tmp_path):
    maps = [architecture(name, seeds=(1,)) for name in ("densenet_mini", "resnetv2_mini")]
    text = printed(compare(study_of(*maps), rules()))
    reason = "Not decidable: With one seed there is no floor, so drift cannot be told from the noise between"
    assert text.count(reason) == 2  # below the movements, and below the differences


def test_without_any_image_no_verdict_is_printed(tmp_path):
    maps = architecture()
    text = printed(compare(study_of(replace(maps, predicted=1 - maps.predicted)), rules()))
    assert "Verdicts at layer" not in text
