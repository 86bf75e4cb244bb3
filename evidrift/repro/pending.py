"""The stages that a run would run, and how much they will write, going by what they wrote before."""

from collections.abc import Iterator
from statistics import mean

import networkx as nx
from dvc.output import Output
from dvc.repo import Repo
from dvc.stage import Stage


def pending(repo: Repo) -> list[Stage]:
    """Those that have changed, or that follow one that has."""
    changed = set(repo.status())
    after = repo.index.graph.reverse()
    stale = {stage for stage in after if stage.addressing in changed}
    return [stage for stage in nx.topological_sort(after) if stale & ({stage} | nx.ancestors(after, stage))]


def sizes(repo: Repo, stages: list[Stage]) -> Iterator[tuple[Output, int | None]]:
    """Of each output the bytes that it had, or those of its like in the grid; None where there is none."""
    known: dict[tuple[str, str, int], list[int]] = {}
    for stage in repo.index.stages:
        kind, item = _place(stage)
        for number, out in enumerate(stage.outs):
            if out.meta and out.meta.size is not None:
                for like in (item, ""):  # the same architecture first
                    known.setdefault((kind, like, number), []).append(out.meta.size)
    for stage in stages:
        kind, item = _place(stage)
        for number, out in enumerate(stage.outs):
            own = out.meta.size if out.meta else None
            alike = known.get((kind, item, number)) or known.get((kind, "", number))
            yield out, own if own is not None else round(mean(alike)) if alike else None


def _place(stage: Stage) -> tuple[str, str]:
    """finetune@densenet_mini-1: finetune, densenet_mini."""
    kind, _, item = stage.addressing.partition("@")
    return kind, item.partition("-")[0]
