"""One film explained: the picture, the numbers beside it, and what can go wrong."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from evidrift.cli import main as command
from tests.foreign.kinds import CLASSES, KINDS, SIZE, with_weights
from tests.prepare.films import film, save


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("model") / "m.keras"
    with_weights(KINDS["dense softmax"].build()).save(path)
    return path


@pytest.fixture
def picture(tmp_path) -> Path:
    return save(tmp_path / "film.png", film(1, 48, 40))


def typed(capsys, *words):
    with pytest.raises(SystemExit) as end:
        command.main(["explain", *map(str, words)])
    out, err = capsys.readouterr()
    return end.value.code, out, err


def test_a_film_is_explained_as_a_picture_with_the_probabilities_beside_it(capsys, model, picture, tmp_path):
    out = tmp_path / "explained.png"
    words = [picture, "--model", model, "--preprocessing", "unit", "--out", out]
    methods = ["--methods", "layer_cam,grad_cam_pp,occlusion", "--classes", "a,b,c"]
    code, text, _ = typed(capsys, *words, *methods)
    assert code == 0
    with Image.open(out) as drawn:
        assert drawn.width > 1000  # the film and three maps
    shown = [line.split() for line in text.splitlines() if "%" in line]
    assert sorted(line[2] for line in shown) == ["a", "b", "c"]
    assert shown[0][-1] == "explained"  # the most probable one
    assert sum(float(line[0]) for line in shown) == pytest.approx(100, abs=0.2)
    network = with_weights(KINDS["dense softmax"].build())
    pixels = np.asarray(Image.open(picture).resize((SIZE, SIZE), Image.Resampling.BOX), np.float32)
    # another way of shrinking: the same class on top, about as sure
    expected = np.asarray(network(np.repeat(pixels[None, ..., None], 3, -1) / 255, training=False))[0]
    assert shown[0][2] == "abc"[int(expected.argmax())]


def test_pictures_of_films_without_an_ending_do_not_replace_each_other(capsys, model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number in (1, 2):
        save(tmp_path / "film.png", film(number, 48, 40)).rename(tmp_path / f"1.2.840.{number}")
        code, text, _ = typed(capsys, f"1.2.840.{number}", "--model", model, "--preprocessing", "unit")
        assert code == 0
        assert text.splitlines()[-1] == f"1.2.840.{number}-explained.png"


@pytest.mark.slow
def test_another_class_can_be_asked_for_by_name_or_number(capsys, model, picture, tmp_path):
    base = [picture, "--model", model, "--preprocessing", "unit", "--out", tmp_path / "x.png"]
    for words in (["--class", "2"], ["--class", "c", "--classes", "a,b,c"]):
        code, text, _ = typed(capsys, *base, *words)
        assert code == 0
        (line,) = (line for line in text.splitlines() if "explained" in line and "%" in line)
        assert line.split()[2] == "c" or "class 2" in line


def test_quiet_prints_the_pictures_name_alone(capsys, model, picture, tmp_path):
    out = tmp_path / "x.png"
    code, text, err = typed(capsys, picture, "--model", model, "--out", out, "--quiet")
    assert (code, text.replace("\n", ""), err) == (0, str(out), "")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["{tmp}/none.png", "--model", "{model}"], "none.png cannot be explained: missing"),
        (
            ["{model}", "--model", "{model}"],
            "cannot be explained: stand_in: a ZIP archive. Unpack it and give what it holds.\n",
        ),
        (["{film}", "--model", "{tmp}/none.keras"], "none.keras does not exist"),
        (["{film}", "--model", "{model}", "--methods", "gradcam"], "Did you mean grad_cam?"),
        (["{film}", "--model", "{model}", "--class", "7"], f"Give a number from 0 to {CLASSES - 1}"),
        (["{film}", "--model", "{model}", "--classes", "a,b"], "gives 2 names, but the model tells 3"),
        (
            ["{film}", "--model", "{model}", "--layer", "conv9"],
            "has no spatial layer conv9. Name another (--layer)",
        ),
        (["{film}", "--model", "{model}", "--out", "{film}"], "which would be written over"),
        (["{film}", "--model", "{model}", "--out", "x.jpg"], "the picture is a PNG"),
    ],
)
def test_every_mistake_is_said_in_a_sentence(capsys, model, picture, tmp_path, words, sentence):
    filled = [word.format(tmp=tmp_path, model=model, film=picture) for word in words]
    code, _, err = typed(capsys, *filled, "--preprocessing", "unit")
    assert code == 1
    assert sentence in err
    assert "explain.cam" not in err
    assert "Traceback" not in err
