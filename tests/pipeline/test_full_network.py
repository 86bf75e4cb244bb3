"""A network of the paper at 224 px, with random weights, through every stage on a handful of phantoms."""

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

# The one that is traced fastest; tests/full asks the others where they are explained.
NETWORK = "resnet50v2"
LAYERS = {"penultimate": "conv5_block1_preact_relu", "last": "post_relu"}

# Building and tracing a network costs more than running it: one process for all stages.
STAGES = """
import sys
from importlib import import_module
commands = [words.split() for words in sys.stdin.read().splitlines()]
for name, *sys.argv[1:] in commands:
    import_module(f"stages.{name}").main()
"""


ORDER = (
    "parameters",
    "prepare",
    "probe",
    "embed",
    "train_tl",
    "finetune",
    "explain",
    "check",
    "reliance",
    "drift",
    "trajectory",
    "compare",
    "report",
)


def parameters():
    params = yaml.safe_load((ROOT / "profiles" / "paper.yaml").read_text())
    # the other families would run the network thousands of times
    params["grid"] |= {"architectures": [NETWORK], "seeds": [1], "families": ["cam"]}
    params["explain"] = {"cam": params["explain"]["cam"]}
    params["prepare"]["source"] = "phantoms/handful.yaml"
    params["embed"]["batch_size"] = 2
    params["architectures"] = {NETWORK: {"weights": "none", "sha256": None, "options": {}}}
    tl, ft = (params[stage][NETWORK] for stage in ("train_tl", "finetune"))
    params["train_tl"] = {NETWORK: tl | {"epochs": 1, "batch_size": 2}}
    # one step: one batch holds all ten training images
    changes = {"epochs": 1, "batch_size": 10, "warmup_epochs": 0, "views": 0, "keep_epochs": []}
    params["finetune"] = {NETWORK: ft | changes}
    params["explain"]["cam"]["batch_size"] = 2
    params["check"] |= {
        "faithfulness": {"images_per_class": 1, "steps": 2, "baseline": "blur"},
        "randomisation": {"images_per_class": 3, "depths": 2},
    }
    params["reliance"] |= {"images_per_class": 1, "draws": 1, "batch_size": 8}
    params["trajectory"]["seeds"] = []  # nothing in it depends on the architecture
    return params


def commands(place):
    """What dvc.yaml would run, in order, as words after `python -m stages.`."""
    from dvc.repo import Repo

    with Repo(str(place.path)) as repo:
        stages = {stage.name: stage.cmd for stage in repo.index.stages}
    for name in ORDER:
        for address, command in sorted(stages.items()):
            if address.split("@")[0] == name:
                assert command.startswith("python -m stages.")
                yield command.removeprefix("python -m stages.")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    place = Workplace.create(tmp_path_factory.mktemp("full"))
    recipe = yaml.safe_load((ROOT / "phantoms" / "tiny.yaml").read_text())
    recipe |= {"classes": ["normal", "covid19"], "patients": {"train": 5, "validation": 5, "test": 5}}
    (place.path / "phantoms" / "handful.yaml").write_text(yaml.safe_dump(recipe))
    (place.path / "params.yaml").write_text(yaml.safe_dump(parameters()))
    place.run(sys.executable, "-m", "evidrift.params", "params.yaml")
    done = subprocess.run(
        [sys.executable, "-c", STAGES],
        cwd=place.path,
        env={**os.environ, "PYTHONPATH": str(place.path)},
        input="\n".join(commands(place)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return place


def test_it_is_explained_at_the_right_layers(study):
    with h5py.File(study.path / f"data/maps/{NETWORK}/1-cam.h5") as file:
        for checkpoint in ("tl", "ft"):
            for label, name in LAYERS.items():
                layer = file[f"maps/{checkpoint}/{label}"]
                assert layer.attrs["name"] == name
                assert layer.attrs["rectified"]
                assert layer.attrs["constant_gradient"] == (label == "last")
                assert layer["layer_cam"].shape == (10, 7, 7)


def test_compare_reports_it_and_decides_nothing_on_ten_patients(study):
    summary = json.loads((study.path / "metrics/compare.json").read_text())
    assert NETWORK in json.dumps(summary).replace('"', " ").split()
    assert "not decidable" in json.dumps(summary)
