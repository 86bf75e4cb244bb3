"""A fine-tuning that is killed goes on where it was, as a stage, and ends with the same bytes."""

import os
import signal
import time

import pytest
import yaml

from tools.torture.runner import Runner
from tools.torture.study import Study

pytestmark = pytest.mark.slow

STAGE = "finetune@inception_mini-2"
# Some seconds of work, so that some of it comes to disk.
MORE = {"epochs": 15, "batch_size": 1, "checkpoint": "best", "averaging": 1, "keep_epochs": [2]}


def written(place, stage):
    files = (path for out in stage.outs for path in [place / out, *(place / out).rglob("*")])
    return {path.relative_to(place): path.read_bytes() for path in files if path.is_file()}


def test_killed_and_started_again_it_writes_what_it_writes_when_left_alone(tiny_study, tmp_path):
    study = Study(tiny_study.path)
    stage = study.stage(STAGE)
    with Runner(study) as runner:

        def place(name):
            folder = study.place(tmp_path / name, stage)
            params = yaml.safe_load((folder / "params.yaml").read_text())
            params["finetune"]["inception_mini"] |= MORE
            (folder / "params.yaml").write_text(yaml.safe_dump(params))
            return folder

        alone, killed = place("alone"), place("killed")
        assert runner.run(stage, alone).code == 0
        process = runner.start(stage, killed)
        until = time.monotonic() + 120
        while not list(killed.glob("scratch/finetune-inception_mini-2-*/state.piece")):
            assert time.monotonic() < until
            time.sleep(0.01)
        os.kill(process, signal.SIGKILL)
        assert runner.wait(process, 60).code == -signal.SIGKILL
        assert not written(killed, stage)
        done = runner.run(stage, killed)
    assert "finetune inception_mini seed 2: continues after epoch " in done.output
    assert written(killed, stage) == written(alone, stage)
    assert len(written(killed, stage)) == 5
    assert not (killed / "scratch").exists()
