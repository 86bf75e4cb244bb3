"""An audit of models that are loaded already, small, of a layer of one's own, and take rectangular films."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from evidrift import audit
from evidrift.auditing.models import sources
from evidrift.base.errors import UserError
from tests.foreign.kinds import head, run, with_weights
from tests.foreign.own import Attention
from tests.prepare.films import film, save

kl = keras.layers
TALL = (28, 20, 3)


def tall(seed):
    """A small classifier of tall films."""
    films = keras.Input(TALL)
    x = kl.Conv2D(4, 3, activation="relu", name="before")(kl.Rescaling(1 / 255)(films))
    x = kl.ReLU(name="last")(kl.Conv2D(4, 3, padding="same")(Attention()(x)))
    model = with_weights(keras.Model(films, run(head("softmax", 2), x), name="tall"))
    kernel, bias = model.layers[-1].get_weights()
    shift = np.random.default_rng(seed).normal(0, 0.3, kernel.shape)
    model.layers[-1].set_weights([kernel + shift, bias])
    return model


@pytest.mark.slow
def test_loaded_models_of_small_tall_films_are_audited(tmp_path):
    """The report is written, and films of 30 px are read, since the models take less than 64."""
    for seed in range(6):
        save(tmp_path / "films" / "ab"[seed % 2] / f"{seed}.png", film(seed, 40, 30))
    save(tmp_path / "films" / "a" / "icon.png", film(9, 40, 24))
    models = tall(1), tall(2)
    found = audit(*models, tmp_path / "films", labels=False, quiet=True, out=tmp_path / "out")
    assert len(found.images.ids) == 6
    assert found.excluded[["path", "reason"]].to_numpy().tolist() == [["a/icon.png", "too_small"]]
    assert found.images.pixels.shape[1:] == (28, 28)
    maps = found.pairs[0][0].maps["cam"].layers["penultimate"]
    assert maps.methods["layer_cam"].shape == (6, 26, 18)
    said = json.loads((tmp_path / "out" / "audit.json").read_text())["models"]
    assert said["before 1"]["file"] == said["after 1"]["file"] == "tall"
    assert said["before 1"]["sha256"] != said["after 1"]["sha256"]
    assert any("given as an object" in warning for warning in found.warnings)
    with pytest.raises(UserError, match="28 x 20 px, so a film that was padded"):
        audit(*models, tmp_path / "films", labels=False, quiet=True, padding=True)


def test_one_model_or_several_are_files_or_loaded():
    model = keras.Sequential([keras.Input((4, 4, 1)), kl.Flatten()])
    assert sources(model) == [model]
    assert sources("a.keras") == sources(["a.keras"]) == [Path("a.keras")]
    assert sources([Path("a.keras"), model]) == [Path("a.keras"), model]
