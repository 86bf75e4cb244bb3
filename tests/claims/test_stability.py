import pytest

from evidrift.claims.claim import Claim
from evidrift.claims.stability import extremes

NAN = float("nan")


def claim(arch, other, estimate, verdict="supported", method="layer_cam", **changes):
    """`arch` less the other one: below 0 where `arch` is the more stable."""
    base = {"kind": "difference", "family": "exploratory", "estimand": "recipe"}
    base |= {"against": "", "test": "", "n_seeds": 3}
    return Claim(
        arch=arch,
        other=other,
        method=method,
        estimate=estimate,
        verdict=verdict,
        reason="Why.",
        **base | changes,
    )


def found(*claims):
    return {(each.method, each.place): (each.arch, each.verdict, each.reason) for each in extremes(claims)}


def test_the_first_and_the_last_are_supported_where_every_difference_is():
    shown = found(claim("a", "b", -0.2), claim("a", "c", -0.5), claim("b", "c", -0.3))
    words = "Its difference from every other architecture is shown."
    assert shown == {
        ("layer_cam", "most stable"): ("a", "supported", words),
        ("layer_cam", "least stable"): ("c", "supported", words),
    }


def test_one_open_difference_of_its_own_leaves_an_extreme_open_and_the_other_shown():
    shown = found(claim("a", "b", -0.2, "not decidable"), claim("a", "c", -0.5), claim("b", "c", -0.3))
    assert shown["layer_cam", "most stable"] == ("a", "not decidable", "Its difference from b is not shown.")
    assert shown["layer_cam", "least stable"][:2] == ("c", "supported")


def test_a_rival_that_is_shown_to_be_as_stable_refutes():
    shown = found(
        claim("a", "b", -0.01, "refuted"), claim("a", "c", -0.5, "not decidable"), claim("b", "c", -0.3)
    )
    assert shown["layer_cam", "most stable"] == ("a", "refuted", "b is as stable to within `margin`.")
    assert shown["layer_cam", "least stable"] == ("c", "not decidable", "Its difference from a is not shown.")


def test_all_rivals_are_named():
    shown = found(
        claim("a", "b", 0.2, "not decidable"), claim("a", "c", 0.5, "not decidable"), claim("b", "c", 0.3)
    )
    reason = "Its difference from b and c is not shown."
    assert shown["layer_cam", "least stable"] == ("a", "not decidable", reason)


@pytest.mark.parametrize("estimate", [0.0, NAN])
def test_without_an_order_nobody_is_named(estimate):
    shown = found(claim("a", "b", estimate, "not decidable"))
    assert shown["layer_cam", "most stable"] == ("", "not decidable", "Why.")
    assert shown["layer_cam", "least stable"] == ("", "not decidable", "Why.")


def test_methods_are_asked_on_their_own_and_other_claims_play_no_part():
    shown = found(
        claim("a", "b", -0.2),
        claim("a", "b", 0.2, method="grad_cam"),
        claim("a", "b", 0.9, estimand="these checkpoints"),
        claim("a", "", 0.9, kind="moved"),
        claim("a", "b", 0.9, kind="reversal", against="rise"),
    )
    assert {key: value[0] for key, value in shown.items()} == {
        ("layer_cam", "most stable"): "a",
        ("layer_cam", "least stable"): "b",
        ("grad_cam", "most stable"): "b",
        ("grad_cam", "least stable"): "a",
    }


def test_without_differences_there_are_no_extremes():
    assert extremes([claim("a", "", 0.3, kind="moved")]) == []
