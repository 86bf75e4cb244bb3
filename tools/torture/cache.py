"""DVC's cache damaged, its locks left by kills, dvc.lock edited: what heals it."""

import os
import random
import re
import time
from collections.abc import Iterator
from pathlib import Path

from tools.torture.dvc_project import SEED, Project, copied, damaged
from tools.torture.row import Row
from tools.torture.runner import Runner
from tools.torture.study import Stage, Study

KINDS = ("flipped", "zeroed", "cut short", "missing")


def rows(finished: Project, place: Path, n: int) -> Iterator[Row]:
    """All of them, on the small project."""
    for kind in KINDS:
        for intact in (True, False):
            yield damaged_cache(finished, place / f"{kind}-{intact}", n, kind, intact=intact)
    yield killed_runs(finished, place / "killed", n)
    yield edited_locks(finished, place / "edited", 2 * n)


def damaged_cache(finished: Project, place: Path, n: int, kind: str, *, intact: bool) -> Row:
    """An object damaged so that its time and mode stay; the workspace whole, or without its file."""
    chance, harmless, fooled = random.Random(SEED), 0, 0  # noqa: S311 - no secret
    expected = finished.contents()
    for number in range(n):
        project = copied(finished, place / str(number) / "project")
        file = chance.choice(project.objects())
        if kind == "missing":
            file.unlink()
        else:
            damaged(file, kind, chance)
        if not intact:
            project.remove_outputs()
        untouched = copied(project, place / str(number) / "untouched")
        untouched.dvc("checkout")
        fooled += untouched.contents() != expected and untouched.dvc("status", "--quiet").code == 0
        found = project.doctor()
        seen = found.code == 1 or (kind == "missing" and not intact and "not here" in found.words)
        project.doctor(fix=True)
        run = project.repro()
        nothing_ran = not project.ran() or not intact
        harmless += seen and run.code == 0 and nothing_ran and project.contents() == expected
    what = f"an object of the cache {kind}, the workspace {'whole' if intact else 'empty'}"
    note = f"DVC gave out the damaged one {fooled} times and called it right" if fooled else ""
    return Row(what, n, harmless, note)


def killed_runs(finished: Project, place: Path, n: int) -> Row:
    """`dvc repro` killed at a random moment, every fifth in the middle of writing its list of busy paths."""
    chance, harmless, stuck = random.Random(SEED), 0, 0  # noqa: S311
    start = time.monotonic()
    _unrun(finished, place / "whole").dvc("repro")
    took = time.monotonic() - start
    for number in range(n):
        project = _unrun(finished, place / str(number))
        project.dvc("repro", kill_after=chance.uniform(0.1, 1) * took)
        rwlock = project.path / ".dvc" / "tmp" / "rwlock"
        if number % 5 == 0:
            rwlock.write_text('{"write": {"/a/b": {"pid": 12')
        stuck += project.dvc("repro").code != 0
        project.doctor(fix=True)
        again = project.dvc("repro")
        harmless += again.code == 0 and project.contents() == finished.contents()
    return Row(
        "`dvc repro` killed", n, harmless, f"plain DVC was stuck {stuck} times, until the doctor had run"
    )


def _unrun(finished: Project, place: Path) -> Project:
    """A clone that has not run."""
    clone = finished.clone(place)
    (clone.path / "dvc.lock").unlink()
    return clone


def edited_locks(finished: Project, place: Path, n: int) -> Row:
    """A character of dvc.lock changed: the same lock in the end, or a clear error."""
    chance, harmless, healed = random.Random(SEED), 0, 0  # noqa: S311
    expected = finished.contents()
    for number in range(n):
        project = copied(finished, place / str(number) / "project")
        lock = project.path / "dvc.lock"
        text = lock.read_text()
        digits = [match.start() for match in re.finditer(r"[0-9a-f]", text)]
        at = chance.choice(digits) if number % 2 else chance.randrange(len(text))
        lock.write_text(text[:at] + chance.choice("0123456789abcdef:-\n ") + text[at + 1 :])
        seen = project.doctor()
        run = project.repro()
        same = {**project.contents(), "dvc.lock": b""} == {**expected, "dvc.lock": b""}
        healed += run.code == 0
        harmless += seen.clear and run.clear and same
    note = f"healed by the next run {healed} times, refused in a sentence {n - healed} times"
    return Row("a character of dvc.lock changed", n, harmless, note)


def linked_outputs(study: Study, place: Path) -> Row:
    """Every stage by hand over outputs that are hard links, as `cache.type hardlink` has them into the cache.

    DVC and `evidrift repro` remove outputs before a stage runs; who runs it by hand does not.
    """
    told, stages = [], study.one_of_each()
    with Runner(study) as runner:
        for stage in stages:
            here = study.place(place / stage.kind, stage)
            before = _link(study, here, stage)
            done = runner.run(stage, here, timeout=900)
            after = {file: (file.stat().st_mtime_ns, file.read_bytes()) for file in before}
            if done.code or after != before:
                told.append(f"{stage.kind} {'failed' if done.code else 'wrote in place'}")
    note = ", ".join(told) or "what they lead to stays as it was"
    return Row(
        "a stage run by hand over outputs linked into the cache", len(stages), len(stages) - len(told), note
    )


def _link(study: Study, here: Path, stage: Stage) -> dict[Path, tuple[int, bytes]]:
    """Link the study's outputs of the stage there; their times and contents."""
    found = {}
    for out in stage.outs:
        whole = study.path / out
        for file in [whole] if whole.is_file() else (each for each in whole.rglob("*") if each.is_file()):
            link = here / file.relative_to(study.path)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            os.link(file, link)
            found[file] = (file.stat().st_mtime_ns, file.read_bytes())
    return found
