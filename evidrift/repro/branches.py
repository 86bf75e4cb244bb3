"""Which stages the nodes of a cluster run, and in which branches: read off DVC's own graph."""

import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import networkx as nx
from dvc.repo import Repo
from dvc.stage import Stage


@dataclass(frozen=True)
class Branch:
    """A chain of stages that run one after another: each needs the one before, nobody else does."""

    stages: tuple[str, ...]
    needs: tuple[str, ...]  # stages outside the branch, and .dvc files, whose outputs its stages read

    def __str__(self) -> str:
        return ", ".join(self.stages)


@dataclass(frozen=True)
class Plan:
    """The study's stages, split by where they run."""

    first: tuple[str, ...]  # here, as they read what the revision does not hold
    data: tuple[str, ...]  # .dvc files, which no stage makes
    branches: tuple[Branch, ...]  # on the nodes, each after those that it needs
    written: tuple[str, ...]  # files of DVC's that git may know: not the user's changes


def plan(root: Path) -> Plan:
    """Split the stages of the repository at `root`.

    Here, before the others: what reads files that a clone would lack, and all that it needs.
    Here, after the others: what writes files that DVC does not cache, so that no remote brings them, and all
    that needs it. On the nodes: the rest.
    """
    with Repo(str(root)) as repo:
        graph = nx.DiGraph(repo.index.graph.reverse())  # from what is needed to what needs it
        held, made = set(_held(root)), [Path(out.fs_path) for out in repo.index.outs]
        data = {stage for stage in graph if stage.cmd is None}
        first = _with(nx.ancestors, graph, (each for each in graph if _reads_others(each, root, held, made)))
        last = _with(nx.descendants, graph, (each for each in graph if _writes_uncached(each)))
        on_nodes = nx.DiGraph(graph.subgraph(set(graph) - data - first - last))
        return Plan(
            first=tuple(each.addressing for each in _in_order(graph) if each in first - data - last),
            data=_names(data),
            branches=tuple(_branches(graph, on_nodes)),
            written=tuple(
                Path(out.fs_path).relative_to(root).as_posix()
                for stage in graph
                for out in stage.outs
                if not out.use_cache and out.is_in_repo
            ),
        )


def _branches(graph: nx.DiGraph, on_nodes: nx.DiGraph) -> Iterator[Branch]:
    """The chains of the graph without its short cuts, in an order in which they can run."""
    direct = nx.transitive_reduction(on_nodes)
    chains: list[list[Stage]] = []
    for stage in _in_order(direct):
        before = list(direct.predecessors(stage))
        chain = next((each for each in chains if each[-1] in before), None)
        if chain is not None and len(before) == 1 and direct.out_degree(before[0]) == 1:
            chain.append(stage)
        else:
            chains.append([stage])
    for chain in chains:
        needs = {each for stage in chain for each in graph.predecessors(stage)} - set(chain)
        yield Branch(tuple(stage.addressing for stage in chain), _names(needs))


def _in_order(graph: nx.DiGraph) -> Iterator[Stage]:
    return nx.lexicographical_topological_sort(graph, key=lambda stage: stage.addressing)


def _held(root: Path) -> Iterator[str]:
    """What git tracks, files and their folders."""
    command = ["git", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout  # noqa: S603
    for name in listed.split("\0"):
        yield name
        yield from (each.as_posix() for each in Path(name).parents)


def _reads_others(stage: Stage, root: Path, held: set[str], made: list[Path]) -> bool:
    """Whether a dependency is neither an output of DVC's nor in git."""
    for dep in stage.deps:
        path = Path(dep.fs_path)
        near = {path, *path.parents}
        is_made = any(out in near or path in out.parents for out in made)
        is_held = path.is_relative_to(root) and path.relative_to(root).as_posix() in held
        if dep.protocol == "local" and not is_made and not is_held:
            return True
    return False


def _writes_uncached(stage: Stage) -> bool:
    return any(not out.use_cache for out in stage.outs)


def _with(relatives, graph: nx.DiGraph, stages: Iterable[Stage]) -> set[Stage]:  # type: ignore[no-untyped-def]
    chosen = set(stages)
    return chosen.union(*(relatives(graph, each) for each in chosen))


def _names(stages: Iterable[Stage]) -> tuple[str, ...]:
    return tuple(sorted(stage.addressing for stage in stages))
