"""What `evidrift repro` costs beside `dvc repro`, on pipelines whose commands do nothing or sleep.

    python -m benchmarks.repro            # CPU time a stage, of 48 stages with this project's dependencies
    python -m benchmarks.repro --sleep    # 40 stages that sleep for 10 s, 8 at once: efficiency, own overhead

Efficiency is the work (40 x 10 s) over the time that eight places were there for it. Own overhead is the CPU
time of the scheduler over the same. Sleeping stages take no core: both hold on a machine with fewer.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
EVIDRIFT, DVC = (sys.executable, "-m", "evidrift", "repro"), ("dvc", "repro")
N, SECONDS, JOBS = 40, 10, 8


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sleep", action="store_true", help="the 40 stages that sleep")
    with tempfile.TemporaryDirectory() as folder:
        (sleeping if parser.parse_args().sleep else bookkeeping)(Path(folder))


def sleeping(folder: Path) -> None:
    """Efficiency and own overhead at eight jobs."""
    stages = "".join(
        f"  s{k}: {{cmd: sleep {SECONDS} && echo {k} > out{k}, outs: [out{k}]}}\n" for k in range(N)
    )
    project(folder, f"stages:\n{stages}")
    wall, cpu = run(folder, *EVIDRIFT, "--jobs", str(JOBS))
    work = N * SECONDS / JOBS
    print(f"{N} stages of {SECONDS} s, {JOBS} at once: {wall:.1f} s, at best {work:.0f} s")
    print(
        f"efficiency {work / wall:.2f}, own CPU time {cpu:.1f} s: {cpu / (JOBS * wall):.1%} of eight places"
    )


def bookkeeping(folder: Path) -> None:
    """CPU time a stage of both, all to do and nothing to do."""
    deps = ", ".join(
        f"evidrift/{path.name}" for path in sorted((ROOT / "evidrift").iterdir()) if path.is_dir()
    )
    own = f"    params: [grid, compute, explain, check]\n    deps: [{deps}]\n"
    stages = "".join(f"  s{k}:\n    cmd: echo {k} > out{k}\n{own}    outs: [out{k}]\n" for k in range(48))
    for name, command in (("dvc repro", DVC), ("evidrift repro", (*EVIDRIFT, "--jobs", "1"))):
        place = folder / name.split()[0]
        project(place, f"stages:\n{stages}")
        (place / "evidrift").symlink_to(ROOT / "evidrift")
        (place / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
        first, again = run(place, *command)[1], run(place, *command)[1]
        print(f"{name:15} {first / 48:.2f} s of CPU a stage; nothing to do {again:.2f} s")


def project(place: Path, pipeline: str) -> None:
    """A project of DVC's with this pipeline."""
    (place / ".dvc").mkdir(parents=True)
    (place / ".dvc" / "config").write_text("[core]\n    analytics = false\n    no_scm = true\n")
    (place / "dvc.yaml").write_text(pipeline)


def run(place: Path, *command: str) -> tuple[float, float]:
    """Seconds of wall and CPU time, the commands' own included, that a command takes there."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=place, env=environment, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - start, used


if __name__ == "__main__":
    main()
