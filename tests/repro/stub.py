"""A study of this project's shape whose stages only hash what they read, and two nodes of Ray to run it on.

Every stage writes its name into a file outside the clones, so that a test can count. A file there can tell a
stage to fail, or to have its Ray worker killed.
"""

import textwrap
from pathlib import Path

import yaml

from tests.pipeline.workplace import Workplace

STAGE = '''\
"""Hash the inputs into the outputs."""

import hashlib
import os
import signal
import sys
import time
from pathlib import Path

name, inputs, outputs = sys.argv[1], sys.argv[2].split(","), sys.argv[3].split(",")
outside = Path(os.environ["STUB_OUTSIDE"])
with (outside / "runs").open("a") as runs:
    runs.write(name + "\\n")


def ray_worker() -> int:
    pid = os.getpid()
    while not Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"ray::"):
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return pid


if (outside / "fail" / name).exists():
    sys.exit(f"stub: {name} was told to fail")
if (outside / "kill" / name).exists():
    (outside / "kill" / name).rename(outside / "killed")
    (outside / "killed").write_text(str(os.getpid()))
    os.kill(ray_worker(), signal.SIGKILL)
    time.sleep(600)
hashed = hashlib.sha256(name.encode())
for path in map(Path, inputs):
    for file in sorted(path.rglob("*.out")) if path.is_dir() else [path]:
        hashed.update(file.as_posix().encode() + file.read_bytes())
for path in map(Path, outputs):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{path} {hashed.hexdigest()}\\n")
'''
PIPELINE = """\
stages:
  prepare:
    cmd: python stage.py prepare films.txt data/images.out
    deps: [films.txt, stage.py]
    outs: [data/images.out]
  train:
    matrix: {arch: "${grid.architectures}", seed: "${grid.seeds}"}
    cmd: >-
      python stage.py train-${item.arch}-${item.seed} data/images.out models/${item.arch}/${item.seed}.out
    deps: [data/images.out, stage.py]
    outs: ["models/${item.arch}/${item.seed}.out"]
  explain:
    matrix: {arch: "${grid.architectures}", seed: "${grid.seeds}"}
    cmd: >-
      python stage.py explain-${item.arch}-${item.seed} data/images.out,models/${item.arch}/${item.seed}.out
      data/maps/${item.arch}/${item.seed}.out
    deps: [data/images.out, "models/${item.arch}/${item.seed}.out", stage.py]
    outs: ["data/maps/${item.arch}/${item.seed}.out"]
  drift:
    matrix: {arch: "${grid.architectures}"}
    cmd: python stage.py drift-${item.arch} data/maps/${item.arch} data/drift/${item.arch}.out
    deps: ["data/maps/${item.arch}", stage.py]
    outs: ["data/drift/${item.arch}.out"]
  compare:
    cmd: python stage.py compare models,data/drift data/compare.out,metrics/compare.json
    deps: [models, data/drift, stage.py]
    outs: [data/compare.out]
    metrics: [{metrics/compare.json: {cache: false}}]
"""
PARAMS = {
    "compute": {"threads": 1, "instructions": "portable"},
    "cluster": {"gpus": 0, "memory_gb": 0.1},
}
GRID = [f"{arch}-{seed}" for arch in "ab" for seed in (1, 2)]
STAGES = sorted(
    ["prepare", "compare", "drift-a", "drift-b"]
    + [f"{stage}-{cell}" for stage in ("train", "explain") for cell in GRID]
)


def create(path: Path, remote: dict[str, str] | None, architectures: str = "ab") -> Workplace:
    """The study's repository, with a DVC remote of these settings."""
    path.mkdir()
    (path / "stage.py").write_text(STAGE)
    (path / "dvc.yaml").write_text(PIPELINE)
    (path / "params.yaml").write_text(
        yaml.safe_dump(PARAMS | {"grid": {"architectures": list(architectures), "seeds": [1, 2]}})
    )
    (path / "films.txt").write_text("films\n")
    # as in this project: else DVC writes one into each folder, which counts where a folder is a dependency
    (path / ".gitignore").write_text("/data/\n/models/\n")
    place = Workplace(path)
    place.run("git", "init", "--quiet")
    place.run("dvc", "init", "--quiet")
    if remote:
        lines = "\n".join(f"    {key} = {value}" for key, value in remote.items())
        (path / ".dvc" / "config").write_text(
            textwrap.dedent("""\
                [core]
                    remote = store
                ['remote "store"']
                """)
            + lines
            + "\n"
        )
    place.commit("start")
    return place


class Outside:
    """The folder that stages write to, and take orders from, whichever clone they run in."""

    def __init__(self, path: Path) -> None:
        self.path = path
        for name in ("fail", "kill"):
            (path / name).mkdir(parents=True)

    def order(self, what: str, stage: str) -> None:
        (self.path / what / stage).touch()

    def revoke(self, what: str, stage: str) -> None:
        (self.path / what / stage).unlink()

    def ran(self) -> list[str]:
        """The stages that ran since the last call, sorted."""
        runs = self.path / "runs"
        names = sorted(runs.read_text().split()) if runs.exists() else []
        runs.unlink(missing_ok=True)
        return names
