"""Delete outputs of architectures, seeds and families that left the grid.

    python -m tools.prune params.yaml       as `make prune` does

DVC leaves the files of a dropped seed where they were, and folders that hold them would be hashed with them.
Only the workspace's copies go: what DVC has cached or pushed stays there.
"""

import argparse
from pathlib import Path

from dvc.repo import Repo

from evidrift.errors import run
from evidrift.params.grid import load_grid

FOLDERS = ("data", "models", "metrics", "plots")


def outside_the_grid(root: Path) -> list[Path]:
    """Files in the output folders that no stage of the present dvc.yaml and params.yaml writes."""
    with Repo(str(root)) as repo:
        outputs = [Path(out.fs_path) for stage in repo.index.stages for out in stage.outs]
    files = [path for folder in FOLDERS for path in sorted((root / folder).rglob("*")) if path.is_file()]
    return [path for path in files if not any(path == output or output in path.parents for output in outputs)]


def main() -> None:
    """Delete them, naming each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("params", type=Path)
    load_grid(parser.parse_args().params)
    root = Path.cwd()
    for path in outside_the_grid(root):
        print(f"deleted {path.relative_to(root)}")
        path.unlink()
        for folder in path.parents:
            if folder == root or any(folder.iterdir()):
                break
            folder.rmdir()


if __name__ == "__main__":
    run(main)
