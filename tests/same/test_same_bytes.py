"""One study on machines that differ in vector units, kernels and cores: every output has the same bytes.

They are one machine that is told to offer less, or to choose otherwise, by variables of the environment and
by cores. An emulation cannot raise what a machine has, so the test says most on one with AVX-512.
"""

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from dvc.repo import Repo

from evidrift.base.compute import NUMPY, cpu_flags
from tests.pipeline.workplace import ROOT, Workplace

pytestmark = pytest.mark.slow

V3_AND_ABOVE = [name for name, flags in NUMPY.items() if flags <= cpu_flags()]  # numpy's names, here
AVX512 = V3_AND_ABOVE[1:]

MACHINES = {
    "as it is": {},
    "numpy without AVX-512": {"NPY_DISABLE_CPU_FEATURES": " ".join(AVX512), "OPENBLAS_CORETYPE": "Zen"},
    "numpy without AVX2, OpenCV without IPP": {
        "NPY_DISABLE_CPU_FEATURES": " ".join(V3_AND_ABOVE),
        "OPENCV_IPP": "disabled",
        "OPENCV_CPU_DISABLE": "AVX2",
    },
    "oneDNN with AVX2, one core": {"ONEDNN_MAX_CPU_ISA": "AVX2", "CORES": "0"},
    "oneDNN with AVX-512, SkylakeX, two threads wished": {
        "ONEDNN_MAX_CPU_ISA": "AVX512_CORE",
        "OPENBLAS_CORETYPE": "SkylakeX",
        "OMP_NUM_THREADS": "2",
        "TF_NUM_INTRAOP_THREADS": "2",
    },
    "Haswell, TensorFlow without oneDNN": {"OPENBLAS_CORETYPE": "Haswell", "TF_ENABLE_ONEDNN_OPTS": "0"},
    "elsewhere": {
        "LC_ALL": "tr_TR.UTF-8",
        "TZ": "Pacific/Kiritimati",
        "PYTHONHASHSEED": "77",
        "COLUMNS": "60",
    },
}
# Without pinning, what of these a machine has turns up in the bytes.
LESS = {"NPY_DISABLE_CPU_FEATURES": " ".join(AVX512), "ONEDNN_MAX_CPU_ISA": "AVX2", "CORES": "0"}
# A tiny study with one seed: another goes the same way.
ONE_SEED = [("seeds: [1, 2]", "seeds: [1]")]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A copy of the project with a file of the study's commands, in the order of dvc.yaml."""
    place = Workplace.create(tmp_path_factory.mktemp("same"))
    for old, new in ONE_SEED:
        place.replace("params.yaml", old, new)
    commands = [stage.cmd for stage in Repo(place.path).index.stages]
    (place.path / "commands").write_text("\n".join(commands))
    return place


def hashes(study: Workplace, path: Path, machine: dict[str, str], commands: str = "commands") -> dict:
    """Of every file that the study wrote on a machine."""
    shutil.copytree(study.path, path, symlinks=True)
    words = [sys.executable, str(ROOT / "tests" / "same" / "machine.py"), commands]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONHASHSEED": "1", **machine}
    if cores := environment.pop("CORES", None):
        words = ["taskset", "--cpu-list", cores, *words]
    done = subprocess.run(words, cwd=path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def found(study, tmp_path_factory):
    """By machine its hashes; two machines at a time."""
    place = tmp_path_factory.mktemp("machines")
    with ThreadPoolExecutor(2) as pool:
        runs = {
            name: pool.submit(hashes, study, place / str(number), machine)
            for number, (name, machine) in enumerate(MACHINES.items())
        }
        return {name: run.result() for name, run in runs.items()}


@pytest.mark.parametrize("machine", list(MACHINES)[1:])
def test_every_file_has_the_same_bytes(found, machine):
    here = found["as it is"]
    assert len(here) > 40
    assert set(found[machine]) == set(here)
    assert [name for name in here if found[machine][name] != here[name]] == []


@pytest.mark.skipif(not AVX512, reason="this machine has no AVX-512: nothing can be taken from it")
def test_as_the_machine_likes_the_same_emulations_do_change_bytes(study, tmp_path):
    native = Workplace(tmp_path / "native")
    shutil.copytree(study.path, native.path, symlinks=True)
    native.replace("params.yaml", "threads: 1", "threads: 2")
    native.replace("params.yaml", "instructions: portable", "instructions: native")
    lines = (native.path / "commands").read_text().splitlines()
    stages = ("stages.prepare", "stages.embed", "stages.train_tl", "stages.finetune")
    (native.path / "first").write_text("\n".join(line for line in lines if line.split()[2] in stages))
    here, less = (
        hashes(native, tmp_path / str(number), machine, "first") for number, machine in enumerate(({}, LESS))
    )
    assert set(here) == set(less)
    assert [name for name in here if here[name] != less[name]]
