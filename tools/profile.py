"""Make a profile the current parameter file: copies profiles/<name>.yaml to params.yaml.

python -m tools.profile cxr5       as `make repro PROFILE=cxr5` does
"""

import argparse
import subprocess
from pathlib import Path

from evidrift.base.errors import UserError, run

PARAMS = Path("params.yaml")
PROFILES = Path("profiles")


def use(name: str) -> None:
    """Copy the profile, unless params.yaml holds changes that would be lost.

    Raises:
        UserError: there is no such profile, or params.yaml differs from the commit and from every profile.
    """
    profiles = {path.stem: path.read_bytes() for path in sorted(PROFILES.glob("*.yaml"))}
    if name not in profiles:
        raise UserError(f"There is no profile {name}. There are: {', '.join(profiles)}.")
    if PARAMS.exists() and PARAMS.read_bytes() not in (_committed(), *profiles.values()):
        raise UserError(
            f"{PARAMS} has uncommitted changes, which the profile {name} would overwrite. "
            f"Commit them, or copy {PARAMS} to {PROFILES}/<name>.yaml, then run this again."
        )
    PARAMS.write_bytes(profiles[name])


def _committed() -> bytes | None:
    command = ["git", "show", f"HEAD:./{PARAMS}"]
    shown = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - no input of others in it
    return shown.stdout if shown.returncode == 0 else None


def main() -> None:
    """Read the profile's name from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", help="a file in profiles/, without .yaml")
    use(parser.parse_args().name)


if __name__ == "__main__":
    run(main)
