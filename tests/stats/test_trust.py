import pandas as pd

from evidrift.stats.trust import reservations, signs, signs_of_methods


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


def test_sentences_name_who_is_concerned_and_what_could_not_be_decided():
    unfaithful, insensitive, undecided = reservations(TABLE)
    assert unfaithful == ("† not shown to be more faithful than a random map: rise at penultimate (a ft).")
    assert insensitive == "‡ its maps survive random weights: rise at penultimate (b tl)."
    assert undecided.endswith("So it is of layer_cam at penultimate (a ft).")


def test_both_checkpoints_of_an_architecture_are_named_together():
    both = marks(("a", "ft", "rise", False, False), ("a", "tl", "rise", False, False))
    (sentence,) = reservations(both)
    assert sentence.endswith("rise at penultimate (a tl, ft).")


def test_nothing_is_said_of_methods_that_pass():
    assert list(reservations(marks(("a", "tl", "rise", True, False)))) == []
