"""Room on the disks: what a run will write, and what is free where it writes."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dvc.repo import Repo

from evidrift.repro.objects import Kept
from evidrift.repro.pending import pending, sizes
from tools.doctor.finding import Finding, State, shown, size

WHAT = "disk"
LEAST = 500e6  # bytes, wherever anything is written
SPARE = 1.2  # times what stages wrote before


def check_disk(repo: Repo, kept: Kept) -> Iterator[Finding]:
    """Whether what the run will write has room in the workspace, and once more in the cache."""
    stages = pending(repo)
    known = [n for _, n in sizes(repo, stages)]
    needed = SPARE * sum(filter(None, known))
    like = f"{len(stages)} stages to run"
    if stages:
        unknown = known.count(None)
        like += f", which write about {size(needed)}, and once more to the cache, as before"
        like += f"; of {unknown} outputs there is none yet to go by" if unknown else ""
    places = {
        Path.cwd(): needed,
        _there(kept.folder): needed,
        _there(Path.cwd() / "scratch"): LEAST,
        Path(tempfile.gettempdir()): LEAST,
    }
    short = False
    for device in dict.fromkeys(path.stat().st_dev for path in places):
        of = [path for path in places if path.stat().st_dev == device]
        wanted, free = max(LEAST, sum(places[path] for path in of)), shutil.disk_usage(of[0]).free
        if free < wanted:
            short = True
            told = f"{size(free)} free for {', '.join(map(shown, of))}, {size(wanted)} needed: {like}"
            mend = "make room; `dvc gc --workspace` drops all results from the cache but the workspace's"
            yield Finding(WHAT, State.WRONG, told, mend)
    for path in places:
        if not os.access(path, os.W_OK):
            short = True
            yield Finding(WHAT, State.WRONG, f"{shown(path)} cannot be written to", f"ls -ld {path}")
    if not short:
        free = min(shutil.disk_usage(path).free for path in places)
        yield Finding(WHAT, State.OK, f"{size(free)} free; {like}")


def _there(path: Path) -> Path:
    """The path, or the nearest above it that exists."""
    return next(each for each in (path, *path.parents) if each.exists())
