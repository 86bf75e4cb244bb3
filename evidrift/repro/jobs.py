"""How many stages run side by side."""

import os
from pathlib import Path

import psutil

from evidrift.base.section import read_params

MEMORY = 2 * 2**30  # bytes a stage: those of the small networks take less than one


def default_jobs(params: Path) -> int:
    """As many as there are cores for their threads, and 2 GB of free memory for each; at least one."""
    compute = read_params(params).get("compute") if params.exists() else None
    threads = compute.get("threads") if isinstance(compute, dict) else None
    if not isinstance(threads, int) or threads < 1:
        threads = 1  # the stage `parameters` says what is wrong
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores // threads, psutil.virtual_memory().available // MEMORY))
