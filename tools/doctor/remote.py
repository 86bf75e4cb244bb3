"""A DVC remote, by what it holds, against dvc.lock and the .dvc files: not by what DVC has noted of it."""

from collections.abc import Iterator

from dvc.repo import Repo

from evidrift.base.errors import UserError
from evidrift.repro import sent
from evidrift.repro.objects import Kept, Object
from evidrift.repro.sent import Remote
from tools.doctor.finding import Finding, State, listed, shown

WHAT = "remote"


def check_remote(repo: Repo, kept: Kept, name: str | None, *, fix: bool) -> Iterator[Finding]:
    """Whether the remote has every object, and the right one."""
    if name is None and not repo.config["core"].get("remote"):
        told = "none is set as default (docs/howto.md, Share results through a remote)"
        yield Finding(WHAT, State.NOTE, told)
        return
    try:
        remote = Remote(repo, name)
        states = remote.states(dict.fromkeys(remote.listed(kept)))
    except UserError as error:
        yield Finding(WHAT, State.WRONG, str(error))
        return
    except Exception as error:  # each kind of remote has its own
        yield Finding(WHAT, State.WRONG, *_unreachable(name or repo.config["core"]["remote"], error))
        return
    missing = [each for each, state in states.items() if state is sent.State.MISSING]
    wrong = [each for each, state in states.items() if state is sent.State.WRONG]
    sized = sum(state is sent.State.SIZED for state in states.values())
    if len(missing) == len(states):
        yield Finding(WHAT, State.NOTE, f"{remote.name} has nothing of this study", "dvc push")
    elif missing or wrong:
        yield from _broken(remote, kept, missing, wrong, len(states), fix=fix)
    else:
        by_size = f", {sized} of them by their size alone" if sized else ""
        told = f"{remote.name} has all {len(states)} objects of dvc.lock{by_size}"
        yield Finding(WHAT, State.OK, told)


def _broken(
    remote: Remote, kept: Kept, missing: list[Object], wrong: list[Object], total: int, *, fix: bool
) -> Iterator[Finding]:
    parts = [
        f"{len(objects)} of {total} objects are {how}: {listed([shown(each.path) for each in objects])}"
        for how, objects in (("missing", missing), ("not what their names say", wrong))
        if objects
    ]
    told = f"{remote.name}: {'; '.join(parts)}"
    if not fix:
        yield Finding(
            WHAT, State.WRONG, told, f"make doctor FIX=1{_of(remote)} sends them; `dvc push` may not"
        )
        return
    try:
        lacking = remote.send([*missing, *wrong], kept)
    except Exception as error:
        yield Finding(WHAT, State.WRONG, f"{told}; it does not take them: {_words(error)}")
        return
    if lacking:
        told += f"; sent, but for {len(lacking)} that the cache does not have either"
        yield Finding(WHAT, State.WRONG, told, f"a run makes them anew; then make doctor FIX=1{_of(remote)}")
    else:
        yield Finding(WHAT, State.MENDED, f"{told}; sent from the cache")


def _of(remote: Remote) -> str:
    return f" REMOTE={remote.name}"


def _unreachable(name: str, error: Exception) -> tuple[str, str]:
    told = f"{name} cannot be asked: {_words(error)}"
    return told, "see that it is up, its url (dvc remote list) and your credentials (docs/howto.md)"


def _words(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 300 else f"{text[:300]}..."
