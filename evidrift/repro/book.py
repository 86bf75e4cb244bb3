"""DVC's bookkeeping: what `dvc repro` does before and after the command of each stage, in one process.

DVC runs a stage by one function, `Stage.reproduce`, which waits for the command in its middle. Here are its pieces
in its order, for the version of DVC that requirements.txt pins; tests/repro/test_same_as_dvc.py compares the
resulting dvc.lock with that of `dvc repro`, byte for byte. Nothing else of the project knows DVC's insides.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from enum import Enum
from pathlib import Path
from typing import Any
from unittest import mock

import dvc.dependency.param
import dvc.rwlock
from dvc.dvcfile import PROJECT_FILE, Lockfile, ProjectFile
from dvc.repo import Repo
from dvc.repo.reproduce import collect_stages, get_active_graph, plan_repro
from dvc.stage import PipelineStage, Stage
from dvc.stage.cache import RunCacheNotFoundError, _can_hash
from dvc.stage.run import _enforce_cmd_list, _make_cmd, get_executable, prepare_kwargs
from dvc.utils.serialize import load_path

from evidrift.repro.claim import FOLDER


class Need(Enum):
    """What a stage needs."""

    NOTHING = "unchanged"
    RESTORED = "from the run cache"
    COMMAND = "to run"


class Book:
    """The stages to look at, and what is to be written to dvc.lock.

    Attributes:
        stages: in the order in which `dvc repro` would take them.
        upstream: by stage those of the plan that it waits for.
    """

    def __init__(self, repo: Repo, targets: list[str]) -> None:
        """Plan what `dvc repro [targets]` would."""
        self.repo = repo
        graph = get_active_graph(repo.index.graph)
        if targets:
            asked = collect_stages(repo, targets)
        else:  # not collect_stages(repo, [PROJECT_FILE]): it would read dvc.yaml and dvc.lock once more
            asked = [stage for stage in repo.index.stages if stage.relpath == PROJECT_FILE]
        self._graph = graph
        self.stages: list[Stage] = plan_repro(graph, asked) if asked else []
        plan = set(self.stages)
        self.upstream = {stage: plan & set(graph.successors(stage)) for stage in self.stages}
        self._to_write: set[Stage] = set()

    def heights(self) -> dict[Stage, int]:
        """How many stages lie on the longest way from each to the end of the pipeline."""
        found: dict[Stage, int] = {}
        for stage in reversed(self.stages):  # those that wait for it come first
            found[stage] = 1 + max(
                (found[on] for on in self._graph.predecessors(stage) if on in found), default=0
            )
        return found

    def begin(self, stage: Stage) -> Need:
        """See what the stage needs. Before a command its outputs are removed, as DVC does."""
        if not stage.changed(upstream=list(self._graph.successors(stage))):
            return Need.NOTHING
        if not stage.cmd or stage.frozen:  # imports, added files; a frozen stage's outputs are only verified
            stage.run()
            self._finished(stage)
            return Need.RESTORED
        stage.remove_outs(ignore_remove=False, force=False)
        try:
            self.repo.stage_cache.restore(stage)
        except RunCacheNotFoundError:
            stage.save_deps()
            return Need.COMMAND
        self.finish(stage)
        return Need.RESTORED

    def finish(self, stage: Stage) -> None:
        """Take up what the stage's command has written: hashes, cache, run cache."""
        stage.save(run_cache=_kept(stage))
        stage.commit()
        self._finished(stage)

    def _finished(self, stage: Stage) -> None:
        self._to_write.add(stage)
        # What the run cache has kept needs no place in dvc.lock yet: should this process be killed, it is restored.
        if not (_kept(stage) and _can_hash(stage)):
            self.write()

    def write(self) -> None:
        """Write dvc.lock, all at once or not at all, in the order of the plan."""
        files: dict[ProjectFile, list[Stage]] = {}
        for stage in self.stages:
            if stage not in self._to_write:
                continue
            if isinstance(stage, PipelineStage):
                files.setdefault(stage.dvcfile, []).append(stage)
            else:
                stage.dump(update_pipeline=False)
        for file, stages in files.items():
            self._write_lock(file, stages)
        self._to_write.clear()

    def _write_lock(self, file: ProjectFile, stages: list[Stage]) -> None:
        lock = file._lockfile
        copy = Lockfile(self.repo, str(Path(self.repo.tmp_dir) / FOLDER / "dvc.lock"))
        Path(copy.path).unlink(missing_ok=True)
        if lock.exists():
            shutil.copyfile(lock.path, copy.path)
        copy.dump_stages(stages)
        Path(copy.path).replace(lock.path)
        track = self.repo.scm_context.files_to_track
        if copy.relpath in track:
            track.remove(copy.relpath)
            track.add(lock.relpath)


def _kept(stage: Stage) -> bool:
    """Whether DVC keeps the stage's run in its run cache."""
    return all(out.use_cache or out.is_metric or out.is_plot for out in stage.outs)


def commands(stage: Stage) -> dict[str, Any]:
    """The stage's commands as DVC runs them, with its folder and environment."""
    settings = prepare_kwargs(stage)
    executable = get_executable()
    argvs = [_make_cmd(executable, each) for each in _enforce_cmd_list(stage.cmd)]
    return {"commands": argvs, "folder": settings["cwd"], "environment": settings["env"]}


@contextmanager
def one_process() -> Iterator[None]:
    """Leave out what DVC does for the case that others run beside it; this process holds its lock throughout.

    Each of its steps writes to .dvc/tmp/rwlock which paths it is busy with, twice, and reads params.yaml again.
    """
    read: dict[tuple, Any] = {}

    def load_once(path: str, fs: Any, **settings: Any) -> Any:
        stat = os.stat(path)
        key = (path, stat.st_mtime_ns, stat.st_size, stat.st_ino)
        if key not in read:
            read[key] = load_path(path, fs, **settings)
        return read[key]

    with (
        mock.patch.object(dvc.rwlock, "rwlock", lambda *_: nullcontext()),
        mock.patch.object(dvc.dependency.param, "load_path", load_once),
    ):
        yield
