"""How a process computes: on how many threads, and with which of the machine's instructions.

Libraries choose their kernels by what they find when they are loaded: vector units, kind of processor, cores.
Other kernels round differently, and the bytes of every output follow. So what they find is set here, before
they are loaded: `portable` is what every x86-64 machine with AVX2 has (Intel since 2013, AMD since 2015).

Where the environment allows a library less than that, it stays so; where it allows or names more, it is
overruled.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from evidrift.base.section import Section, load_section

LIBRARIES = ("numpy", "cv2", "tensorflow")

# Kernels beyond their baselines, with flags of /proc/cpuinfo that tell whether a machine has them. A library
# complains of names that its machine does not have.
NUMPY = {
    "X86_V3": {"avx2", "fma", "bmi2"},
    "X86_V4": {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"},
    "AVX512_ICL": {"avx512_bitalg", "avx512_vbmi2", "avx512_vnni", "avx512_vpopcntdq", "avx512ifma"},
    "AVX512_SPR": {"avx512_fp16"},
}
OPENCV = {
    "SSE4.1": {"sse4_1"},
    "SSE4.2": {"sse4_2"},
    "AVX": {"avx"},
    "FP16": {"f16c"},
    "AVX2": {"avx2"},
    "AVX512-SKX": NUMPY["X86_V4"],
}
# Lowest first.
ONEDNN = ("SSE41", "AVX", "AVX2")
OPENBLAS_BELOW = (
    *("PRESCOTT", "CORE2", "ATHLON", "PENRYN", "DUNNINGTON", "ATOM", "NANO", "OPTERON", "OPTERON_SSE3"),
    *("BARCELONA", "BOBCAT", "NEHALEM", "SANDYBRIDGE", "BULLDOZER", "PILEDRIVER", "STEAMROLLER"),
)


class Compute(Section):
    """How every stage computes."""

    threads: Annotated[int, Field(ge=1, le=1_024)]
    instructions: Literal["portable", "native"]


def load_compute(path: Path) -> Compute:
    """The section `compute` of a parameter file."""
    return load_section(path, Compute, "compute")


_pinned: Compute | None = None


def pinned() -> Compute | None:
    """What this process is pinned to; None where it computes as its libraries choose."""
    return _pinned


def pin(compute: Compute) -> None:
    """Have this process, and those that it starts, compute so; once more is as good as once.

    Raises:
        RuntimeError: too late: a library has chosen already, or the process is pinned to something else.
    """
    global _pinned
    if _pinned == compute:
        return
    loaded = [name for name in LIBRARIES if name in sys.modules]
    if _pinned or loaded:
        so_far = f"pinned to {_pinned}" if _pinned else f"not pinned, and has loaded {', '.join(loaded)}"
        raise RuntimeError(
            f"This process cannot be pinned to {compute}: it is {so_far}. What libraries compute with is set "
            "before they are loaded. Start a new process, and pin it first."
        )
    for name, value in settings(compute, os.environ, cpu_flags()).items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    _pinned = compute


def require(compute: Compute) -> None:
    """See that this process is pinned so.

    Raises:
        RuntimeError: it is not.
    """
    if _pinned != compute:
        raise RuntimeError(
            f"This process is to compute with {compute}, but is pinned to {_pinned}. A stage's script "
            "imports evidrift.base.pinned first, and runs in a process of its own."
        )


def settings(compute: Compute, environment: Mapping[str, str], flags: set[str]) -> dict[str, str | None]:
    """Variables of the environment that have libraries compute so.

    Args:
        compute: how.
        environment: the variables so far.
        flags: what the processor has, in the words of /proc/cpuinfo.

    Returns:
        By name its value, None for one that must not be set.
    """
    threads = str(compute.threads)
    found: dict[str, str | None] = dict.fromkeys(
        ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"), threads
    )
    if compute.instructions == "native":
        return found
    isa = environment.get("ONEDNN_MAX_CPU_ISA", environment.get("DNNL_MAX_CPU_ISA", "")).upper()
    core = environment.get("OPENBLAS_CORETYPE", "")
    below = core.upper() in OPENBLAS_BELOW
    return found | {
        "NPY_ENABLE_CPU_FEATURES": None,  # numpy refuses both
        "NPY_DISABLE_CPU_FEATURES": " ".join(name for name, needs in NUMPY.items() if needs <= flags),
        "OPENCV_IPP": "disabled",
        "OPENCV_LOG_LEVEL": environment.get("OPENCV_LOG_LEVEL", "ERROR"),  # else it warns that IPP is off
        "OPENCV_CPU_DISABLE": ",".join(name for name, needs in OPENCV.items() if needs <= flags),
        "OPENBLAS_CORETYPE": core if below or "avx2" not in flags else "Haswell",
        "ONEDNN_MAX_CPU_ISA": isa if isa in ONEDNN else ONEDNN[-1],
        # by default TensorFlow uses oneDNN where the processor has AVX-512 VNNI or the like
        "TF_ENABLE_ONEDNN_OPTS": "1",
    }


def cpu_flags() -> set[str]:
    """What the processor has; empty where the system does not tell it as Linux does."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return set()
    return next((set(line.partition(":")[2].split()) for line in lines if line.startswith("flags")), set())
