"""The study's branches on the nodes of a Ray cluster; what only this machine can run, here."""

import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path
from types import ModuleType
from typing import Any

from dvc.config_schema import RelPath
from dvc.exceptions import DvcException
from dvc.repo import Repo

from evidrift.base.cluster import load_cluster
from evidrift.base.compute import load_compute
from evidrift.base.errors import UserError
from evidrift.repro import node
from evidrift.repro.book import words_of
from evidrift.repro.branches import Branch, Plan, plan
from evidrift.repro.claim import claimed
from evidrift.repro.node import Outcome, Source
from evidrift.repro.remotes import check_packages

LAST_LINES = 15
PATIENCE = 5  # seconds, for the address to answer; Ray itself would try for two minutes
RETRIES = 3  # of a branch whose worker or node was lost
GB = 2**30


def repro_on_ray(address: str) -> int:
    """Run the study, or what changed of it, on a Ray cluster; 0 where nothing failed.

    Args:
        address: as `ray.init` takes it: `auto` on a node of the cluster, or host:port.

    Raises:
        UserError: Ray, its cluster, the DVC remote or the revision cannot be had as they are, DVC cannot read
            the pipeline, or something else is at work in this project.
    """
    ray = _ray()
    root = Path(_told("git", "rev-parse", "--show-toplevel"))
    try:
        with Repo(str(root)) as repo, claimed(repo, for_commands=True):
            if _dvc(root, "status", "--quiet"):
                print("Nothing to do: everything is up to date.")
                return 0
            return _through(ray, address, root)
    except DvcException as error:
        raise UserError(words_of(error)) from error


def _through(ray: ModuleType, address: str, root: Path) -> int:
    """Run what changed; the exit code."""
    study = plan(root)
    source = Source(
        run=uuid.uuid4().hex,
        revision=_revision(root, study),
        places=_places(root),
        remote=_remote(root),
    )
    wanted = _wanted(root)
    _connect(ray, address)
    try:
        _run_first(root, study)
        done, failed = _run_branches(ray, root, study, source, wanted)
    finally:
        _clean(ray, source)
        ray.shutdown()
    _take_over(root, done)
    if failed:
        _tell(failed, len(study.branches))
        return 1
    print("All branches are here. The rest runs on this machine.", flush=True)
    return 0 if _dvc(root, "repro") else 1


def _ray() -> ModuleType:
    try:
        import ray
    except ImportError:
        raise UserError(
            "Ray is not installed. Install it with: pip install -r requirements-ray.txt -c constraints.txt"
        ) from None
    return ray


def _revision(root: Path, study: Plan) -> str:
    """HEAD, which is what the nodes will run."""
    changed = [
        line[3:]
        for line in _told("git", "status", "--porcelain", "--untracked-files=all", folder=root).splitlines()
    ]
    written = {"dvc.lock", *study.written}
    changed = [name for name in changed if name not in written and Path(name).name != ".gitignore"]
    if changed:
        more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
        raise UserError(
            f"There are uncommitted changes: {', '.join(changed[:3])}{more}. The nodes run what is "
            "committed: commit them, or stash them."
        )
    return _told("git", "rev-parse", "HEAD", folder=root)


def _places(root: Path) -> tuple[str, ...]:
    """Where the nodes may find the revision: this folder, if they see it, then the git remote."""
    remotes = _told("git", "remote", folder=root).split()
    name = "origin" if "origin" in remotes else next(iter(remotes), None)
    return (str(root), _told("git", "remote", "get-url", name, folder=root)) if name else (str(root),)


def _remote(root: Path) -> str:
    """The name of the DVC remote that the revision sets."""
    with Repo(str(root)) as repo:
        config = repo.config.load_one("repo")
    name = config.get("core", {}).get("remote")
    if name is None:
        raise UserError(
            "No DVC remote is set, by which the nodes share outputs. Set one and commit .dvc/config: "
            "dvc remote add --default NAME s3://BUCKET/FOLDER, or a folder that all nodes see."
        )
    url = config.get("remote", {}).get(name, {}).get("url")
    if url is None:
        raise UserError(
            f".dvc/config names the remote {name} but has no url for it. The nodes know only what is "
            f"committed: dvc remote add --project {name} URL."
        )
    if isinstance(url, RelPath):  # as .dvc/config has it; DVC makes it absolute
        raise UserError(
            f"The DVC remote {name} is a path from this folder, to {url}, and leads elsewhere from the "
            "nodes' clones. Give an absolute path that all nodes see, or a URL such as s3://BUCKET/FOLDER."
        )
    check_packages(name, url)
    return name


def _wanted(root: Path) -> dict[str, Any]:
    """What a branch asks of a node, in Ray's words."""
    params = root / "params.yaml"
    cluster = load_cluster(params)
    return {
        "num_cpus": load_compute(params).threads,
        "num_gpus": cluster.gpus,
        "memory": int(cluster.memory_gb * GB),
    }


def _connect(ray: ModuleType, address: str) -> None:
    host, _, port = address.removeprefix("ray://").rpartition(":")
    try:
        if host and port.isdigit():
            socket.create_connection((host, int(port)), timeout=PATIENCE).close()
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except (OSError, ValueError, RuntimeError) as error:
        raise UserError(
            f"No Ray cluster answers at {address}: {error}. Start one with `ray start --head --port=6379`, "
            "or give the address of another, host:port."
        ) from None
    # the nodes may have another evidrift, or none
    ray.cloudpickle.register_pickle_by_value(node)


def _run_first(root: Path, study: Plan) -> None:
    """Run here what reads files that only this machine has, and push it for the nodes."""
    if study.first:
        print(f"Here, as the revision does not hold what it reads: {', '.join(study.first)}", flush=True)
        if not _dvc(root, "repro", *study.first):
            raise UserError(
                f"{', '.join(study.first)} failed on this machine. Nothing was sent to the nodes."
            )
    if (study.first or study.data) and not _dvc(root, "push", *study.first, *study.data):
        raise UserError("The DVC remote did not take what this machine has for the nodes.")


def _run_branches(
    ray: ModuleType, root: Path, study: Plan, source: Source, wanted: dict[str, Any]
) -> tuple[dict[Branch, Outcome], dict[Branch, Outcome]]:
    """Give every branch to Ray, and wait for them; those done and those failed."""
    _warn_if_too_large(ray, wanted)
    task = ray.remote(node.run_branch).options(**wanted, max_retries=RETRIES)
    here = {stage: entry for stage, entry in node.read_lock(root).items() if stage in study.first}
    makers: dict[str, Any] = {}
    branches: dict[Any, Branch] = {}
    for branch in study.branches:
        before = dict.fromkeys(makers[each] for each in branch.needs if each in makers)
        future = task.remote(source, branch.stages, branch.needs, here, *before)
        makers |= dict.fromkeys(branch.stages, future)
        branches[future] = branch
    print(f"{len(branches)} branches for {len(_nodes(ray))} nodes.", flush=True)
    start, waiting = time.monotonic(), list(branches)
    done: dict[Branch, Outcome] = {}
    failed: dict[Branch, Outcome] = {}
    while waiting:
        (ready,), waiting = ray.wait(waiting)
        lacking = [str(each) for each in failed if set(each.stages) & set(branches[ready].needs)]
        outcome = _outcome(ray, ready, lacking)
        (failed if outcome.failed else done)[branches[ready]] = outcome
        how = outcome.failed or f"done on {outcome.node}"
        print(f"{time.monotonic() - start:6.0f} s  {branches[ready]}: {how}", flush=True)
    in_order = study.branches
    return {each: done[each] for each in in_order if each in done}, {
        each: failed[each] for each in in_order if each in failed
    }


def _outcome(ray: ModuleType, future: Any, lacking: list[str]) -> Outcome:
    """What came of a branch whose task has ended; `lacking` are failed branches that it needs."""
    if lacking:
        return Outcome("", "", {}, f"not started, for want of {lacking[0]}")
    try:
        return ray.get(future)
    except ray.exceptions.RayError as error:
        return Outcome("", str(error), {}, f"lost with its worker, {RETRIES + 1} times")


def _warn_if_too_large(ray: ModuleType, wanted: dict[str, Any]) -> None:
    asked = {"CPU": wanted["num_cpus"], "GPU": wanted["num_gpus"], "memory": wanted["memory"]}
    for each in _nodes(ray):
        if all(each["Resources"].get(name, 0) >= amount for name, amount in asked.items()):
            return
    print(
        f"note: a branch asks for {asked['CPU']} CPUs, {asked['GPU']:g} GPUs, {asked['memory'] / GB:g} GB "
        "(compute.threads, cluster.gpus, cluster.memory_gb), which no node has. Ray waits for one.",
        file=sys.stderr,
        flush=True,
    )


def _nodes(ray: ModuleType) -> list[dict[str, Any]]:
    return [each for each in ray.nodes() if each["Alive"]]


def _clean(ray: ModuleType, source: Source) -> None:
    """Delete the clones on every node."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    task = ray.remote(node.clean)
    on_each = [
        task.options(
            num_cpus=0, scheduling_strategy=NodeAffinitySchedulingStrategy(each["NodeID"], soft=False)
        )
        for each in _nodes(ray)
    ]
    ray.wait([each.remote(source.run) for each in on_each], num_returns=len(on_each), timeout=60)


def _take_over(root: Path, done: dict[Branch, Outcome]) -> None:
    """Bring here what the nodes made."""
    if not done:
        return
    for outcome in done.values():
        node.adopt(root, outcome.lock)
    if not _dvc(root, "pull", *(stage for branch in done for stage in branch.stages)):
        raise UserError(
            "The nodes pushed their outputs, but this machine cannot pull them from the DVC remote. "
            "If it is a folder, all nodes must see the same one."
        )


def _tell(failed: dict[Branch, Outcome], n_branches: int) -> None:
    print(f"\n{len(failed)} of {n_branches} branches are missing:", file=sys.stderr)
    for branch, outcome in failed.items():
        print(f"\n{branch}: {outcome.failed}", file=sys.stderr)
        for line in outcome.log.splitlines()[-LAST_LINES:]:
            print(f"  | {line}", file=sys.stderr)
    print("\nThe others are done, and here. Once mended, the same command goes on.", file=sys.stderr)


def _dvc(root: Path, *words: str) -> bool:
    """Run DVC here; whether it left with code 0."""
    command = [*node.DVC, *words]
    done = subprocess.run(command, cwd=root, env=node.with_this_python(), check=False)  # noqa: S603
    return done.returncode == 0


def _told(*command: str, folder: Path | None = None) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise UserError(f"{' '.join(command)} failed: {done.stderr.strip()}")
    return done.stdout.rstrip("\n")
