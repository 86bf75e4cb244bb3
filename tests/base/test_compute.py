"""A process computes as the parameter file says, whatever the environment wished."""

import os
import subprocess
import sys

import pytest

from evidrift.base.compute import Compute, cpu_flags, settings
from tests.places import ROOT

PORTABLE = Compute(threads=1, instructions="portable")
HASWELL = {"sse4_1", "sse4_2", "avx", "f16c", "avx2", "fma", "bmi2"}
SKYLAKE = HASWELL | {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}


def test_native_takes_the_threads_alone():
    found = settings(Compute(threads=3, instructions="native"), {}, SKYLAKE)
    assert found == {
        "OPENBLAS_NUM_THREADS": "3",
        "OMP_NUM_THREADS": "3",
        "OPENCV_FOR_THREADS_NUM": "3",
    }


def test_only_features_of_the_machine_are_named_since_libraries_complain_of_others():
    old, new = (settings(PORTABLE, {}, flags) for flags in (HASWELL, SKYLAKE))
    assert old["NPY_DISABLE_CPU_FEATURES"] == "X86_V3"
    assert new["NPY_DISABLE_CPU_FEATURES"] == "X86_V3 X86_V4"
    assert "AVX512" not in old["OPENCV_CPU_DISABLE"]
    assert new["OPENCV_CPU_DISABLE"].endswith("AVX512-SKX")


@pytest.mark.parametrize(
    ("variable", "wished", "got"),
    [
        ("ONEDNN_MAX_CPU_ISA", "SSE41", "SSE41"),
        ("ONEDNN_MAX_CPU_ISA", "AVX512_CORE", "AVX2"),
        ("ONEDNN_MAX_CPU_ISA", "DEFAULT", "AVX2"),
        ("OPENBLAS_CORETYPE", "Nehalem", "Nehalem"),
        ("OPENBLAS_CORETYPE", "SkylakeX", "Haswell"),
        ("NPY_ENABLE_CPU_FEATURES", "X86_V4", None),
        ("NPY_DISABLE_CPU_FEATURES", "X86_V4", "X86_V3 X86_V4"),
        ("TF_ENABLE_ONEDNN_OPTS", "0", "1"),
        ("OMP_NUM_THREADS", "8", "1"),
    ],
)
def test_the_environment_may_lower_what_is_used_and_not_raise_it(variable, wished, got):
    assert settings(PORTABLE, {variable: wished}, SKYLAKE)[variable] == got


def run(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


PIN = "from evidrift.base.compute import Compute, pin; pin(Compute(threads=1, instructions='portable'));"


def test_numpy_opencv_and_blas_do_as_they_are_told_without_a_word():
    program = (
        PIN
        + """
import cv2, numpy, scipy.linalg, threadpoolctl
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__
numpys = [name for name in __cpu_dispatch__ if __cpu_features__[name]]
opencvs = [name for name in cv2.getCPUFeaturesLine().split() if name[0] == "*" and name[-1] != "?"]
pools = {(pool["num_threads"], pool.get("architecture")) for pool in threadpoolctl.threadpool_info()}
print(numpys, opencvs, cv2.ipp.useIPP(), cv2.getNumThreads(), pools)
"""
    )
    done = run(program, OMP_NUM_THREADS="2", OPENBLAS_CORETYPE="SkylakeX")
    blas = "Haswell" if "avx2" in cpu_flags() else "Nehalem"
    assert (done.stdout.strip(), done.stderr) == (f"[] [] False 1 {{(1, '{blas}')}}", "")


@pytest.mark.slow
def test_tensorflow_has_as_many_threads_as_it_is_told():
    program = PIN + (
        "import evidrift.networks.start_tensorflow, tensorflow as tf;"
        "print(tf.config.threading.get_intra_op_parallelism_threads(),"
        "tf.config.threading.get_inter_op_parallelism_threads())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1", "1"]


def test_a_process_is_pinned_before_numpy_is_loaded_or_not_at_all():
    done = run("import numpy;" + PIN)
    assert done.returncode == 1
    assert "not pinned, and has loaded numpy" in done.stderr


def test_a_process_is_pinned_once_and_for_all():
    assert run(PIN + PIN + "import numpy;" + PIN).returncode == 0
    done = run(PIN + "pin(Compute(threads=2, instructions='portable'))")
    assert "it is pinned to threads=1 instructions='portable'" in done.stderr


def test_a_stage_that_was_not_pinned_says_so():
    """As when it is imported, and called, by a process with other business."""
    program = (
        "from stages import drift; import sys;"
        "sys.argv += ['--params', 'params.yaml', '--arch', 'a', '--images', 'b', '--maps', 'c',"
        "'--tables', 'd', '--metrics', 'e']; drift.main()"
    )
    done = run(program)
    assert "is pinned to None" in done.stderr
