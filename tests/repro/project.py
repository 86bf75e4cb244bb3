"""A small pipeline with stages of every kind that DVC has; commands take milliseconds and note their runs."""

import os
import subprocess
import sys
from pathlib import Path

from dvc.repo import Repo

from evidrift.repro.local import repro
from tests.places import ROOT

# NAME OUTPUT... : each output says the stage's name and what it has read; sleeps where the test says so
STAGE = """\
name=$1; shift
echo "$name" >> runs.txt
if [ -e "fail-$name" ]; then echo "no such film"; exit 3; fi
if [ -e slow ]; then sleep "$(cat slow)"; fi
for out in "$@"; do
  case $out in
    *.*) mkdir -p "$(dirname "$out")"; file=$out ;;
    *) mkdir -p "$out"; file=$out/one.txt; echo two > "$out/two.txt" ;;
  esac
  { echo "\\"$name\\""; } > "$file"
  if [ "$name" = start ]; then head -1 input.txt >> "$file"; fi
done
"""

PIPELINE = """\
stages:
  start:
    cmd: sh stage.sh start data/start.txt
    deps: [input.txt, stage.sh, added.txt]
    outs: [data/start.txt]
  branch:
    matrix: {item: ["b", "a", "c"], seed: [2, 1]}
    cmd: >-
      sh stage.sh branch-${item.item}-${item.seed} data/branch/${item.item}/${item.seed}
      data/metrics/${item.item}-${item.seed}.json
    params: [rate, "sizes.${item.item}"]
    deps: [data/start.txt, stage.sh]
    outs: ["data/branch/${item.item}/${item.seed}"]
    metrics: ["data/metrics/${item.item}-${item.seed}.json"]
  gather:
    matrix: {item: ["b", "a", "c"]}
    cmd: sh stage.sh gather-${item.item} data/gathered/${item.item}.txt
    deps: ["data/branch/${item.item}", stage.sh]
    outs: ["data/gathered/${item.item}.txt"]
  summary:
    cmd: [sh stage.sh summary data/summary summary.json, echo twice >> data/summary/one.txt]
    deps: [data/gathered, data/metrics, stage.sh]
    outs: [data/summary]
    metrics: [{summary.json: {cache: false}}]
  frozen:
    frozen: true
    cmd: sh stage.sh frozen frozen.txt
    deps: [data/start.txt]
    outs: [{frozen.txt: {cache: false}}]
  uncached:
    cmd: sh stage.sh uncached uncached.txt
    deps: [data/start.txt, stage.sh]
    outs: [{uncached.txt: {cache: false}}]
  kept:
    cmd: sh stage.sh kept data/kept.txt
    deps: [data/summary, stage.sh]
    outs: [{data/kept.txt: {persist: true}}]
"""
ALWAYS = """\
  always:
    always_changed: true
    cmd: sh stage.sh always data/always.txt
    deps: [data/summary]
    outs: [data/always.txt]
  callback:
    cmd: sh stage.sh callback
"""
PARAMS = """\
rate: 1e-05
sizes:
  a: {width: 3, name: "on", list: [1, 2.50, null]}
  b: 3
  c: "a long text, a long text, a long text, a long text, a long text, a long text, a long text: end"
other: 1
"""


class Project:
    """One such project in a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, path: Path, *, always: bool = False) -> "Project":
        project = cls(path)
        (path / ".dvc").mkdir(parents=True)
        project.write(".dvc/config", "[core]\n    analytics = false\n")
        project.write(".gitignore", "/data\n/runs.txt\n/added.txt\n")
        project.write("stage.sh", STAGE)
        project.write("dvc.yaml", PIPELINE + (ALWAYS if always else ""))
        project.write("params.yaml", PARAMS)
        project.write("input.txt", "one\n")
        project.write("summary.json", "{}\n")
        project.write("frozen.txt", "as it was\n")
        project.write("added.txt", "added\n")
        subprocess.run(["git", "init", "--quiet"], cwd=path, check=True)
        project.inside(lambda: Repo().add("added.txt"))
        return project

    def write(self, name: str, text: str) -> None:
        (self.path / name).write_text(text)

    def replace(self, name: str, old: str, new: str) -> None:
        text = (self.path / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new, 1))

    @property
    def lock(self) -> bytes:
        return (self.path / "dvc.lock").read_bytes()

    def ran(self) -> list[str]:
        """The commands that have run since this was asked last, in the order of their start."""
        runs = self.path / "runs.txt"
        names = runs.read_text().split() if runs.exists() else []
        runs.unlink(missing_ok=True)
        return names

    def inside(self, call):
        before = Path.cwd()
        os.chdir(self.path)
        try:
            return call()
        finally:
            os.chdir(before)

    def dvc_repro(self) -> list[str]:
        """`dvc repro`; the commands that ran."""
        with Repo(str(self.path)) as repo:
            self.inside(repo.reproduce)
        return self.ran()

    def repro(self, *targets: str, jobs: int = 3, expect: int = 0) -> list[str]:
        """`evidrift repro`; the commands that ran."""
        assert self.inside(lambda: repro(list(targets), jobs, quiet=False)) == expect
        return self.ran()

    def status(self) -> dict:
        with Repo(str(self.path)) as repo:
            return self.inside(repo.status)

    def start(self, *words: str) -> subprocess.Popen:
        """`evidrift repro` in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "evidrift", "repro", *words],
            cwd=self.path,
            env=os.environ | {"PYTHONPATH": str(ROOT), "DVC_NO_ANALYTICS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
