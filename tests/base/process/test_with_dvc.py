"""A stage ends soon after the DVC that runs it was killed; one begun by hand goes on."""

import os
import signal as signals
import subprocess
import sys
import time

import psutil
import pytest

from tests.places import ROOT

# what DVC does: a shell, in which the stage's environment names the stage
DVC = """
import os, subprocess, sys
environment = os.environ | ({"DVC_STAGE": "finetune"} if sys.argv[1] == "dvc" else {})
subprocess.call(["/bin/sh", "-c", f"{sys.executable} -c '{sys.argv[2]}' & wait"], env=environment)
"""
STAGE = """
import time
import evidrift.base.pinned
print("begun", flush=True)
time.sleep(60)
"""


def begun(kind: str) -> tuple[subprocess.Popen, psutil.Process]:
    dvc = subprocess.Popen(
        [sys.executable, "-c", DVC, kind, STAGE],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert dvc.stdout.readline() == "begun\n"
    return dvc, psutil.Process(dvc.pid).children(recursive=True)[-1]


@pytest.mark.parametrize("signal", ["SIGTERM", "SIGKILL"])
def test_a_stage_ends_when_its_dvc_is_gone(signal):
    dvc, stage = begun("dvc")
    dvc.send_signal(getattr(signals, signal))
    psutil.wait_procs([stage], timeout=10)
    assert not stage.is_running()
    assert dvc.communicate()[0] == "DVC, which ran this stage, is gone: the stage ends too.\n"


def test_a_stage_begun_by_hand_goes_on():
    dvc, stage = begun("hand")
    dvc.kill()
    time.sleep(1.5)  # three looks
    assert stage.is_running()
    stage.kill()
    dvc.communicate()
