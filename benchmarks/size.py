"""How large a study may be: each stage's time and memory at several numbers of images.

    python -m benchmarks.size 1000 10000 100000 [--folder FOLDER]

Phantoms of 64 px, a quarter of them in the test split; resnetv2_mini, one seed, one epoch of fine-tuning; the
family cam explains all test images, gradients 12 of each class. Every stage is the command of dvc.yaml, a
process of its own, so that its peak memory is its own. Printed for each: images, seconds on the clock, user
and system CPU, peak resident memory; below, by which power of the number of images CPU and memory grow from
one size to the next (1 is linear).

What was measured stands in FOLDER/<images>/measured.json as well: started again with the same folder, the
benchmark goes on behind the last stage that ended.
"""

import argparse
import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
ARCHITECTURE, SEED = "resnetv2_mini", 1
CODE = ("evidrift", "stages", "dvc.yaml")
MIB = 1024  # of ru_maxrss, KiB

Row = dict[str, Any]


def main() -> None:
    """Measure and print."""
    args = parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.folder or Path(temporary)
        tables = {n: measure(folder / str(n), n) for n in sorted(args.images)}
    for small, large in zip(list(tables)[:-1], list(tables)[1:], strict=True):
        print(f"\ngrowth from {small} to {large} images")
        for few, many in zip(tables[small], tables[large], strict=True):
            print(f"{many['stage']:20} {_growth(few, many, large / small)}")


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("images", type=int, nargs="+", help="numbers of images, multiples of 100")
    parser.add_argument("--folder", type=Path, help="keep everything here; default: a temporary folder")
    return parser.parse_args()


def measure(place: Path, n: int) -> list[Row]:
    """Run the stages on n images; a row a stage."""
    set_up(place, n)
    record = place / "measured.json"
    rows: list[Row] = json.loads(record.read_text()) if record.exists() else []
    for at, (stage, command) in enumerate(commands(place)):
        if at == len(rows):
            rows.append({"images": n, "stage": stage, **run(command, place, stage)})
            record.write_text(json.dumps(rows, indent=1))
        row = rows[at]
        print(
            f"{n:7} images  {stage:20} {row['wall']:8.1f} s  user {row['user']:8.1f} s  "
            f"system {row['system']:6.1f} s  {row['peak']:6.0f} MiB",
            flush=True,
        )
    return rows


def set_up(place: Path, n: int) -> None:
    """A folder that the stages run in: this repository's code, parameters and a recipe of n phantoms."""
    (place / "phantoms").mkdir(parents=True, exist_ok=True)
    for name in CODE:
        if not (place / name).exists():
            (place / name).symlink_to(ROOT / name)
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    params["grid"] |= {"architectures": [ARCHITECTURE], "seeds": [SEED]}
    params["prepare"] |= {"source": "phantoms/size.yaml", "size": 64, "min_side": 32}
    for section in ("architectures", "train_tl", "finetune"):
        params[section] = {ARCHITECTURE: params[section][ARCHITECTURE]}
    params["train_tl"][ARCHITECTURE]["epochs"] = 3
    gentle = {"warmup_epochs": 0, "learning_rate": 0.0003, "batchnorm": "inference"}
    params["finetune"][ARCHITECTURE] |= {"epochs": 1, "keep_epochs": [SEED], **gentle}
    (place / "params.yaml").write_text(yaml.safe_dump(params))
    recipe = yaml.safe_load((ROOT / "phantoms/default.yaml").read_text())
    of_class = n / len(recipe["classes"])
    shares = {"train": 0.6, "validation": 0.15, "test": 0.25}
    recipe["patients"] = {split: round(of_class * share) for split, share in shares.items()}
    (place / "phantoms/size.yaml").write_text(yaml.safe_dump(recipe))


def commands(place: Path) -> Iterator[tuple[str, str]]:
    """The stages of dvc.yaml, in its order, an item of the grid each, with their commands."""
    params = yaml.safe_load((place / "params.yaml").read_text())
    for name, stage in yaml.safe_load((place / "dvc.yaml").read_text())["stages"].items():
        families = params["grid"]["families"] if "family" in stage.get("matrix", {}) else [None]
        for family in families:
            item = {"arch": ARCHITECTURE, "seed": SEED, "family": family}
            words = " ".join(f"--{key} {item[key]}" for key in stage.get("matrix", {}))
            yield f"{name} {family}" if family else name, stage["cmd"].replace("${item}", words)


def run(command: str, place: Path, stage: str) -> Row:
    """Run one command; seconds and MiB. A stage that fails ends the benchmark, with its log's name."""
    log = place / f"{stage.replace(' ', '-')}.log"
    started = time.perf_counter()
    with log.open("w") as file:
        words = [sys.executable if word == "python" else word for word in command.split()]
        process = Popen(words, cwd=place, stdin=DEVNULL, stdout=file, stderr=file)  # noqa: S603 - dvc.yaml's own
        _, status, used = os.wait4(process.pid, 0)
    if code := os.waitstatus_to_exitcode(status):
        sys.exit(f"{stage} left with {code}: see {log}")
    wall = time.perf_counter() - started
    return {"wall": wall, "user": used.ru_utime, "system": used.ru_stime, "peak": used.ru_maxrss / MIB}


def _growth(small: Row, large: Row, ratio: float) -> str:
    powers = (math.log(large[name] / small[name], ratio) for name in ("user", "peak"))
    return "CPU {:.2f}, memory {:.2f}".format(*powers)


if __name__ == "__main__":
    main()
