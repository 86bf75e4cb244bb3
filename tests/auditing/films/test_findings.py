"""Films with several findings, or none: what is read, measured, judged and refused."""

import json
from dataclasses import replace

import keras
import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from evidrift import audit
from evidrift.attribution.network import Network
from evidrift.auditing.films.calls import Scores, Truth
from evidrift.auditing.films.findings import mark
from evidrift.auditing.gate.calls import with_calls
from evidrift.auditing.gate.derive import derive
from evidrift.auditing.gate.films import Films
from evidrift.auditing.gate.judge import judge_predictions
from evidrift.auditing.gate.knowledge import judge_findings, judge_knowledge, known_of_findings
from evidrift.auditing.gate.limits import Gate
from evidrift.auditing.rates import evaluate_findings
from evidrift.auditing.relying import measure_findings
from evidrift.base.errors import UserError
from evidrift.foreign.files import load_model_file
from evidrift.images.store import Images
from evidrift.prepare.entry import Entry, Excluded
from evidrift.prepare.listing.manifest import NO_LABEL
from evidrift.reliance.fills import donors
from evidrift.reliance.measuring import measure_reliance
from evidrift.reliance.regions import image_regions
from tests.auditing.gate.made import films, reliance
from tests.foreign.kinds import SHAPE, SIZE, head, trunk, with_weights
from tests.prepare.films import film, save

kl = keras.layers
NAMES = ("Effusion", "Mass", "Nodule")
# Of twelve films; the last of each four has none.
LABELS = ("Mass", "Effusion|Nodule", "Nodule | Mass", "No Finding") * 3


def entry(label="", path="a.png", **cells):
    why = None if label else Excluded("unknown_label", NO_LABEL)
    return Entry(path, label, extra=cells, excluded=why)


def marked(*entries, names=NAMES):
    named = [replace(each, path=f"{at}.png") for at, each in enumerate(entries)]
    found = mark(named, names, 3, "films")
    has, known = (np.stack(list(each.values())) for each in (found.has, found.known))
    return found, has, known


def test_labels_with_bars_are_findings_and_what_says_none_is_a_film_without():
    words = ("Mass | Effusion", "", "No Finding", "none", "Normal", "no_finding", "Nodule", "Mass|Hernia")
    found, has, known = marked(*map(entry, words))
    assert has.tolist() == [[1, 1, 0], [0] * 3, [0] * 3, [0] * 3, [0] * 3, [0] * 3, [0, 0, 1], [0, 1, 0]]
    assert known.all()
    assert [each.label for each in found.entries][:2] == ["Effusion|Mass", "No Finding"]
    assert [each.excluded and each.excluded.reason for each in found.entries] == [None] * 7 + [
        "unknown_label"
    ]
    assert "Hernia is not one of the models' findings" in str(found.entries[-1].excluded)


def test_what_means_no_finding_is_a_finding_where_an_output_is_called_so():
    _, has, _ = marked(entry("normal"), entry("Mass"), names=("Mass", "normal", "Nodule"))
    assert has.tolist() == [[0, 1, 0], [1, 0, 0]]


def test_an_output_called_normal_is_not_taken_for_no_finding_where_a_label_is_written_otherwise():
    found, _, _ = marked(entry("Normal"), entry("Mass"), names=("Mass", "normal", "Nodule"))
    assert "Normal is not one of the models' findings" in str(found.entries[0].excluded)
    assert found.entries[1].excluded is None


def test_a_column_each_says_yes_no_or_that_it_is_not_known():
    cells = [("1", "0", "1.0"), ("true", "No", ""), ("0.0", "-1", "nan"), ("", "u", "-1.0")]
    found, has, known = marked(*(entry(**dict(zip(NAMES, row, strict=True))) for row in cells))
    assert has.tolist() == [[1, 0, 1], [1, 0, 0], [0, 0, 0], [0, 0, 0]]
    assert known.tolist() == [[1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]]
    assert [each.excluded is not None for each in found.entries] == [False, False, False, True]
    assert found.entries[1].label == "Effusion|Nodule?"
    # a finding without a column is known of no film
    _, has, known = marked(entry(mass="1"), entry(mass="0"))
    assert known.tolist() == [[0, 1, 0]] * 2


@pytest.mark.parametrize(
    ("entries", "names", "sentence"),
    [
        ([entry(Mass="maybe")], NAMES, "Mass of a.png is 'maybe'. Expected was 1 or 0"),
        ([entry("Mass|Nodule"), entry("Effusion")], None, "which is which cannot be told from films"),
        ([entry("Mass"), entry("Nodule")], None, "Give the names of all 3 in the order of the outputs"),
        ([entry("mass")], NAMES, "has the labels mass, none of which is in `classes`"),
        (
            [entry("Mass")],
            ("Mass", "Nodule"),
            "names 2 findings (Mass, Nodule), but the models have 3 outputs",
        ),
        ([entry("Mass")], ("Mass", "Mass", "Nodule"), "names a finding twice"),
    ],
)
def test_what_is_not_known_without_doubt_is_refused(entries, names, sentence):
    with pytest.raises(UserError) as error:
        mark(entries, names, 3, "films")
    assert sentence in str(error.value)


def test_one_finding_a_film_and_as_many_names_as_outputs_are_in_alphabetical_order():
    found = mark([entry("b"), entry("a"), entry("c"), entry("normal")], None, 3, "films")
    assert (found.names, found.guessed) == (("a", "b", "c"), True)
    assert mark([entry("b"), entry("a"), entry("normal")], None, 3, "films").names == ("a", "b", "normal")
    assert mark([entry(), entry()], None, 3, "films") is None


def truth_and_calls():
    """Four films of three patients: 2 findings; one cell is not known."""
    truth = np.array([[1, 0], [1, 1], [0, 0], [0, 0]], bool)
    known = np.array([[1, 1], [1, 1], [1, 1], [1, 0]], bool)
    p = np.array([[0.9, 0.2], [0.4, 0.8], [0.3, 0.6], [0.1, 0.9]])
    patients = np.array(["a", "a", "b", "c"])
    return Truth(patients, patients, ("X", "Y"), truth, known, False), Scores(p, p >= 0.5)


def test_the_rates_of_findings_by_hand():
    truth, scores = truth_and_calls()
    found = evaluate_findings(scores, truth)
    assert found["accuracy"] == 5 / 7  # X: 3 of 4; Y: 2 of 3, the last is not known
    assert found["per_class"]["X"]["sensitivity"] == 1 / 2
    assert found["per_class"]["X"]["specificity"] == 1
    assert found["per_class"]["Y"]["specificity"] == 1 / 2
    # X: both with it above both without; Y: 0.8 above 0.2 and 0.6
    assert found["auc"] == 1
    confidence = np.array([0.9, 0.6, 0.7, 0.9, 0.8, 0.8, 0.6])
    right = np.array([1, 0, 1, 1, 1, 1, 0])
    bins = np.ceil(confidence * 15)
    gaps = [abs((right - confidence)[bins == each].sum()) for each in np.unique(bins)]
    assert found["calibration_error"] == pytest.approx(sum(gaps) / 7)


def films_of_patients(patients, classes):
    n = len(patients)
    return Images(patients, patients, np.zeros(n), np.zeros((n, 2, 2), np.uint8), np.zeros((n, 4)), classes)


def test_what_a_model_knows_is_what_it_knows_of_its_worst_finding():
    n = 60
    patients = np.array([f"p{at:02d}" for at in range(n)])
    truth = np.stack([np.arange(n) % 2 == 0, np.arange(n) % 3 == 0], axis=1)
    whole = Truth(patients, patients, ("X", "Y"), truth, np.ones_like(truth), False)
    p = np.where(truth, 0.9, 0.1)
    images = films_of_patients(patients, ("X", "Y"))
    good = known_of_findings(Scores(p, p > 0.5), whole, images)
    assert good.predicted == {"X": 30, "Y": 20, "no finding": 20}
    # dealt out at random X would be right in a half of the films, Y in 5/9
    assert {name: bounds.value for name, bounds in good.about.items()} == pytest.approx(
        {"X": 1 / 2, "Y": 4 / 9}
    )
    assert good.above_chance.value == pytest.approx((1 / 2 + 4 / 9) / 2)
    blind = p.copy()
    blind[:, 1] = 0.1  # never calls Y
    found = known_of_findings(Scores(blind, blind > 0.5), whole, images)
    assert found.about["Y"].value == pytest.approx(0, abs=1e-12)
    models = {"before 1": good, "after 1": found}
    assert judge_knowledge(models).verdict == "passed"  # of X it knows all
    (check,) = judge_findings(models)
    assert (check.name, check.verdict) == ("knowledge.findings", "not judged")
    assert "not shown that the model after 1 is right about Y more often than by chance" in check.reason
    assert next(judge_findings({"before 1": good})).verdict == "passed"
    # without labels: a model that calls all films the same
    same = np.tile([0.9, 0.1], (n, 1))
    alike = known_of_findings(Scores(same, same > 0.5), None, images)
    assert (alike.alike, alike.most) == (1, "X")


def test_a_limit_on_what_is_right_is_asked_of_each_finding_and_of_films_with_it_by_themselves():
    """A rare finding that is lost is a twentieth of all films, but half of those that have it."""
    n = 200
    patients = np.array([f"p{at:03d}" for at in range(n)])
    truth = np.stack([np.arange(n) % 2 == 0, np.arange(n) % 10 == 0], axis=1)
    after = truth.copy()
    after[::20, 1] = False
    whole = Truth(patients, patients, ("X", "Y"), truth, np.ones_like(truth), False)
    units = Films(
        patients[:1], np.array(["X"]), ("X", "Y", "not called"), None, None, None, np.ones((2, 1, 1), bool)
    )
    before, later = (Scores(each.astype(float), each) for each in (truth, after))
    seen = with_calls(units, whole, [[before], [later]])
    limits = {"at_most": 0.5, "class_at_most": 0.1}
    gate = Gate.model_validate({"regressed": limits, "accuracy_drop_at_most": 0.5, "wrong_at_most": 0.5})
    checks = {check.name: check for check in judge_predictions(gate, seen)}
    assert seen.every_class == ("X", "Y")
    assert checks["regressed.at_most"].value == pytest.approx(10 / 200)
    assert checks["accuracy_drop_at_most"].value == pytest.approx(10 / 200)
    worst = checks["regressed.class_at_most"]
    assert (worst.value, worst.verdict) == (10 / 20, "failed")
    assert worst.high == pytest.approx(stats.binomtest(10, 20, alternative="less").proportion_ci(0.95).high)
    assert "class Y, films with it" in worst.reason


def test_a_gate_is_derived_of_findings_both_ways_round():
    """The second training is right about X where the first is wrong: read backwards, that is a regression."""
    seen = films(150)
    truth = np.stack([np.arange(150) % 2 == 0, np.arange(150) % 3 == 0], axis=1)
    first = truth.copy()
    first[:30, 0] = ~first[:30, 0]
    whole = Truth(seen.patients, seen.patients, ("X", "Y"), truth, np.ones_like(truth), False)
    one, other = (Scores(each.astype(float), each) for each in (first, truth))
    gate = derive(
        with_calls(replace(seen, classes=np.where(truth[:, 0], "X", "Y")), whole, [[one], [other]]),
        "layer_cam",
        reliance(),
        {"models": {}, "layer": "penultimate"},
    )
    assert gate.derived.seen["regressed.at_most"] == pytest.approx(30 / 150)
    assert gate.derived.seen["regressed.class_at_most"] == pytest.approx(15 / 75)
    assert gate.derived.seen["accuracy_drop_at_most"] == pytest.approx(30 / 150)


def pixels():
    return np.stack([film(seed, SIZE, SIZE) for seed in range(12)]).astype(np.uint8)


def network(seed=0, steep=None):
    """Sigmoids whose head depends a little on the seed, each calling half of the films."""
    inputs = keras.Input(SHAPE)
    x = trunk(kl.Rescaling(1 / 255)(inputs))
    for layer in head():
        x = layer(x)
    bare = with_weights(keras.Model(inputs, x))
    kernel, _ = bare.layers[-1].get_weights()
    noise = np.random.default_rng(seed).normal(scale=0.1 * kernel.std(), size=kernel.shape)
    kernel = kernel + bool(seed) * noise
    bare.layers[-1].set_weights([kernel, np.zeros(3)])
    z = bare(np.repeat(pixels()[..., np.newaxis], 3, axis=-1)).numpy()
    gain = np.where(np.arange(3) == steep, 7.5, 1.5) / z.std(axis=0)
    bare.layers[-1].set_weights([gain * kernel, -gain * np.median(z, axis=0)])
    return keras.Model(inputs, kl.Activation("sigmoid")(bare.output))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Films, a manifest of their findings, and two models."""
    root = tmp_path_factory.mktemp("findings")
    rows = ["path,label,patient_id"]
    for at, label in enumerate(LABELS):
        save(root / f"{at:02d}.png", film(at, SIZE * (5 + at % 3), SIZE * 5))
        rows.append(f"{at:02d}.png,{label},p{at // 2}")
    (root / "list.csv").write_text("\n".join(rows) + "\n")
    for seed in (0, 1):
        network(seed).save(root / f"{seed}.keras")
    return root


@pytest.fixture(scope="module")
def found(folder):
    gate = {"reliance": {"corners": {"at_most": 1.0}, "spike_flips_at_most": 1.0}, "wrong_at_most": 0.9}
    return audit(
        folder / "0.keras",
        folder / "1.keras",
        folder / "list.csv",
        classes=NAMES,
        gate=Gate.model_validate(gate | {"drift": {"class_at_most": 1.0}}),
        out=folder / "audit",
        quiet=True,
    )


def own(folder, found, seed):
    """What a model predicts of the audit's films."""
    model = keras.models.load_model(folder / f"{seed}.keras")
    inputs = np.repeat(np.asarray(found.audited.images.pixels)[..., np.newaxis], 3, axis=-1)
    return model.predict(inputs, verbose=0)


def test_each_finding_of_a_film_is_a_case_with_the_models_own_probability(folder, found):
    p = [own(folder, found, seed) for seed in (0, 1)]
    has = np.array([[name in label for name in NAMES] for label in LABELS])
    np.testing.assert_array_equal(found.audited.findings, has)
    cases = found.cases[found.cases["method"] == "layer_cam"].set_index("image_id")
    expected = {f"{at:02d}.png [{NAMES[which]}]": (at, which) for at, which in np.argwhere(has)}
    assert set(cases.index) == set(expected)
    for name, (at, which) in expected.items():
        row = cases.loc[name]
        assert (row["label"], row["patient_id"]) == (NAMES[which], f"p{at // 2}")
        before, after = p[0][at, which], p[1][at, which]
        assert row["probability_before"] == pytest.approx(before, abs=1e-5)
        assert row["probability_after"] == pytest.approx(after, abs=1e-5)
        cohorts = {(1, 1): "right", (1, 0): "regressed", (0, 1): "fixed", (0, 0): "wrong"}
        assert row["cohort"] == cohorts[before >= 0.5, after >= 0.5]
        assert row["predicted_before"] == (NAMES[which] if before >= 0.5 else "not called")


def test_what_is_right_counts_films_without_findings_too(folder, found):
    for part, seed in (("before 1", 0), ("after 1", 1)):
        p = own(folder, found, seed)
        np.testing.assert_allclose(found.scores[part].probability, p, atol=1e-5)
        np.testing.assert_array_equal(found.scores[part].called, p >= 0.5)


def test_the_report_and_the_record_of_findings_are_written(folder, found):
    written = json.loads((folder / "audit" / "audit.json").read_text())
    assert (written["images"]["listed"], written["images"]["audited"]) == (12, 12)
    assert (folder / "audit" / "report.html").stat().st_size > 10_000
    rows = (folder / "audit" / "manifest.csv").read_text().splitlines()
    assert rows[1].startswith("00.png [Mass],00.png,Mass,p0,test")
    assert rows[-1].startswith("11.png,11.png,No Finding,p5,test")  # without a map, but not lost
    assert len(rows) == 1 + sum(max(1, len(each.split("|"))) for each in LABELS)
    assert {check.name for check in found.checks} >= {"knowledge", "wrong_at_most", "drift.class_at_most"}
    assert found.case("01.png [Nodule]").png().startswith(b"\x89PNG")


def test_a_case_of_a_finding_is_shown_in_its_own_films_shape(found):
    """There are more cases than films, so a case's place among the cases is not its film's."""
    sizes = {each.entry.path: (each.width, each.height) for each in found.audited.loaded}
    assert len(set(sizes.values())) > 1
    assert len(found.images.ids) > len(sizes)
    for name in found.images.ids:
        assert found.case(name).case.film.shape == sizes[name.partition(" [")[0]]


def test_columns_of_findings_make_no_subgroups_unasked(folder):
    """Films with a finding have none without it: a limit on every group could never be judged."""
    rows = [",".join(["path", *NAMES, "sex"])]
    for at, label in enumerate(LABELS):
        has = (str(int(name in label)) for name in NAMES)
        rows.append(",".join([f"{at:02d}.png", *has, "MF"[at % 2]]))
    (folder / "columns.csv").write_text("\n".join(rows) + "\n")
    files = folder / "0.keras", folder / "1.keras", folder / "columns.csv"
    found = audit(*files, classes=NAMES, quiet=True)
    assert [each.column for each in found.record.columns] == ["sex"]
    asked = audit(*files, classes=NAMES, subgroups=["Mass"], quiet=True)
    assert [each.column for each in asked.record.columns] == ["Mass"]


def test_false_alarms_are_not_told_from_films_that_have_a_finding(found):
    """A unit is asked about its own finding alone; how often others are called falsely is specificity."""
    assert any("each of them is a case" in sentence for sentence in found.warnings)
    table = found.result.classes
    assert set(table["label"]) == set(NAMES)
    assert table["false_alarms"].isna().all()
    assert set(found.result.confusion["called"]) == {"not called"}


def test_a_steeper_output_of_another_finding_leaves_a_findings_map_as_it_is(folder):
    network(steep=1).save(folder / "steep.keras")
    rows = ["path,label", *(f"{at:02d}.png,{'Nodule' if at % 2 else 'Mass'}" for at in range(12))]
    (folder / "two.csv").write_text("\n".join(rows) + "\n")
    methods = ["layer_cam", "grad_cam_pp", "grad_cam_pp_unit"]
    one = audit(
        folder / "0.keras",
        folder / "steep.keras",
        folder / "two.csv",
        methods=methods,
        classes=NAMES,
        quiet=True,
    )
    (pair,) = one.pairs
    other = np.array([label == "Nodule" for label in one.cases["label"]])
    before, after = (run.maps["cam"].layers["penultimate"].methods for run in pair)
    rows = one.images.labels == 2
    for method in methods:
        assert before[method][rows].tobytes() == after[method][rows].tobytes()
        assert np.ptp(before[method][rows]) > 0
    assert (one.cases.loc[other, "moved_share"].dropna() == 0).all()
    # and its own does move it
    assert before["layer_cam"][~rows].tobytes() != after["layer_cam"][~rows].tobytes()


def test_without_labels_the_findings_are_those_that_the_model_before_calls(folder):
    found = audit(folder / "0.keras", folder / "1.keras", folder / "list.csv", labels=False, quiet=True)
    called = own(folder, found, 0) >= 0.5
    names = {f"{at:02d}.png [finding {which}]" for at, which in np.argwhere(called)}
    assert set(found.cases["image_id"]) == names
    assert found.truth is None
    assert any("findings that the first model before calls" in note for note in found.warnings)


def test_reliance_is_that_of_each_output_asked_about_alone(folder):
    file = load_model_file(folder / "0.keras")
    images = films_of_patients(np.array([f"p{at:02d}" for at in range(4)]), NAMES)
    images = replace(images, pixels=pixels()[:4], content=np.tile([0, 0, SIZE, SIZE], (4, 1)))
    has = np.array([[1, 0, 1], [0, 0, 0], [1, 1, 0], [0, 1, 1]], bool)
    known = np.ones_like(has)
    known[1, 1] = False
    found = measure_findings({"one": file}, images, has, known, 8, True)
    sets = np.array([2, 0, 3, 1])  # no two films have the same
    network = Network(file.model, (), file.prepare, "raw")
    for number, name in enumerate(NAMES):
        alone = replace(images, labels=has[:, number].astype(np.int32), classes=("not called", "called"))
        places = {place: image_regions(images)[place] for place in ("border", "corners")}
        expected = measure_reliance(
            {(0, "ft"): lambda films, of=number: network.logits(network.inputs(films))[:, [of]]},
            alone,
            places,
            partner=donors(replace(images, labels=sets)),
            clean=np.zeros(4, bool),
            quiet=True,
        ).regions
        expected = expected[(expected["image_id"] != "p01") | (number != 1)]
        rows = found.regions[found.regions["finding"] == name]
        assert rows["label"].tolist() == [
            name if label == "called" else f"no {name}" for label in expected["label"]
        ]
        # sums of a thousand within this network: float32 rounds them to 1e-4, another batch size otherwise
        for column in ("score", "score_change", "reliance", "flipped"):
            np.testing.assert_allclose(
                rows[column].astype(float), expected[column].astype(float), atol=5e-4, err_msg=column
            )
    assert len(found.regions) == 11 * 2 * 2


def test_findings_and_classes_are_not_two_checkpoints_of_one_task(folder, tmp_path):
    model = keras.models.load_model(folder / "0.keras")
    softened = keras.Model(model.input, kl.Softmax()(model.layers[-2].output))
    softened.save(tmp_path / "classes.keras")
    with pytest.raises(UserError, match="ends in sigmoids, each of which is a finding of its own"):
        audit(folder / "0.keras", tmp_path / "classes.keras", folder / "list.csv", quiet=True)


def test_explain_prints_each_findings_own_probability(folder, capsys, tmp_path):
    from evidrift.cli import main as command

    words = ["explain", folder / "03.png", "--model", folder / "0.keras", "--classes", ",".join(NAMES)]
    with pytest.raises(SystemExit) as end:
        command.main([*map(str, words), "--out", str(tmp_path / "x.png")])
    assert end.value.code == 0
    shown = [line.split() for line in capsys.readouterr().out.splitlines() if " %" in line]
    model = keras.models.load_model(folder / "0.keras")
    inputs = load_pixels(folder / "03.png")
    p = dict(zip(NAMES, model.predict(inputs, verbose=0)[0], strict=True))
    assert [line[2] for line in shown] == sorted(p, key=p.__getitem__, reverse=True)
    assert shown[0][-1] == "explained"
    for line in shown:
        assert float(line[0]) == pytest.approx(100 * p[line[2]], abs=0.06)


def load_pixels(path):
    from evidrift.prepare.source import load_file

    _, planes = load_file(Entry(path.name, ""), path.parent, SIZE, False, 1)
    return np.repeat(planes[0][None, ..., None], 3, axis=-1)


def test_expit_is_what_a_unit_s_logits_say():
    from evidrift.auditing.films.units import logits_of_units, units_of

    images = films_of_patients(np.array(["a", "b"]), ("X", "Y"))
    units = units_of(images, np.array([[1, 1], [0, 1]], bool))
    raw = np.array([[2.0, -1.0], [5.0, 3.0]], np.float32)
    logits = logits_of_units(units, raw).astype(float)
    assert units.images.ids.tolist() == ["a [X]", "a [Y]", "b [Y]"]
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(p[[0, 1, 2], [0, 1, 1]], expit([2, -1, 3]), rtol=1e-6)
    assert logits.argmax(axis=1).tolist() == [0, 2, 1]  # X, not called, Y
