"""The environment: Python, the packages' versions, the command, the processor. Needs none of the packages."""

import json
import re
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tools.doctor.finding import Finding, State, listed

WHAT = "environment"
PYTHON = (3, 11)
INSTALL = "python -m pip install -r requirements.txt -c constraints.txt"
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[.*\])?==([^\s;]+)", flags=re.M)


def check() -> Iterator[Finding]:
    """All of it; WRONG packages first, without which nothing else can be looked at."""
    missing, others = _packages()
    if missing:
        yield Finding(WHAT, State.WRONG, f"not installed: {listed(missing)}", INSTALL)
    if others:
        yield Finding(WHAT, State.WRONG, f"not as pinned: {listed(others)}", INSTALL)
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] != PYTHON:
        yield Finding(
            WHAT, State.WRONG, f"Python {version}; 3.11 is needed", "make doctor PYTHON=/path/to/python3.11"
        )
    elif not missing and not others:
        yield Finding(WHAT, State.OK, f"Python {version}, packages as pinned")
    yield from _command()


def _packages() -> tuple[list[str], list[str]]:
    """Those that are not there, and those of another version."""
    pins = dict(PIN.findall(Path("constraints.txt").read_text(encoding="utf-8")))
    needed = dict(PIN.findall(Path("requirements.txt").read_text(encoding="utf-8")))
    missing, others = [], []
    for name, version in (pins | needed).items():
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            if name in needed:
                missing.append(f"{name} {version}")
            continue
        if found != version:
            others.append(f"{name} {found} instead of {version}")
    return missing, others


def _command() -> Iterator[Finding]:
    """What `python`, `dvc` and `evidrift` are: stages run by name."""
    here = Path(sys.executable).parent
    elsewhere = [
        f"{name} is {found or 'not on the PATH'}"
        for name in ("python", "dvc", "evidrift")
        if (found := shutil.which(name)) is None or Path(found).parent != here
    ]
    if elsewhere:
        yield Finding(WHAT, State.WRONG, "; ".join(elsewhere), f". {here / 'activate'}")
    try:
        text = metadata.distribution("evidrift").read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        text = None
    url = urlsplit(json.loads(text)["url"]) if text else None
    if url is None or Path(unquote(url.path)) != Path.cwd():
        of = unquote(url.path) if url else "no checkout"
        mend = "python -m pip install --no-deps --no-build-isolation --editable ."
        yield Finding(WHAT, State.WRONG, f"the command evidrift is that of {of}, not of this folder", mend)


def processor(instructions: str) -> Finding:
    """Whether this machine computes as `compute.instructions` asks."""
    from evidrift.base.compute import cpu_flags

    flags = cpu_flags()
    if instructions == "portable" and "avx2" not in flags:
        told = "no AVX2: bytes will differ from those of other machines, as with another seed"
        return Finding("processor", State.NOTE, told if flags else "kind not known (no /proc/cpuinfo)")
    return Finding("processor", State.OK, "AVX2" if "avx2" in flags else f"compute: {instructions}")
