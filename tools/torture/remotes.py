"""DVC's cache and remotes: cut off, damaged, gone, slow, without credentials; what DVC says, what heals it.

Kills fall at random moments of the time that the command took undisturbed. The figures are seeded, but a
busier machine puts the kills elsewhere.
"""

import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tools.torture import cache, servers
from tools.torture.dvc_project import N_OBJECTS, SEED, Project, copied, damaged
from tools.torture.row import Row
from tools.torture.study import Study

KINDS = ("flipped", "cut short", "missing", "listing missing")


def run(full: bool) -> list[Row]:
    """All of it; in small a few tries of each."""
    import s3fs  # noqa: F401 - once, for all forks

    n, few = (25, 5) if full else (2, 1)
    with tempfile.TemporaryDirectory(prefix="evidrift-remotes-") as folder:
        place = Path(folder)
        finished = Project.made(place / "finished")
        finished.remote("../../store")
        done = finished.repro()
        if done.code:
            raise RuntimeError(done.words)
        finished.commit()
        finished.ran()
        return [
            cut_pushes(finished, place / "pushes", n),
            cut_pulls(finished, place / "pulls", n),
            *damaged_remotes(finished, place / "damaged", few),
            *servers.rows(finished, place / "servers", few),
            *cache.rows(finished, place / "cache", few),
            *([cache.linked_outputs(Study.made(), place / "linked")] if full else []),
        ]


def cut_pushes(finished: Project, place: Path, n: int) -> Row:
    """A push killed at a random moment, then two more: what has the remote then?"""
    chance, harmless, silent, for_good = random.Random(SEED), 0, 0, 0  # noqa: S311 - no secret
    took = _seconds(lambda: copied(finished, place / "whole" / "project").dvc("push"))
    for number in range(n):
        project = copied(finished, place / str(number) / "project")
        store = place / "store"
        shutil.rmtree(store, ignore_errors=True)
        project.remote(str(store))
        project.dvc("push", kill_after=chance.uniform(0.1, 1) * took)
        again = project.dvc("push")
        silent += again.code == 0 and _n_files(store) < N_OBJECTS
        project.dvc("push")
        lacking = _n_files(store) < N_OBJECTS
        for_good += lacking
        seen = project.doctor().code == lacking
        project.doctor(fix=True)
        well = project.doctor().code == 0 and _pulled(project, place / str(number) / "clone") is None
        harmless += seen and well and _n_files(store) == N_OBJECTS
    note = (
        f"DVC's next push reported success with objects missing {silent} times, and they were missing for "
        f"good after one more {for_good} times; the doctor saw and sent them"
    )
    return Row("a push killed, then pushed again", n, harmless, note)


def cut_pulls(finished: Project, place: Path, n: int) -> Row:
    """A pull killed at a random moment, then the doctor, then one more."""
    chance, harmless, short = random.Random(SEED), 0, 0  # noqa: S311
    store = place / "store"
    finished.remote(str(store))
    finished.commit()
    finished.dvc("push")
    took = _seconds(lambda: finished.clone(place / "whole").dvc("pull"))
    for number in range(n):
        clone = finished.clone(place / str(number))
        clone.dvc("pull", kill_after=chance.uniform(0.1, 1) * took)
        again = clone.dvc("pull")
        if clone.contents() != finished.contents():
            short += 1
            clone.doctor(fix=True)
            again = clone.dvc("pull")
        harmless += again.code == 0 and clone.contents() == finished.contents()
    note = f"the next pull was short {short} times, and whole after the doctor" if short else ""
    return Row("a pull killed, then pulled again", n, harmless, note)


def damaged_remotes(finished: Project, place: Path, n: int) -> Iterator[Row]:
    """An object of the remote damaged: a clone must not take it for the right one."""
    chance = random.Random(SEED)  # noqa: S311
    for kind in KINDS:
        harmless, fooled, words = 0, 0, ""
        for number in range(n):
            here = place / f"{kind}-{number}"
            project = copied(finished, here / "project")
            store = here / "store"
            project.remote(str(store), verify="true")
            project.commit()
            project.dvc("push")
            _damage(store, kind, chance)
            clone = project.clone(here / "clone")
            pulled = clone.dvc("pull")
            words = _sentence(pulled.words) or words
            safe = pulled.clear and (pulled.code != 0 or clone.contents() == project.contents())
            trusting = project.clone(here / "trusting")
            trusting.remote(str(store))  # as DVC has it by default
            by_default = trusting.dvc("pull")
            fooled += by_default.code == 0 and trusting.contents() != project.contents()
            noticed = by_default.code != 0 or trusting.contents() == project.contents()
            noticed = noticed or trusting.doctor().code == 1
            seen = project.doctor().code == 1
            project.doctor(fix=True)
            mended = project.doctor().code == 0 and _pulled(project, here / "after") is None
            harmless += safe and noticed and seen and mended
        note = f"without `verify` DVC took it for good {fooled} times; with it: {words}"
        yield Row(f"an object of the remote {kind}", n, harmless, note)


def _damage(store: Path, kind: str, chance: random.Random) -> None:
    listing = kind.startswith("listing")
    files = sorted(file for file in store.rglob("*") if file.is_file())
    file = chance.choice([each for each in files if each.name.endswith(".dir") == listing])
    if kind.endswith("missing"):
        file.unlink()
    else:
        damaged(file, kind, chance)


def _pulled(project: Project, place: Path) -> str | None:
    """What is wrong with a clone's pull; None if all outputs are there with the same bytes."""
    project.commit()
    clone = project.clone(place)
    done = clone.dvc("pull")
    same = clone.contents() == project.contents()
    return None if done.code == 0 and same else done.words or "differs"


def _seconds(call: Callable[[], object]) -> float:
    start = time.monotonic()
    call()
    return time.monotonic() - start


def _n_files(store: Path) -> int:
    return sum(file.is_file() for file in store.rglob("*"))


def _sentence(words: str) -> str:
    """The first error in what DVC printed."""
    lines = (line.strip() for line in words.splitlines())
    return next((line for line in lines if line.startswith("ERROR")), "").replace("|", "/")[:160]
