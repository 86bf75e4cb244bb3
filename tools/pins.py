"""Renew the versions and hashes of every package: locks/packages/*.txt and constraints.txt.

python -m tools.pins             what requirements*.txt asks for; versions stay, where they can
python -m tools.pins --upgrade   the newest versions that requirements*.txt allows

Each list holds the sha256 of all files of a release, for every system, as the package index tells them. It
needs uv, which is among the tests' packages.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from evidrift.base.errors import UserError, run

LOCKS = Path("locks/packages")
CONSTRAINTS = Path("constraints.txt")
# Group -> its requirements. What the first asks for is in its list alone; the others refer to that.
RUNTIME = "runtime"
GROUPS = {
    RUNTIME: "requirements.txt",
    "development": "requirements-dev.txt",
    "ray": "requirements-ray.txt",
}
# Without what they depend on, as requirements-peers.txt says.
ALONE = {"peers": "requirements-peers.txt", "bench": "requirements-bench.txt"}
# First of all: they build what is published as source alone, without a download that nobody checks.
BUILD = ("packaging", "setuptools", "wheel")
# PyTorch's builds without CUDA are not in the index that has the others: of Linux, x86-64 and Python 3.11.
ELSEWHERE = {"torch==2.13.0": "6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b"}

UV = ("uv", "pip", "compile", "--quiet", "--no-config", "--no-header", "--no-annotate")
EVERYWHERE = ("--universal", "--python-version", "3.11")

Pins = Mapping[str, str]  # name==version -> its lines


def main() -> None:
    """Resolve all groups at once, so that they fit together; then write a list for each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--upgrade", action="store_true", help="the newest versions, not those in use")
    upgrade = parser.parse_args().upgrade
    LOCKS.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        versions = Path(folder) / "versions.txt"
        if not upgrade:  # what uv finds in its output, it keeps
            versions.write_text(CONSTRAINTS.read_text(encoding="utf-8"), encoding="utf-8")
        _compiled(list(GROUPS.values()), ("--output-file", str(versions)))
        CONSTRAINTS.write_bytes(versions.read_bytes())
        known = ("--constraint", str(versions), "--generate-hashes")
        groups = {group: _compiled([source], known) for group, source in GROUPS.items()}
    runtime = groups[RUNTIME]
    build = {pin: lines for pin, lines in runtime.items() if pin.partition("==")[0] in BUILD}
    _write("build", build)
    _write(RUNTIME, runtime)
    for group in [each for each in GROUPS if each != RUNTIME]:
        _write(group, {pin: lines for pin, lines in groups[group].items() if pin not in runtime}, RUNTIME)
    for group, source in ALONE.items():
        _write(group, _compiled([source], ("--no-deps", "--generate-hashes")))


def _compiled(sources: Sequence[str], how: Sequence[str]) -> Pins:
    command = [*UV, *EVERYWHERE, *how, *sources]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - names of ours
    except FileNotFoundError:
        raise UserError("uv is not installed: make lint installs it, with all that the tests need.") from None
    if done.returncode:
        raise UserError(f"uv finds no versions for {', '.join(sources)}: {done.stderr.strip()}")
    entries = re.split(r"^(?=\w)", done.stdout, flags=re.M)[1:]
    return {re.split(r"[ ;\\]", entry, maxsplit=1)[0].strip(): entry for entry in entries}


def _write(group: str, pins: Pins, above: str | None = None) -> None:
    lines = ["# Written by `make pins`: do not edit.\n"]
    lines += [f"-r {above}.txt\n"] * (above is not None)
    for pin, entry in pins.items():
        elsewhere = ELSEWHERE.get(pin)
        lines.append(entry)
        if elsewhere:
            lines[-1] = f"{entry.rstrip()} \\\n    --hash=sha256:{elsewhere}\n"
    (LOCKS / f"{group}.txt").write_text("".join(lines), encoding="utf-8")
    sys.stdout.write(f"{LOCKS / group}.txt: {len(pins)} packages\n")


if __name__ == "__main__":
    run(main)
