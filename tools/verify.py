"""Say how many outputs of a committed lock this machine reproduced, to the byte, and which not.

python -m tools.verify                                   dvc.lock, as a run left it, against the committed one
python -m tools.verify --against locks/ten_seeds.lock    dvc.lock against that of another run
python -m tools.verify --profile tiny                    runs the profile in a clone, as `make verify` does
python -m tools.verify --profile tiny --write            the same, and keeps its lock: `make lock`
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from evidrift.base.errors import UserError, run
from evidrift.repro.node import with_this_python

LOCK = Path("dvc.lock")
LOCKS = Path("locks")
NAMED = 5  # outputs that differ
CODE = ("evidrift/", "stages/")

Lock = dict[str, Any]


class Difference(NamedTuple):
    """An output that is not as it was, and the stage that writes it."""

    path: str
    stage: str
    missing: bool


def differences(found: Lock, expected: Lock) -> list[Difference]:
    """What of the expected outputs is not found with the same bytes.

    Args:
        found: the lock of a run: by stage, in the graph's order, what it read and wrote.
        expected: likewise.

    Returns:
        In the order of `expected`.
    """
    here = {out["path"]: out["md5"] for stage in found.values() for out in stage.get("outs", [])}
    return [
        Difference(out["path"], name, out["path"] not in here)
        for name, stage in expected.items()
        for out in stage.get("outs", [])
        if here.get(out["path"]) != out["md5"]
    ]


def told(found: Lock, expected: Lock, name: str) -> str:
    """How many outputs are the same as in the lock of that name, and the first that are not."""
    total = sum(len(stage.get("outs", [])) for stage in expected.values())
    differing = differences(found, expected)
    lines = [f"{total - len(differing)} of {total} outputs have the same bytes as in {name}."]
    lines += [
        f"  {each.path} ({each.stage}): {'was not made' if each.missing else 'differs'}"
        for each in differing[:NAMED]
    ]
    if len(differing) > NAMED:
        lines.append(f"  and {len(differing) - NAMED} more")
    changed = [
        stage for stage in expected if stage in found and _made_of(found[stage]) != _made_of(expected[stage])
    ]
    if differing and changed:
        lines.append(
            f"{len(changed)} of {len(expected)} stages ran with other code or parameters than then, so that "
            f"this need not be the machine: {changed[0]} is the first."
        )
    return "\n".join(lines)


def _made_of(stage: Lock) -> Any:
    """The code and the parameters that a stage ran with."""
    code = {dep["path"]: dep["md5"] for dep in stage.get("deps", []) if dep["path"].startswith(CODE)}
    return code, stage.get("params")


def read_lock(text: str, name: str) -> Lock:
    """By stage what a lock holds, in the order of dvc.yaml, which is the graph's.

    Raises:
        UserError: it is not a lock of DVC.
    """
    content = yaml.safe_load(text)
    if not isinstance(content, dict) or not isinstance(content.get("stages"), dict):
        raise UserError(f"{name} is not a lock file of DVC: it has no `stages`.")
    order = list(yaml.safe_load(Path("dvc.yaml").read_text(encoding="utf-8"))["stages"])
    ranks = {name: rank for rank, name in enumerate(order)}
    stages = content["stages"].items()
    return dict(sorted(stages, key=lambda item: ranks.get(item[0].partition("@")[0], len(ranks))))


def read_file(path: Path) -> Lock:
    """A lock in a file.

    Raises:
        UserError: there is none.
    """
    if not path.is_file():
        hint = "`make lock` makes it." if path.parent == LOCKS else "`make repro` makes it."
        raise UserError(f"{path} does not exist, so that nothing can be compared. {hint}")
    return read_lock(path.read_text(encoding="utf-8"), str(path))


def committed() -> Lock:
    """dvc.lock as git has it.

    Raises:
        UserError: git has none.
    """
    command = ["git", "show", f"HEAD:./{LOCK}"]
    shown = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if shown.returncode:
        raise UserError(f"git has no {LOCK} of this revision: {shown.stderr.strip()}")
    return read_lock(shown.stdout, f"the committed {LOCK}")


def reproduce(profile: str) -> str:
    """Run a profile with the committed code, from its beginning, in a clone; the text of its dvc.lock.

    Raises:
        UserError: there is no such profile, or the run failed.
    """
    parameters = Path("profiles") / f"{profile}.yaml"
    if not parameters.is_file():
        raise UserError(f"{parameters} does not exist.")
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        _call(["git", "clone", "--quiet", ".", str(clone)], Path())
        shutil.copy2(parameters, clone / "params.yaml")
        (clone / LOCK).unlink(missing_ok=True)
        _call([sys.executable, "-m", "evidrift", "repro", "--quiet"], clone)
        return (clone / LOCK).read_text(encoding="utf-8")


def _call(words: list[str], place: Path) -> None:
    done = subprocess.run(words, cwd=place, env=with_this_python(), check=False)  # noqa: S603
    if done.returncode:
        raise UserError(f"`{' '.join(words)}` failed in {place.resolve()}, so that nothing can be compared.")


def main() -> None:
    """Compare, as the command line says; leave with 1 where an output differs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--profile", help="a file in profiles/, without .yaml, to run and to compare")
    parser.add_argument(
        "--against", type=Path, help="a lock; default: locks/<profile>.lock, or git's dvc.lock"
    )
    parser.add_argument("--write", action="store_true", help="with --profile: keep the run's lock")
    parser.add_argument("--only-tell", action="store_true", help="leave with 0 though outputs differ")
    args = parser.parse_args()
    if args.write and not args.profile:
        parser.error("--write keeps the lock of a --profile")
    kept = args.against or (LOCKS / f"{args.profile}.lock" if args.profile else None)
    if kept and args.write:
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(reproduce(args.profile), encoding="utf-8")
        print(f"{kept} holds what this machine made.")
        return
    expected = read_file(kept) if kept else committed()
    found = read_lock(reproduce(args.profile), str(LOCK)) if args.profile else read_file(LOCK)
    print(told(found, expected, str(kept or f"the committed {LOCK}")))
    if differences(found, expected) and not args.only_tell:
        sys.exit(1)


if __name__ == "__main__":
    run(main)
