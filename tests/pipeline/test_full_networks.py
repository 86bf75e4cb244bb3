"""The study's own networks at 224 px, with random weights, through every stage on a handful of phantoms."""

import json
import os
import subprocess
import sys

import h5py
import pytest
import yaml

from tests.pipeline.workplace import Workplace
from tests.places import ROOT

pytestmark = pytest.mark.slow

# architecture -> (penultimate, its grid), (last, its grid)
LAYERS = {
    "densenet201": (("pool4_relu", 14), ("relu", 7)),
    "resnet50v2": (("conv5_block1_preact_relu", 7), ("post_relu", 7)),
    "inceptionv3": (("mixed9", 5), ("mixed10", 5)),
}

# Building and tracing the networks costs more than running them: one process for all stages of one network.
STAGES = """
import sys
from importlib import import_module
import evidrift.networks.start_tensorflow
for words in sys.stdin.read().splitlines():
    name, *sys.argv[1:] = words.split()
    import_module(f"stages.{name}").main()
"""


ORDER = (
    "prepare",
    "probe",
    "embed",
    "train_tl",
    "finetune",
    "explain",
    "check",
    "drift",
    "trajectory",
    "compare",
    "report",
)


def parameters():
    params = yaml.safe_load((ROOT / "profiles" / "paper.yaml").read_text())
    params["grid"]["seeds"] = [1]
    params["prepare"]["source"] = "phantoms/handful.yaml"
    params["embed"]["batch_size"] = 2
    for name in LAYERS:
        params["architectures"][name] = {"weights": "none", "sha256": None, "options": {}}
        params["train_tl"][name] |= {"epochs": 1, "batch_size": 2}
        # one step: one batch holds all ten training images
        params["finetune"][name] |= {"epochs": 1, "batch_size": 10, "warmup_epochs": 0, "views": 0}
        params["finetune"][name]["keep_epochs"] = []
    params["explain"]["cam"]["batch_size"] = 2
    params["check"] |= {
        "faithfulness": {"images_per_class": 1, "steps": 2, "baseline": "blur"},
        "randomisation": {"images_per_class": 2, "depths": 2},
    }
    params["trajectory"]["seeds"] = []  # nothing in it depends on the architecture
    return params


def commands(place):
    """What dvc.yaml would run, in order, as (architecture or None, words after `python -m stages.`)."""
    from dvc.repo import Repo

    with Repo(str(place.path)) as repo:
        stages = {stage.name: stage.cmd for stage in repo.index.stages}
    for name in ORDER:
        for address, command in sorted(stages.items()):
            if address.split("@")[0] == name:
                assert command.startswith("python -m stages.")
                arch = next((a for a in LAYERS if f"@{a}" in address), None)
                yield arch, name, command.removeprefix("python -m stages.")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    place = Workplace.create(tmp_path_factory.mktemp("full"))
    recipe = yaml.safe_load((ROOT / "phantoms" / "tiny.yaml").read_text())
    recipe |= {"classes": ["normal", "covid19"], "patients": {"train": 5, "validation": 5, "test": 5}}
    (place.path / "phantoms" / "handful.yaml").write_text(yaml.safe_dump(recipe))
    (place.path / "params.yaml").write_text(yaml.safe_dump(parameters()))
    place.run(sys.executable, "-m", "evidrift.params", "params.yaml")
    todo = list(commands(place))

    def run(words):
        return subprocess.Popen(
            [sys.executable, "-c", STAGES],
            cwd=place.path,
            env={**os.environ, "PYTHONPATH": str(place.path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ), "\n".join(words)

    def finish(started):
        said = started[0].communicate(started[1])[0]
        assert started[0].returncode == 0, said

    finish(run([words for _, name, words in todo if name in ("prepare", "probe")]))
    training = ("embed", "train_tl", "finetune", "explain", "check", "trajectory")
    for arch in LAYERS:
        finish(run([words for a, name, words in todo if a == arch and name in training]))
    finish(run([words for _, name, words in todo if name in ("drift", "compare", "report")]))
    return place


@pytest.mark.parametrize("architecture", LAYERS)
def test_each_is_explained_at_the_right_layers(study, architecture):
    with h5py.File(study.path / f"data/maps/{architecture}/1-cam.h5") as file:
        for checkpoint in ("tl", "ft"):
            for label, (name, side) in zip(("penultimate", "last"), LAYERS[architecture], strict=True):
                layer = file[f"maps/{checkpoint}/{label}"]
                assert layer.attrs["name"] == name
                assert layer.attrs["rectified"]
                assert layer.attrs["constant_gradient"] == (label == "last")
                assert layer["layer_cam"].shape == (10, side, side)


def test_compare_reports_all_three_and_decides_nothing_on_ten_patients(study):
    summary = json.loads((study.path / "metrics/compare.json").read_text())
    assert set(LAYERS) <= set(json.dumps(summary).replace('"', " ").split())
    assert "not decidable" in json.dumps(summary)


def test_imagenet_weights_without_a_network_say_what_was_to_be_downloaded_and_the_ways_around(
    study, tmp_path
):
    params = parameters()
    params["architectures"]["resnet50v2"]["weights"] = "imagenet"
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    words = ["--architecture", "resnet50v2", "--params", str(tmp_path / "params.yaml")]
    words += ["--images", "data/images", "--backbone", str(tmp_path / "backbone.weights.h5")]
    words += ["--features", str(tmp_path / "features.h5")]
    done = subprocess.run(
        [sys.executable, "-m", "stages.embed", *words],
        cwd=study.path,
        # a proxy that refuses: no network, also where there is one
        env={**os.environ, "KERAS_HOME": str(tmp_path / "keras"), "https_proxy": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    said = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(said) == 1
    assert "resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5" in said[0]
    assert str(tmp_path / "keras" / "models") in said[0]
    assert "weights file" in said[0]
    left = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "params.yaml"]
    assert [path for path in left if path.name != "keras.json"] == []
