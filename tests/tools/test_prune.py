"""Pruning deletes outputs that left the grid, and nothing of the user's."""

import shutil
from pathlib import Path

import pytest
import yaml

from evidrift.base.errors import UserError
from tests.places import ROOT
from tools import prune


@pytest.fixture
def project(tmp_path, monkeypatch):
    """The real dvc.yaml over the tiny grid (resnetv2_mini and inception_mini, seeds 1 and 2)."""
    shutil.copy2(ROOT / "dvc.yaml", tmp_path)
    params = yaml.safe_load((ROOT / "profiles" / "tiny.yaml").read_text())
    params["prepare"]["source"] = "data/mine"
    params["architectures"]["inception_mini"] |= {"weights": "models/own/backbone.weights.h5"}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    monkeypatch.chdir(tmp_path)

    def write(*names):
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()

    write(*KEPT, *(f"{name}/file" if not Path(name).suffix else name for name in OUTSIDE))
    return tmp_path


OUTSIDE = [
    "data/drift/densenet_mini",
    "data/maps/densenet_mini/1-cam.h5",
    "data/maps/inception_mini/1-rise.h5",
    "data/maps/inception_mini/3-cam.h5",
    "data/treated/inception_mini/wise-low",  # of the grid, but not of the sweep
    "data/treated/resnetv2_mini/maps-top",
    "metrics/finetune/inception_mini-3.json",
    "models/inception_mini/3/tl",
]
KEPT = [
    "data/drift/inception_mini/pairs.parquet",
    "data/maps/inception_mini/2-cam.h5",
    "data/mine/normal/1.png",  # the image source
    "data/images/store.h5",
    "data/treated/resnetv2_mini/wise-low/1/network.weights.h5",
    "data/maps/notes.txt",  # fits no output
    "models/inception_mini/backbone.weights.h5",
    "models/own/backbone.weights.h5",  # looks like an output, but is a weights file of the parameters
]


def test_only_outputs_outside_the_grid_are_found(project):
    found = prune.outside_the_grid(project, project / "params.yaml")
    assert [path.as_posix() for path in found] == OUTSIDE


def test_they_are_deleted_and_named_with_the_folders_they_leave_empty(project, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["prune", "params.yaml"])
    prune.main()
    assert capsys.readouterr().out.splitlines() == [f"deleted {name}" for name in OUTSIDE]
    left = sorted(
        path.relative_to(project).as_posix() for path in project.glob("[dm]*/**/*") if path.is_file()
    )
    assert left == sorted(KEPT)
    assert not (project / "data/maps/densenet_mini").exists()


def test_a_check_deletes_nothing_and_stops(project, monkeypatch):
    monkeypatch.setattr("sys.argv", ["prune", "params.yaml", "--check"])
    with pytest.raises(
        UserError, match=r"and 7 more outputs lie outside the grid of params.yaml. `make prune`"
    ):
        prune.main()
    assert all((project / name).exists() for name in OUTSIDE)


def test_unfinished_runs_of_what_left_the_grid_go_too_and_others_stay(project, monkeypatch, capsys):
    end = "0123456789abcdef"
    gone = [
        f"scratch/{name}-{end}"
        for name in (
            *("explain-inception_mini-1-rise", "finetune-inception_mini-3"),
            "treat-resnetv2_mini-focal-low",
        )
    ]
    kept = [
        *(f"scratch/{name}-{end}" for name in ("check-inception_mini", "treat-resnetv2_mini-wise-low")),
        "scratch/finetune-inception_mini-3",
        "scratch/torture/study",
    ]
    for name in (*gone, *kept):
        (project / name).mkdir(parents=True)
    monkeypatch.setattr("sys.argv", ["prune", "params.yaml"])
    prune.main()
    assert [(project / name).exists() for name in (*gone, *kept)] == [False] * 3 + [True] * 4
