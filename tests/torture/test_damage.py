"""What tools/torture/damage.py does to stages, in small: each reader, all of compare's and the report's."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import evidrift.networks.start_tensorflow  # noqa: F401 - deterministic kernels
from evidrift.base.errors import UserError
from evidrift.base.grid import Grid
from evidrift.base.json import read_sealed, write_sealed
from evidrift.base.seeds import stream
from evidrift.compare.study import read_study
from evidrift.images.store import MANIFEST, ImageStore, require_listed
from evidrift.maps.mapfile import MapFile
from evidrift.networks.checkpoint import load_own, save_weights
from evidrift.networks.classifier import build_head
from evidrift.networks.files import PREDICTIONS
from evidrift.report.page.material import Material
from evidrift.training.features import SPLITS, read_features, write_features
from evidrift.training.predictions import read_predictions, write_predictions
from tests.compare.studies import study_of, write_study
from tests.drift.study import architecture
from tests.images.stores import list_manifest
from tests.maps.test_mapfile import write as write_maps
from tests.report.page.made import material
from tests.training.test_features import features
from tools.torture.damage import WORDS, damaged

IDS = np.array(["a.png", "b.png"])


def write_images(path: Path) -> None:
    (path.parent / MANIFEST).write_text("image_id,label\na.png,normal\n")
    list_manifest(path.parent)


def head(seed: int = 1):
    return build_head(4, 2, 0, seed=seed)


# By a file's name: what writes it, and what reads it.
FILES = {
    "store.h5": (write_images, ImageStore),
    MANIFEST: (write_images, require_listed),
    "features.h5": (
        lambda path: write_features(path, dict.fromkeys(SPLITS, features())),
        lambda path: read_features(path, "test"),
    ),
    "head.weights.h5": (
        lambda path: save_weights(head(), path),
        lambda path: load_own(head(2), path, "train_tl"),
    ),
    f"tl/{PREDICTIONS}": (
        lambda path: write_predictions(path, IDS, np.array([0, 1]), np.eye(2), ("x", "y")),
        lambda path: read_predictions(path, IDS, ("x", "y")),
    ),
    "maps.h5": (write_maps, MapFile),
    "metrics.json": (
        lambda path: write_sealed(path, {"a": list(range(99))}),
        lambda path: read_sealed(path, "compare"),
    ),
}


def damages(name: str, data: bytes, n: int):
    for number in range(n):
        for kind in WORDS:
            yield damaged(data, kind, stream("damage", name, kind, number))


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_one_sentence_with_the_stage_and_the_command(tmp_path, name):
    write, read = FILES[name]
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    write(path)
    read(path)
    for data in damages(name, path.read_bytes(), 20):
        path.unlink()
        path.write_bytes(data)
        with pytest.raises(UserError) as error:
            read(path)
        told = str(error.value)
        assert str(path) in told
        assert "The stage " in told
        assert "`dvc repro`" in told


def refused(whole: Path, folder: Path, read, n: int) -> set[str]:
    """The files, of all in a folder, that were damaged and refused by name; some, chosen by chance.

    Args:
        whole: the folder.
        folder: where its copy, in which `read` reads, is damaged.
        read: reads it.
        n: files to damage, one after the other.
    """
    files = sorted(path.relative_to(whole).as_posix() for path in whole.rglob("*") if path.is_file())
    chosen = [files[at] for at in stream("damaged files").choice(len(files), n, replace=False)]
    for name in chosen:
        for data in damages(name, (whole / name).read_bytes(), 1):
            (folder / name).unlink()
            (folder / name).write_bytes(data)
            with pytest.raises(UserError, match=Path(name).name):
                read()
        shutil.copy2(whole / name, folder / name)
    read()
    return set(chosen)


def test_compare_refuses_every_file_that_it_reads_by_name(tmp_path):
    maps = [architecture("densenet_mini")]
    files = write_study(tmp_path / "study", study_of(*maps), maps)
    grid = Grid(architectures=["densenet_mini"], seeds=[1, 2], families=["cam"])
    (files.models / "densenet_mini" / "backbone.weights.h5").write_bytes(b"compare does not read it")
    shutil.copytree(tmp_path / "study", tmp_path / "whole")
    (tmp_path / "whole" / "models" / "densenet_mini" / "backbone.weights.h5").unlink()
    assert len(refused(tmp_path / "whole", tmp_path / "study", lambda: read_study(grid, files), 12)) == 12


def test_the_report_refuses_every_file_that_it_reads_or_lists_by_name(tmp_path):
    files = material(tmp_path / "study", architecture())
    shutil.copytree(tmp_path / "study", tmp_path / "whole")

    def read():
        made = Material(files)
        return made.hashes(), made.shapes

    assert len(refused(tmp_path / "whole", tmp_path / "study", read, 10)) == 10
