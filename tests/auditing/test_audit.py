"""Audits from files to verdict: the same model twice, other models, broken input, and a case as a picture."""

import argparse
import io
import json
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from evidrift import audit
from evidrift.auditing.gate.limits import Gate
from evidrift.base.errors import UserError
from evidrift.cli.audit import add_arguments, run
from tests.auditing.made import network, write_films
from tests.foreign.kinds import CLASSES, KINDS, SHAPE, SIZE, model_of, trunk, with_weights
from tests.prepare.films import film, save

pytestmark = pytest.mark.slow

kl = keras.layers
LAX = Gate.model_validate(
    {
        "drift": {"mean_at_most": 0.5, "film_at_most": 0.5, "films_beyond_at_most": 0.5},
        "reliance": {"corners": {"at_most": 1.0}, "spike_flips_at_most": 1.0},
        "corners": {"growth_at_most": 0.9},
        "unusable_at_most": 0.5,
    }
)
UNDER_TEST = ["functional", "nested", "preprocessing inside", "sigmoid", "transformer"]
# Grad-CAM++ is not defined where the layer can be negative.
METHODS = ["layer_cam", "grad_cam"]


@pytest.fixture(scope="module")
def films(tmp_path_factory) -> Path:
    return write_films(tmp_path_factory.mktemp("films"))


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> list[Path]:
    """Four networks of one architecture with other heads."""
    root = tmp_path_factory.mktemp("models")
    paths = [root / f"{seed}.keras" for seed in range(4)]
    for seed, path in enumerate(paths):
        network(seed).save(path)
    return paths


def saved(path: Path, model: keras.Model) -> Path:
    model.save(path)
    return path


def test_a_warning_of_the_accuracy_has_the_records_numbers(films, models, tmp_path):
    """Eight films of one patient count as one there; by films the accuracies would be others."""
    paths = sorted(each.relative_to(films).as_posix() for each in films.rglob("*.png"))
    rows = [f"{films / path},{path[0]},p{max(at - 7, 0)}" for at, path in enumerate(paths)]
    manifest = films / "patients.csv"
    manifest.write_text("\n".join(["path,label,patient_id", *rows]) + "\n")
    turned = saved(tmp_path / "turned.keras", network(turned=True))
    found = audit(models[0], turned, manifest, quiet=True)
    manifest.unlink()
    before, after = found.models["accuracy"]
    assert abs(before - found.truth.right(found.scores["before 1"]).mean()) > 0.02
    (told,) = [each for each in found.warnings if "by guessing" in each or "accuracy went" in each]
    assert f"{before:.2f}" in told
    assert f"{after:.2f}" in told


@pytest.mark.parametrize("name", UNDER_TEST)
def test_the_same_model_twice_does_not_drift(name, films, tmp_path):
    kind = KINDS[name]
    one = saved(tmp_path / "one.keras", with_weights(kind.build()))
    other = saved(tmp_path / f"other.{kind.formats[-1]}", with_weights(kind.build()))
    found = audit(
        one, other, films, methods=METHODS, preprocessing="unit", gate=LAX, labels=False, quiet=True
    )
    # they may call all films the same, or have no map by the first method
    limits = [check for check in found.checks if check.name != "knowledge"]
    assert {check.verdict for check in limits} <= {"passed", "not judged"}
    drift = found.drift.loc[found.drift["measure"] == "moved_share", "mean"].dropna()
    assert len(drift)  # not every method has usable maps of every network
    assert (drift == 0).all()
    assert len(found.result.cohort.image_ids) == 12


def test_a_grey_model_and_a_frozen_copy_of_it_are_the_same(films, tmp_path):
    model = with_weights(model_of(lambda x: run_all([kl.Conv2D(3, 1), kl.ReLU()], x), (SIZE, SIZE, 1)))
    one = saved(tmp_path / "one.h5", model)
    model.trainable = False
    found = audit(one, saved(tmp_path / "frozen.keras", model), films, preprocessing="unit", quiet=True)
    assert (found.drift.loc[found.drift["measure"] == "moved_share", "mean"].dropna() == 0).all()


def run_all(layers, x):
    """A small network behind these layers."""
    body = [kl.Conv2D(4, 3, activation="relu"), kl.Conv2D(4, 3), kl.ReLU(), kl.GlobalAveragePooling2D()]
    for layer in [*layers, *body, kl.Dense(CLASSES)]:
        x = layer(x)
    return x


def test_other_weights_drift_and_are_held_against_another_patient(films, models):
    found = audit(models[0], models[1], films, labels=False, quiet=True)
    row = found.drift.set_index(["method", "measure"]).loc[("layer_cam", "moved_share")]
    assert 0 < row["mean"] <= 1
    assert row["over_scale"] == pytest.approx(row["mean"] / row["scale"])
    assert np.isnan(row["shared"])  # one pair
    assert found.outcome is None
    assert found.answer.startswith("By LayerCAM ")
    assert "times as far as from one patient to another" in found.answer
    assert any(sentence.startswith("One pair of models") for sentence in found.warnings)
    assert any(sentence.startswith("Labels unknown") for sentence in found.warnings)


@pytest.mark.parametrize("befores", [[0], [1, 2, 3], [0, 1, 2]])
def test_what_trainings_share_takes_several_on_both_sides(films, models, befores):
    """Of a side with a single model no pair compares it with itself."""
    afters = {1: [1, 2, 3], 3: [0] if befores[0] else [1, 2, 3]}[len(befores)]
    found = audit(
        [models[each] for each in befores], [models[each] for each in afters], films, labels=False, quiet=True
    )
    row = found.drift.set_index(["method", "measure"]).loc[("layer_cam", "moved_share")]
    assert (row["floor_tl"] > 0, row["floor_ft"] > 0) == (len(befores) > 1, len(afters) > 1)
    assert np.isfinite(row["shared"]) == (len(befores) == len(afters))
    assert ("is shared by all trainings" in found.answer) == (len(befores) == len(afters))
    assert set(found.cases["pair"]) == {1, 2, 3}


def test_each_side_can_have_its_own_preprocessing(films, tmp_path):
    """The scaling moved into the new model: the same network, if both are fed as they want it."""
    inside = network(0)
    outside = keras.Model(inside.layers[2].input, inside.layers[2].output)
    bare = keras.Input(SHAPE)
    x = outside(bare)
    for layer in inside.layers[3:]:
        x = layer(x)
    before, after = saved(tmp_path / "bare.keras", keras.Model(bare, x)), saved(tmp_path / "in.keras", inside)
    found = audit(before, after, films, preprocessing=["before:unit"], labels=False, quiet=True)
    assert found.models["preprocessing"].tolist() == ["unit", "none"]
    assert (found.models["predicted"].iloc[0]) == found.models["predicted"].iloc[1]
    assert found.drift.loc[found.drift["measure"] == "moved_share", "mean"].max() < 0.01


def test_a_model_that_calls_all_films_the_same_passes_no_gate(films, models, tmp_path):
    model = keras.models.load_model(models[0])
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([kernel, bias + np.array([100.0, 0, 0], np.float32)])
    constant = saved(tmp_path / "constant.keras", model)
    for labels in (True, False):
        found = audit(constant, constant, films, gate=LAX, labels=labels, quiet=True)
        assert found.outcome == "not judged"
        (check,) = (each for each in found.checks if each.name == "knowledge")
        assert check.verdict == "not judged"
        assert "12 a" in check.reason or "12 class 0" in check.reason


def test_the_same_files_give_the_same_bytes(films, models, tmp_path):
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        audit(models[0], models[1], films, labels=False, out=folder, quiet=True)
    files = [sorted(p.relative_to(f) for p in f.rglob("*") if p.is_file()) for f in folders]
    assert files[0] == files[1]
    for path in files[0]:
        assert (folders[0] / path).read_bytes() == (folders[1] / path).read_bytes(), path
    assert str(tmp_path) not in (folders[0] / "audit.json").read_text()


def test_cases_stand_by_falling_drift_and_one_is_a_picture(films, models):
    found = audit(models[0], models[1], films, labels=False, quiet=True)
    cases = found.cases
    assert cases["moved_share"].dropna().is_monotonic_decreasing
    assert len(cases) == 12 * 2  # films, methods
    assert cases["probability_before"].between(1 / CLASSES, 1).all()  # of its own prediction
    assert isinstance(found.places, pd.DataFrame)
    view = found.case(cases["image_id"][0])
    assert view.case.film.shape == (72, 80)  # as it was read, not the networks' square
    with Image.open(io.BytesIO(view._repr_png_())) as picture:
        assert picture.width > 800
    with pytest.raises(UserError, match=r"There is no case of image 'x\.png'"):
        found.case("x.png")


def test_an_earlier_audit_is_replaced_and_anything_else_is_left_alone(films, models, tmp_path):
    out = tmp_path / "out"
    audit(models[0], models[1:], films, labels=False, out=out, quiet=True)
    audit(models[0], models[1], films, labels=False, out=out, quiet=True)
    assert sorted(path.name for path in (out / "maps" / "model").iterdir()) == ["1-cam.h5"]
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    with pytest.raises(UserError, match="holds other things than an audit"):
        audit(models[0], models[1], films, out=mine, quiet=True)
    assert [path.name for path in mine.iterdir()] == ["thesis.txt"]


def test_what_fails_leaves_nothing_behind(films, models, tmp_path):
    with pytest.raises(UserError):
        audit(models[0], models[1], films / "missing", out=tmp_path / "out", quiet=True)
    assert list(tmp_path.iterdir()) == []


def no_code(tmp_path):
    return saved(tmp_path / "l.keras", keras.Sequential([keras.Input(SHAPE), kl.Lambda(lambda x: x)]))


def five_classes(tmp_path):
    model = model_of(lambda x: kl.Dense(5)(kl.GlobalAveragePooling2D()(trunk(x))))
    return saved(tmp_path / "five.keras", model)


def larger(tmp_path):
    model = model_of(lambda x: run_all([], x), (32, 32, 3))
    return saved(tmp_path / "large.keras", model)


def other_grid(tmp_path):
    model = model_of(lambda x: run_all([kl.MaxPooling2D()], x), SHAPE)
    return saved(tmp_path / "coarse.keras", model)


@pytest.mark.parametrize(
    ("after", "how", "sentence"),
    [
        (lambda tmp: tmp / "none.keras", {}, "none.keras does not exist"),
        (no_code, {}, "is not run"),
        (five_classes, {}, "tells 3 classes apart"),
        (larger, {}, "takes images of 16 x 16 px"),
        (other_grid, {}, "they have different architectures. Name a layer with one grid (`layer`)"),
        (None, {"layer": "conv9"}, "has no spatial layer conv9"),
        (None, {"methods": ["layercam"]}, "Did you mean layer_cam?"),
        (None, {"methods": ["occlusion"], "layer": "last"}, "choose that layer (`layer`)"),
        (None, {"methods": []}, "there is none"),
        (None, {"methods": ["layer_cam", "layer_cam"]}, "`methods` must name each method once"),
        (None, {"preprocessing": "zero_one"}, "zero_one is no preprocessing"),
        (None, {"gate": "nowhere.yaml"}, "nowhere.yaml cannot be read"),
        (
            None,
            {"gate": Gate.model_validate({"method": "rise", "drift": {"mean_at_most": 0.1}})},
            "rise, which is not audited",
        ),
        (None, {"out": __file__}, "is a file; `out` must be a folder"),
        (None, {"out": Path(__file__).parent}, "holds other things than an audit: __init__.py"),
        (None, {"batch_size": 0}, "`batch_size` is 0; it must be 1 at least"),
    ],
)
def test_every_mistake_is_said_in_a_sentence(films, models, tmp_path, after, how, sentence):
    with pytest.raises(UserError) as error:
        audit(models[0], after(tmp_path) if after else models[1], films, **{"quiet": True} | how)
    assert sentence in str(error.value)
    assert "--" not in str(error.value)  # flags are the command's


def test_names_of_files_and_classes_reach_the_page_as_they_are(tmp_path):
    """Models called tl and ft, and classes that are called like a checkpoint and like a method."""
    for seed in range(12):
        save(tmp_path / "films" / ("ft", "rise", "tl")[seed % 3] / f"{seed:02d}.png", film(seed, 80, 72))
    for name, seed in (("tl", 0), ("ft", 1)):
        network(seed).save(tmp_path / f"{name}.keras")
    found = audit(
        tmp_path / "tl.keras", tmp_path / "ft.keras", tmp_path / "films", out=tmp_path / "out", quiet=True
    )
    (note,) = (each for each in found.warnings if each.startswith("The classes are"))
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    for text in (note, page):
        assert "ft, rise, tl" in text
    assert "tl.keras" in page and "ft.keras" in page
    assert "before.keras" not in page and "after.keras" not in page


def test_copies_of_one_training_are_no_floor(films, models, tmp_path):
    twin = tmp_path / "twin.keras"
    twin.write_bytes(models[1].read_bytes())
    with pytest.raises(UserError, match="which are one: several models must be several trainings"):
        audit(models[0], [models[1], twin], films, quiet=True)


def test_a_model_that_gives_nan_is_refused(films, models, tmp_path):
    model = keras.models.load_model(models[1])
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([kernel, np.full_like(bias, np.nan)])
    with pytest.raises(UserError, match="gives NaN or infinity for 12 of 12 images"):
        audit(models[0], saved(tmp_path / "nan.keras", model), films, quiet=True)


def test_two_models_before_and_three_after_cannot_be_paired(films, models):
    with pytest.raises(UserError, match="2 models before and 3 after cannot be paired"):
        audit(models[:2], models[1:], films, quiet=True)


def command(capsys, *words, quiet=False):
    """Exit code and output of the command."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    args = parser.parse_args(list(map(str, words)))
    args.quiet = quiet
    return run(args), capsys.readouterr().out


def test_the_commands_exit_code_is_the_gates(films, models, tmp_path, capsys):
    base = ["--images", films, "--out", tmp_path / "out", "--no-labels", "--before", models[0]]
    gate = tmp_path / "gate.yaml"
    gate.write_text(yaml.safe_dump(LAX.model_dump(exclude_none=True)))
    code, text = command(capsys, *base, "--after", models[0], "--gate", gate)
    assert code == 0
    assert "Gate: passed." in text
    gate.write_text("drift: {mean_at_most: 0.1}\n")
    code, text = command(capsys, *base, "--after", models[0], "--gate", gate)
    assert code == 2  # twelve films show no tenth, though nothing moved
    assert "Gate: not judged." in text
    assert "patients like these would tell" in text
    gate.write_text("border: {at_most: 0.0}\n")
    code, text = command(capsys, *base, "--after", models[1], "--gate", gate)
    assert code == 1
    assert "Gate: failed." in text
    assert "share of LayerCAM's evidence in the outer 5 % of each side, after" in text
    assert command(capsys, *base, "--after", models[1])[0] == 0  # nothing was asked


def test_models_may_be_named_one_after_the_other(films, models, tmp_path, capsys):
    words = ["--before", models[0], "--after", models[1], "--after", models[2]]
    _, text = command(capsys, *words, "--images", films, "--out", tmp_path / "out", "--no-labels", "--json")
    assert set(json.loads(text)["models"]) == {"before 1", "after 1", "after 2"}


def test_the_answer_for_a_machine_is_json_and_nothing_else(films, models, tmp_path, capsys):
    words = ["--before", models[0], "--after", models[1], "--images", films, "--out", tmp_path / "out"]
    _, text = command(capsys, *words, "--no-labels", "--json")
    found = json.loads(text)
    assert text == (tmp_path / "out" / "audit.json").read_text()
    assert found["images"]["audited"] == 12
    assert set(found["drift"]) == {"layer_cam", "grad_cam_pp"}
    assert found["models"]["before 1"]["file"] == "0.keras"
    assert sum(found["models"]["after 1"]["predicted"].values()) == 12


def test_quiet_leaves_the_answer(films, models, tmp_path, capsys):
    words = ["--before", models[0], "--after", models[1], "--images", films, "--out", tmp_path / "out"]
    _, text = command(capsys, *words, "--no-labels", quiet=True)
    assert text.startswith("By LayerCAM 0.")
    assert "Note:" not in text


def test_an_order_of_classes_in_which_the_model_is_perfect_is_named(
    films, models, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr("evidrift.auditing.films.labels.FEWEST", 12)
    found = audit(models[0], models[0], films, methods=["layer_cam"], labels=False, quiet=True)
    called = found.pairs[0][0].logits.argmax(axis=1)
    assert set(called) == {0, 1, 2}
    # the outputs are c, a, b; the labels sort a, b, c
    rows = [f"{path},{'cab'[at]}" for path, at in zip(found.images.ids, called, strict=True)]
    (films / "list.csv").write_text("\n".join(["path,label", *rows]))
    (films / "notes.txt").touch()
    words = ["--before", models[0], "--after", models[0], "--images", films / "list.csv"]
    _, told = command(capsys, *words, "--out", tmp_path / "out")
    told = " ".join(told.split())
    assert "Other files, ignored: 1 .txt." in told
    order = (
        "Model before 1 is right on 0% of the films; if its outputs are in the order c, a, b, it is right on"
    )
    assert f"{order} 100%. Then give that order (--classes)." in told
