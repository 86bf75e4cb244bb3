"""DVC's cache and the workspace, by content, against dvc.lock and the .dvc files."""

import os
from collections.abc import Iterator
from pathlib import Path

from evidrift.repro.objects import LISTING, Kept, Object
from tools.doctor.finding import Finding, State, listed, shown, size


def check_cache(kept: Kept, *, fix: bool) -> Iterator[Finding]:
    """Every object that is named: is it there, and is its content the one that its name says?"""
    objects = kept.named()
    missing = [each for each in objects if not kept.file_of(each.oid).exists()]
    damaged = [each for each in objects if kept.is_damaged(each.oid)]
    if damaged and not fix:
        told = f"{len(damaged)} objects are damaged, and DVC would not notice: {_named(damaged)}"
        yield Finding("cache", State.WRONG, told, "make doctor FIX=1")
    elif damaged:
        yield from _mended(kept, damaged)
        if any(each.oid.endswith(LISTING) for each in damaged):  # now one can tell what else there is to be
            yield from check_cache(kept, fix=True)
            return
    here = [each for each in missing if kept.is_in_workspace(each)]
    if here and not fix:
        told = f"{len(here)} objects are missing, though the workspace has them: {_named(here)}"
        yield Finding("cache", State.WRONG, told, "make doctor FIX=1")
    elif here:
        for each in here:
            kept.put_back(each)
        yield Finding("cache", State.MENDED, f"{len(here)} missing objects put back from the workspace")
    if gone := len(missing) - len(here):
        told = f"{gone} of {len(objects)} objects are not here"
        yield Finding("cache", State.NOTE, told, "dvc pull, if they were pushed; else a run makes them anew")
    if not damaged and not here and len(missing) < len(objects):
        n = sum(kept.file_of(each.oid).stat().st_size for each in objects if each not in missing)
        told = f"{len(objects) - len(missing)} objects, {size(n)}, each with the content that its name says"
        yield Finding("cache", State.OK, told)


def _mended(kept: Kept, damaged: list[Object]) -> Iterator[Finding]:
    gone = []
    for each in damaged:
        kept.set_aside(each.oid)
        if not kept.put_back(each):
            gone.append(each)
    aside = f"the damaged ones lie in {shown(kept.aside)}"
    if n := len(damaged) - len(gone):
        told = f"{n} damaged objects made anew from the workspace; {aside}"
        yield Finding("cache", State.MENDED, told)
    if gone:
        told = f"{len(gone)} damaged objects taken out: {_named(gone)}; {aside}"
        mend = "dvc pull, if they were pushed; else a run makes them anew"
        yield Finding("cache", State.MENDED, told, mend)


def _named(objects: list[Object]) -> str:
    return listed([f"{shown(each.path)} ({each.oid[:8]})" for each in objects])


def check_outputs(kept: Kept, *, fix: bool) -> Iterator[Finding]:
    """What the workspace has of the outputs: is it what dvc.lock says?"""
    there = [out for out in kept.outputs if Path(out.fs_path).exists()]
    differing = {out: names for out in there if (names := kept.differing(out))}
    if differing:
        files = [name for names in differing.values() for name in names]
        told = f"{len(files)} files are not as dvc.lock says: {listed([shown(name) for name in files])}"
        if fix:
            for name in (name for name in files if name.exists()):
                os.utime(name)  # DVC looks at content only where a time has changed
            told += "; their times are renewed, so that DVC sees it"
        outs = sorted(shown(Path(out.fs_path)) for out in differing)
        mend = f"dvc checkout --force {' '.join(outs[:3])}{' ...' if len(outs) > 3 else ''}, or a run"
        yield Finding("outputs", State.WRONG, told, mend if fix else f"make doctor FIX=1, then {mend}")
    else:
        yield Finding("outputs", State.OK, f"{len(there)} of {len(kept.outputs)} are here, as dvc.lock says")
