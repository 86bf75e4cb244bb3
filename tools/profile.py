"""Make a profile the current parameter file: copies profiles/<name>.yaml to params.yaml.

    python -m tools.profile cxr5       as `make repro PROFILE=cxr5` does

A profile is what one edits, and params.yaml a copy of it: a copy may be replaced, an edit of params.yaml
itself must not be lost. It is a copy if a profile has its content, if a commit that git keeps has it there or
as params.yaml (a branch, a stash or an experiment of DVC), or if it is what was copied last. That is kept in
scratch/params.yaml, since a profile that is not committed has no other trace of its earlier text.
"""

import argparse
import subprocess
from pathlib import Path

from evidrift.base.errors import UserError, run
from evidrift.base.files.writing import write_bytes

PARAMS = Path("params.yaml")
PROFILES = Path("profiles")
LAST_COPY = Path("scratch") / "params.yaml"


def use(name: str) -> None:
    """Copy the profile, unless params.yaml holds edits that are nowhere else.

    Raises:
        UserError: there is no such profile, or params.yaml was edited by hand.
    """
    profiles = {path.stem: path.read_bytes() for path in sorted(PROFILES.glob("*.yaml"))}
    if name not in profiles:
        raise UserError(f"There is no profile {name}. There are: {', '.join(profiles)}.")
    if PARAMS.exists() and not (_is_copy(profiles) or _in_git()):
        free = _free_name(name, profiles)
        raise UserError(
            f"{PARAMS} holds edits that are in no profile and no commit, and profile {name} would overwrite "
            f"them. To keep them as a profile of their own, run `cp {PARAMS} {PROFILES}/{free}.yaml`, then "
            f"this again. To run them as they are, leave PROFILE out."
        )
    write_bytes(PARAMS, profiles[name])  # half of a profile would pass for edits by hand
    write_bytes(LAST_COPY, profiles[name])


def _is_copy(profiles: dict[str, bytes]) -> bool:
    last = [LAST_COPY.read_bytes()] if LAST_COPY.is_file() else []
    return PARAMS.read_bytes() in (*profiles.values(), *last)


def _in_git() -> bool:
    """Whether a commit that a branch, a stash or an experiment keeps has params.yaml's content."""
    content = _git("hash-object", str(PARAMS))
    where = ("--", str(PARAMS), str(PROFILES))
    return bool(
        content and _git("log", "--all", "-m", "-1", "--format=%H", f"--find-object={content}", *where)
    )


def _git(*words: str) -> str:
    """What git answers; empty where it fails, as outside a repository."""
    command = ["git", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip() if done.returncode == 0 else ""


def _free_name(name: str, profiles: dict[str, bytes]) -> str:
    """A name for one more profile, so that no file is overwritten by following the advice."""
    return next(free for n in range(2, len(profiles) + 3) if (free := f"{name}_{n}") not in profiles)


def main() -> None:
    """Read the profile's name from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", help="a file in profiles/, without .yaml")
    use(parser.parse_args().name)


if __name__ == "__main__":
    run(main)
