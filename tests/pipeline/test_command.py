"""The command in a study's folder: a checkpoint as an ordinary model, and the report with a stamp."""

import keras
import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

import evidrift.networks.start_tensorflow  # noqa: F401 - deterministic kernels
from evidrift.base.grid import load_grid
from evidrift.cli import main as command
from evidrift.images.store import ImageStore

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("checkpoint", ["tl", "ft"])
def test_an_exported_checkpoint_gives_the_recorded_probabilities(
    tiny_study, tmp_path, monkeypatch, checkpoint
):
    grid = load_grid(tiny_study.path / "params.yaml")
    arch, seed = grid.architectures[0], grid.seeds[0]
    path = tmp_path / "model.keras"
    monkeypatch.chdir(tiny_study.path)
    with pytest.raises(SystemExit) as end:
        command.main(["export", arch, str(seed), checkpoint, str(path)])
    assert not end.value.code
    test = ImageStore(tiny_study.path / "data/images/store.h5").split("test")
    films = np.repeat(np.asarray(test.pixels)[..., None], 3, axis=-1).astype(np.float32)
    recorded = pd.read_parquet(
        tiny_study.path / "models" / arch / str(seed) / checkpoint / "predictions.parquet"
    )
    assert list(recorded["image_id"]) == list(test.ids)
    expected = softmax(recorded[[f"logit_{name}" for name in test.classes]].to_numpy(float), axis=1)
    found = keras.models.load_model(path)(films, training=False)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_stamped_report_says_when_and_whence_and_leaves_the_pipelines_own(tiny_study, tmp_path):
    own = tiny_study.path / "data" / "report" / "report.html"
    before = own.read_bytes()
    tiny_study.run("python", "-m", "evidrift", "report", "--stamp", "--out", str(tmp_path / "copy"))
    stamped = (tmp_path / "copy" / "report.html").read_text(encoding="utf-8")
    assert str(tiny_study.path) in stamped
    assert "UTC" in stamped
    assert own.read_bytes() == before
    assert str(tiny_study.path).encode() not in before
