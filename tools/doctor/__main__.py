"""Check before a long run what could stop it, or spoil its results.

    python -m tools.doctor                  as `make doctor` does
    python -m tools.doctor --fix            as `make doctor FIX=1`: mends what loses nothing
    python -m tools.doctor --remote NAME    another remote than the default one

A line a check; the exit code is 1 where something is wrong. Without --fix nothing is changed. With it, what
dead processes left is deleted, damaged objects of the cache are set aside and made anew from the workspace
where it has them, what the remote lacks is sent, and DVC's notes of what it sent and fetched are dropped.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from evidrift.base.errors import UserError, run
from evidrift.base.shown import tell
from tools.doctor import environment
from tools.doctor.finding import Finding, State

PARAMS = Path("params.yaml")


def findings(remote: str | None, *, fix: bool) -> Iterator[Finding]:
    """All checks, one after the other; the later ones not where the earlier ones rule them out."""
    found = list(environment.check())
    yield from found
    if any("not installed" in each.told for each in found):
        return
    from tools.doctor.study import check_study

    yield from check_study(PARAMS)
    yield from of_dvc(remote, fix=fix)


def of_dvc(remote: str | None, *, fix: bool) -> Iterator[Finding]:
    """Checks of what DVC keeps, in the folder of a project."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    from evidrift.repro.book import words_of
    from evidrift.repro.claim import claimed
    from evidrift.repro.objects import Kept
    from evidrift.repro.sent import forget
    from tools.doctor.disk import check_disk
    from tools.doctor.kept import check_cache, check_outputs
    from tools.doctor.locks import check_locks
    from tools.doctor.remote import check_remote

    try:
        with Repo() as repo, claimed(repo, drop=False):
            yield from check_locks(repo, fix=fix)
            kept = Kept(repo)
            yield from check_outputs(kept, fix=fix)
            yield from check_cache(kept, fix=fix)
            yield from check_remote(repo, kept, remote, fix=fix)
            yield from check_disk(repo, kept)
            if fix:  # a push or pull that was cut off may have left notes that are too short
                forget(repo)
    except UserError as error:
        yield Finding("locks", State.WRONG, str(error))
    except DvcException as error:
        yield Finding("pipeline", State.WRONG, words_of(error), "git diff dvc.yaml dvc.lock params.yaml")


def main() -> None:
    """Print a line a check."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.doctor",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--fix", action="store_true", help="mend what loses nothing")
    parser.add_argument("--remote", metavar="NAME", help="of DVC's; default: the one that core.remote names")
    args = parser.parse_args()
    wrong = 0
    for finding in findings(args.remote, fix=args.fix):
        tell(str(finding))
        wrong += finding.state is State.WRONG
    if wrong:
        print(f"{wrong} things are wrong." if wrong > 1 else "One thing is wrong.")
    else:
        print("All is well.")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    run(main)
