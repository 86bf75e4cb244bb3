import pandas as pd

from evidrift.compare.findings.signs import reservations, signs, signs_of_methods


def marks(*rows):
    columns = ["arch", "checkpoint", "layer", "method", "insensitive"]
    table = [(arch, checkpoint, "penultimate", *rest) for arch, checkpoint, *rest in rows]
    return pd.DataFrame(table, columns=columns)


TABLE = marks(
    ("a", "tl", "rise", "not decidable"),
    ("a", "ft", "rise", "refuted"),
    ("b", "tl", "rise", "supported"),
    ("b", "ft", "rise", "refuted"),
    ("a", "tl", "layer_cam", "refuted"),
    ("a", "ft", "layer_cam", "not decidable"),
)


def test_one_checkpoint_is_enough_for_the_sign():
    assert signs(TABLE) == {
        ("a", "penultimate", "layer_cam"): "",
        ("a", "penultimate", "rise"): "",
        ("b", "penultimate", "rise"): "‡",
    }


def test_a_method_has_the_sign_of_any_architecture_once():
    assert signs_of_methods(TABLE) == {("penultimate", "layer_cam"): "", ("penultimate", "rise"): "‡"}
    twice = pd.concat([TABLE, marks(("c", "tl", "rise", "supported"))])
    assert signs_of_methods(twice)["penultimate", "rise"] == "‡"


def test_the_reservation_says_what_the_sign_means_and_names_who_is_concerned():
    assert list(reservations(TABLE, "penultimate")) == [
        (
            "insensitive",
            "‡ part of its maps survives random weights; that part is the image's and cannot drift: "
            "rise at penultimate (b tl).",
            frozenset({("b", "rise")}),
        ),
    ]


def test_what_survives_at_another_layer_concerns_no_claim():
    elsewhere = TABLE.assign(layer="last")
    assert [about for _, _, about in reservations(elsewhere, "penultimate")] == [frozenset()]


def test_both_checkpoints_of_an_architecture_are_named_together():
    both = marks(("a", "ft", "rise", "supported"), ("a", "tl", "rise", "supported"))
    ((_, sentence, about),) = reservations(both, "penultimate")
    assert sentence.endswith("rise at penultimate (a tl, ft).")
    assert about == {("a", "rise")}


def test_nothing_is_said_of_methods_of_which_nothing_survives():
    assert list(reservations(marks(("a", "tl", "rise", "refuted")), "penultimate")) == []
