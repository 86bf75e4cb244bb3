import pandas as pd

from evidrift.compare.findings.signs import reservations, signs, signs_of_methods


def marks(*rows):
    columns = ["arch", "checkpoint", "layer", "method", "faithful", "insensitive"]
    table = pd.DataFrame([(arch, checkpoint, "penultimate", *rest) for arch, checkpoint, *rest in rows])
    table.columns = columns
    return table.astype({"faithful": object, "insensitive": object})


TABLE = marks(
    ("a", "tl", "rise", True, False),
    ("a", "ft", "rise", False, False),
    ("b", "tl", "rise", True, True),
    ("b", "ft", "rise", True, False),
    ("a", "tl", "layer_cam", True, False),
    ("a", "ft", "layer_cam", None, None),
)


def test_one_checkpoint_is_enough_for_a_sign():
    assert signs(TABLE) == {
        ("a", "penultimate", "layer_cam"): "",
        ("a", "penultimate", "rise"): "†",
        ("b", "penultimate", "rise"): "‡",
    }


def test_a_method_has_the_signs_of_all_architectures_each_once():
    assert signs_of_methods(TABLE) == {("penultimate", "layer_cam"): "", ("penultimate", "rise"): "†‡"}
    twice = pd.concat([TABLE, marks(("c", "tl", "rise", False, True))])
    assert signs_of_methods(twice)["penultimate", "rise"] == "†‡"


def test_reservations_name_who_is_concerned_and_what_could_not_be_decided():
    assert list(reservations(TABLE, "penultimate")) == [
        (
            "unfaithful",
            "† not shown to be more faithful than a random map: rise at penultimate (a ft).",
            frozenset({("a", "rise")}),
        ),
        (
            "insensitive",
            "‡ its maps survive random weights: rise at penultimate (b tl).",
            frozenset({("b", "rise")}),
        ),
        (
            "faithfulness_not_decidable",
            "Faithfulness is not decidable on fewer than five patients: raise "
            "check.faithfulness.images_per_class. So it is of layer_cam at penultimate (a ft).",
            frozenset({("a", "layer_cam")}),
        ),
    ]


def test_what_speaks_against_a_method_at_another_layer_concerns_no_claim():
    elsewhere = TABLE.assign(layer="last")
    assert [about for _, _, about in reservations(elsewhere, "penultimate")] == [frozenset()] * 3


def test_both_checkpoints_of_an_architecture_are_named_together():
    both = marks(("a", "ft", "rise", False, False), ("a", "tl", "rise", False, False))
    ((_, sentence, about),) = reservations(both, "penultimate")
    assert sentence.endswith("rise at penultimate (a tl, ft).")
    assert about == {("a", "rise")}


def test_nothing_is_said_of_methods_that_pass():
    assert list(reservations(marks(("a", "tl", "rise", True, False)), "penultimate")) == []
