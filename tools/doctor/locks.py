"""What killed runs have left: DVC's list of busy paths, files that were being written."""

from collections.abc import Iterator
from pathlib import Path

from dvc.repo import Repo

from evidrift.base.files.writing import PARTIAL
from evidrift.repro.claim import RWLOCK, left_behind
from tools.doctor.finding import Finding, State, listed, shown

WHAT = "locks"
FOLDERS = ("data", "models", "plots", "metrics")  # of outputs


def check_locks(repo: Repo, *, fix: bool) -> Iterator[Finding]:
    """What dead processes left, in a project that is claimed: of `evidrift repro` none lives.

    Raises:
        UserError: a `dvc repro` is at work.
    """
    rwlock = Path(repo.tmp_dir) / RWLOCK
    if not left_behind(rwlock):
        yield Finding(WHAT, State.OK, "none left, and nothing is at work here")
    else:
        told = f"a killed command left {shown(rwlock)}, on which every DVC command may fail"
        if fix:
            rwlock.unlink()
            yield Finding(WHAT, State.MENDED, f"{told}: deleted")
        else:
            yield Finding(WHAT, State.WRONG, told, "make doctor FIX=1")
    partial = [path for folder in FOLDERS for path in Path(folder).rglob(f"{PARTIAL}*")]
    if partial:
        told = f"{len(partial)} unfinished files of killed stages: {listed(list(map(str, partial)))}"
        for path in partial if fix else ():
            path.unlink()
        yield Finding(WHAT, *((State.MENDED, f"{told}: deleted") if fix else (State.NOTE, told)))
