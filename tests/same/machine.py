"""Runs stages one after the other, as on one machine: prints the hash of every file that they wrote.

python machine.py COMMANDS, in a copy of the project; COMMANDS is a file with a stage's command line a row.

TensorFlow is imported once, and each stage runs in a fork of its own: starting it anew for every stage would
take longer than the stages of a tiny study.
"""

import hashlib
import json
import os
import runpy
import shlex
import sys
from pathlib import Path

sys.path.insert(0, "")

from evidrift.base.compute import load_compute, pin

OUTPUTS = ("data", "models", "plots", "metrics")


def run(command: str) -> None:
    """One stage in a fork."""
    python, option, module, *words = shlex.split(command)
    assert (python, option) == ("python", "-m")
    if child := os.fork():
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code:
            sys.exit(f"{command} left with {code}")
        return
    try:
        os.dup2(2, 1)  # what it says is no hash
        sys.argv = [module, *words]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        sys.stdout.flush()
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


def main() -> None:
    """All of them."""
    pin(load_compute(Path("params.yaml")))
    import evidrift.networks.import_tensorflow  # noqa: F401 - once for all forks

    for command in Path(sys.argv[1]).read_text().splitlines():
        run(command)
    files = sorted(path for folder in OUTPUTS for path in Path(folder).rglob("*") if path.is_file())
    print(json.dumps({str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}))


main()
