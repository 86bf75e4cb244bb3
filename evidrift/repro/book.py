"""DVC's bookkeeping: what `dvc repro` does before and after the command of each stage, in one process.

DVC runs a stage by one function, `Stage.reproduce`, which waits for the command in its middle. Here are its
pieces in its order, for the version of DVC that requirements.txt pins; tests/repro/test_same_as_dvc.py
compares the resulting dvc.lock with that of `dvc repro`, byte for byte. But for claim.py nothing else of the
project knows DVC's insides.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from copy import deepcopy
from enum import Enum
from pathlib import Path
from typing import Any
from unittest import mock

import dvc.dependency.param
import dvc.rwlock
import networkx as nx
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
        # Of the whole graph: a frozen stage does not have its dependencies run, but waits if they are.
        self.upstream = {stage: plan & set(repo.index.graph.successors(stage)) for stage in self.stages}
        self._reproduced: set[Stage] = set()
        self._found: dict[str, bytes | None] = {}  # each dvc.lock before the run; None where there was none

    def heights(self) -> dict[Stage, int]:
        """How many stages lie on the longest way from each to the end of the pipeline."""
        found = dict.fromkeys(self.stages, 1)
        for stage in nx.topological_sort(self.repo.index.graph.subgraph(self.stages)):  # the last ones first
            for needed in self.upstream[stage]:
                found[needed] = max(found[needed], found[stage] + 1)
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
        self._reproduced.add(stage)
        # What the run cache has kept may wait: should this process be killed, it is restored from there.
        if not (_kept(stage) and _can_hash(stage)):
            self.write()

    def write(self) -> None:
        """Write what has been reproduced to dvc.lock, all at once or not at all, in the order of the plan."""
        files: dict[ProjectFile, list[Stage]] = {}
        for stage in self.stages:
            if stage not in self._reproduced:
                continue
            if isinstance(stage, PipelineStage):
                files.setdefault(stage.dvcfile, []).append(stage)
            else:
                stage.dump(update_pipeline=False)
        for file, stages in files.items():
            self._write_lock(file._lockfile, stages)

    def _write_lock(self, lock: Lockfile, stages: list[Stage]) -> None:
        """Begin with the file as the run found it: what finished first must not come first."""
        if lock.path not in self._found:
            self._found[lock.path] = Path(lock.path).read_bytes() if lock.exists() else None
        found, path = self._found[lock.path], Path(self.repo.tmp_dir) / FOLDER / "dvc.lock"
        path.unlink(missing_ok=True)
        if found is not None:
            path.write_bytes(found)
        copy = Lockfile(self.repo, str(path))
        copy.dump_stages(stages)
        path.replace(lock.path)
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


def words_of(error: BaseException) -> str:
    """An error of DVC's with what caused it, in one line."""
    told = [str(error)]
    while error.__cause__ is not None:
        error = error.__cause__
        told.append(str(error))
    return ": ".join(" ".join(each.split()) for each in told if each)


@contextmanager
def one_process() -> Iterator[None]:
    """Leave out what DVC does in case others run beside it; this process holds its lock throughout.

    Each of its steps writes to .dvc/tmp/rwlock which paths it is busy with, and reads params.yaml again.
    """
    read: dict[tuple, Any] = {}

    def load_once(path: str, fs: Any, **settings: Any) -> Any:
        stat = Path(path).stat()
        key = (path, stat.st_mtime_ns, stat.st_size, stat.st_ino)
        if key not in read:
            read[key] = load_path(path, fs, **settings)
        return deepcopy(read[key])  # one value in two stages would be an alias in dvc.lock

    with (
        mock.patch.object(dvc.rwlock, "rwlock", lambda *_: nullcontext()),
        mock.patch.object(dvc.dependency.param, "load_path", load_once),
    ):
        yield
