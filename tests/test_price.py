"""The price of keeping the evidence, in small; benchmarks/price has strategies, seeds and intervals."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.price import findings, trainings
from benchmarks.price.__main__ import STRENGTHS
from benchmarks.price.asked import Asked, load, save
from benchmarks.price.findings import CLEAN, FOLLOWS, inherited_verdict, interval, learned_verdict, mean
from evidrift.images.marker import BOX
from evidrift.images.store import Images
from evidrift.training.strategy import strategy_named
from tests.letters import everybody, half, lettered, nobody, of_class
from tests.planted import prepared

CLASSES = ("covid19", "normal", "tuberculosis")
NORMAL = 1
SIDE = 100  # px


def films(n: int = 30) -> Images:
    """Grey films, a patient each, of every class in turn."""
    ids = np.array([f"film-{at:03d}" for at in range(n)])
    content = np.tile([0, 0, SIDE, SIDE], (n, 1))
    return Images(ids, ids, np.arange(n) % 3, np.full((n, SIDE, SIDE), 90, np.uint8), content, CLASSES)


def test_the_letter_stands_in_the_corner_of_the_films_that_carry_it_and_nothing_else_changes():
    clean = films()
    changed = lettered(clean, of_class("normal")).pixels != clean.pixels
    left, top, right, bottom = (round(edge * SIDE) for edge in BOX)
    assert changed[:, top:bottom, left:right].any(axis=(1, 2)).tolist() == (clean.labels == NORMAL).tolist()
    changed[:, top:bottom, left:right] = False
    assert not changed.any()
    assert (clean.pixels == 90).all()


def test_a_letter_that_says_nothing_stands_in_about_half_of_every_class_and_on_the_same_films_each_time():
    many = films(600)
    shares = [half(many)[many.labels == label].mean() for label in range(3)]
    assert all(0.4 <= share <= 0.6 for share in shares)
    assert (half(many) == half(films(600))).all()
    assert (nobody(many).sum(), everybody(many).sum()) == (0, 600)


def asked(predicted: list[int], lettered: list[int]) -> Asked:
    """One checkpoint's answers about as many films, by what it predicts."""
    clean, after = (np.eye(3)[each] for each in (predicted, lettered))
    return Asked(clean, after, reliance=np.array([[1.0], [2.0]]), moved=np.full(len(predicted), 0.25))


def test_a_film_follows_the_letter_if_it_is_of_another_class_and_turns_to_the_marked_one():
    labels = np.array([0, 0, 1, 2, 2])
    row = findings.measured([asked([0, 1, 2, 2, 0], [1, 1, 1, 2, 2])], labels, NORMAL)
    # of films 0, 1, 3 and 4 the first alone turns; film 1 was taken for it before
    assert row[FOLLOWS].value == 1 / 4
    assert row[CLEAN].value == 2 / 5
    # with the letter 3 is right; 2, which carries none there, is not
    assert row[findings.ADVERSARIAL].value == 2 / 5
    assert row[findings.MATCHED].value == 3 / 5
    assert row[findings.DRIFT].value == 0.25
    assert [row[each].value for each in findings.COVERED.values()] == [1.0, 2.0]


def rows(share: float) -> dict:
    """100 patients and 5 seeds, of which this share follows the letter, a little different in every seed."""
    n = round(100 * share)
    turned = np.zeros((100, 5))
    for seed in range(5):
        turned[seed : seed + n, seed] = 1
    right = np.ones((100, 5))
    right[range(20), [at % 5 for at in range(20)]] = 0  # some error, the same for all
    return {FOLLOWS: mean(turned), CLEAN: mean(right)}


def test_a_share_that_never_varies_has_the_exact_interval_over_patients():
    found = interval(mean(np.zeros((50, 5))), share=True)
    assert found.value == found.low == 0
    assert found.high == pytest.approx(1 - 0.025 ** (1 / 50))


def test_nothing_is_decided_by_one_seed():
    one = {name: {FOLLOWS: mean(np.full((50, 1), value))} for name, value in (("plain", 1.0), ("maps", 0.0))}
    assert np.isnan(interval(one["maps"][FOLLOWS], share=True).high)
    assert learned_verdict(one["plain"], one["maps"]) == "not decidable"
    assert inherited_verdict(one["plain"], one["maps"]) == "not decidable"


@pytest.mark.parametrize(
    ("plain", "kept", "verdict"),
    [
        (0.7, 0.1, "supported"),
        (0.7, 0.6, "refuted"),
        (0.1, 0.05, "refuted"),  # there was nothing that it could have kept away
        (0.7, 0.3, "not decidable"),
    ],
)
def test_reliance_is_kept_low_where_it_is_shown_below_the_limit_and_above_it_under_plain(
    plain, kept, verdict
):
    assert learned_verdict(rows(plain), rows(kept)) == verdict


@pytest.mark.parametrize(("n_right", "verdict"), [(33, "not decidable"), (90, "supported")])
def test_whoever_always_says_normal_follows_no_letter_and_supports_nothing(n_right, verdict):
    right = np.zeros((100, 5))
    right[:n_right] = 1
    kept = rows(0.1) | {CLEAN: mean(right)}
    assert learned_verdict(rows(0.7), kept) == "supported"
    assert findings.guarded_verdict(rows(0.7), kept) == verdict
    assert findings.guarded_verdict(rows(0.7), rows(0.6) | {CLEAN: mean(right)}) == "refuted"


def test_a_side_that_a_strategy_was_not_tried_on_has_no_verdict():
    all_sides = {name: rows(share) for name, share in (("tl", 0.7), ("plain", 0.6), ("maps", 0.65))}
    absent = {name: all_sides[name] for name in ("tl", "plain")}
    found = findings.verdicts(all_sides, all_sides, absent)
    assert found.loc["plain", ["T5 learned", "T6 inherited", "T6 absent"]].tolist() == [
        "",
        *["supported"] * 2,
    ]
    assert found.loc["maps", ["T6 absent", "kept, absent"]].tolist() == ["", ""]
    assert found.loc["maps", "kept"].startswith("0.93 [")


@pytest.mark.parametrize(
    ("tl", "kept", "verdict"),
    [
        (0.7, 0.6, "supported"),
        (0.7, 0.05, "refuted"),
        (0.7, 0.35, "not decidable"),
        (0.2, 0.2, "not decidable"),  # tl hardly relies on it
    ],
)
def test_a_shortcut_is_kept_where_more_than_half_of_the_reliance_is_shown_to_stay(tl, kept, verdict):
    assert inherited_verdict(rows(tl), rows(kept)) == verdict


def test_answers_are_kept_as_they_were(tmp_path):
    said = {"tl": asked([0, 1], [1, 1]), "maps high": asked([2, 0], [1, 0])}
    save(tmp_path / "a.npz", said)
    found = load(tmp_path / "a.npz")
    assert list(found) == list(said)
    for name, each in said.items():
        for key, value in vars(each).items():
            np.testing.assert_array_equal(getattr(found[name], key), value)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A few test films are enough for one seed."""
    recipe = {**trainings.RECIPE, "patients": {**trainings.RECIPE["patients"], "test": 20}}
    return prepared(tmp_path_factory.mktemp("price"), recipe, None, trainings.SIZE)


def following(store, side, folder) -> dict[str, float]:
    """Share of the other classes' films that the letter turns: under tl, plain and maps at high strength."""
    network = trainings.network_for("resnetv2_mini", store, side)
    maps = strategy_named("maps", STRENGTHS["maps"]["high"], "", ())
    checkpoints = {
        name: trainings.checkpoint(network, store, side, 1, strategy, folder)
        for name, strategy in (("tl", None), ("plain", trainings.PLAIN), ("maps high", maps))
    }
    test = store.split("test")
    test = replace(test, pixels=np.asarray(test.pixels))
    with_letter = lettered(test, everybody)
    found = {}
    for name, predict in network.predictors(checkpoints).items():
        before, after = (predict(shown.pixels).argmax(axis=1) for shown in (test, with_letter))
        others = test.labels != test.classes.index(trainings.MARKED)
        turned = (before != NORMAL) & (after == NORMAL)
        found[name] = float(turned[others].mean())
    return found


@pytest.mark.slow
def test_keeping_the_evidence_keeps_a_new_shortcut_out(store, tmp_path):
    follows = following(store, trainings.LEARNED, tmp_path)
    assert follows["plain"] > findings.LIMIT
    assert follows["maps high"] < follows["plain"] - 0.1  # one seed: T5 itself is asked of five


@pytest.mark.slow
def test_keeping_the_evidence_keeps_an_old_shortcut_in(store, tmp_path):
    follows = following(store, trainings.INHERITED, tmp_path)
    assert follows["tl"] > findings.LIMIT
    assert follows["plain"] < follows["tl"] / 2
    assert follows["maps high"] > follows["plain"] + 0.1  # one seed: T6 itself is asked of five
