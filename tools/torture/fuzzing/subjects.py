"""What is fuzzed: readers, with valid files to begin with."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from evidrift.auditing.gate.limits import load_gate
from evidrift.base.errors import UserError
from evidrift.base.table import read_checked, write_frame
from evidrift.images.store import ImageStore, write_store
from evidrift.maps.mapfile import CheckpointMaps, LayerMaps, MapFile, Origin, write_maps
from evidrift.networks.files import PREDICTION_COLUMNS
from evidrift.params import check
from evidrift.prepare.entry import Excluded
from evidrift.prepare.listing.manifest import list_manifest
from evidrift.prepare.read import read_film
from tools.formats.films import all_kinds
from tools.torture.fuzzing import mutations
from tools.torture.fuzzing.mutations import Change
from tools.torture.hostile.manifests import GOOD, HEAD

ROOT = Path(__file__).parents[3]
N = 6  # images of a store, of maps


class Subject(NamedTuple):
    """A reader.

    Attributes:
        name: in a word or two.
        seeds: valid files, the ending of each and its bytes.
        change: by ending.
        read: it reads a file; what it may raise is raised no further.
    """

    name: str
    seeds: Sequence[tuple[str, bytes]]
    change: Callable[[str], Change]
    read: Callable[[Path], None]


def subjects() -> Iterator[Subject]:
    """All readers but that of model files, which needs TensorFlow: see `models`."""
    yield Subject("images", [(".film", kind.data) for kind in all_kinds()], _bytes, _film)
    yield Subject("manifests", _manifests(), _of_manifest, _manifest)
    files = [ROOT / "params.yaml", *sorted((ROOT / "profiles").glob("*.yaml"))]
    yield Subject(
        "parameter files", [(".yaml", each.read_bytes()) for each in files], _yaml, _refusing(check)
    )
    gates = [ROOT / "docs/release/gate.yaml", ROOT / "evidrift/demo/files/gate.yaml"]
    yield Subject("gate files", [(".yaml", each.read_bytes()) for each in gates], _yaml, _refusing(load_gate))
    yield Subject("stores, maps and tables", _own(), _hdf5_or_bytes, _refusing(_read_own))


def _bytes(_: str) -> Change:
    return mutations.change_bytes


def _yaml(_: str) -> Change:
    return mutations.change_yaml


def _of_manifest(ending: str) -> Change:
    return mutations.change_bytes if ending == ".parquet" else mutations.change_text


def _hdf5_or_bytes(ending: str) -> Change:
    return mutations.change_hdf5 if ending == ".h5" else mutations.change_bytes


def _refusing(read: Callable[[Path], object]) -> Callable[[Path], None]:
    def refusing(path: Path) -> None:
        with suppress(UserError):
            read(path)

    return refusing


def _film(path: Path) -> None:
    with suppress(Excluded, MemoryError):  # the process apart makes an exclusion of that one, too
        read_film(path.read_bytes())


def _manifests() -> list[tuple[str, bytes]]:
    table = {"path": ["a/1.png", "b/2.png"], "label": ["a", "b"], "patient_id": ["1", None]}
    buffer = pa.BufferOutputStream()
    pq.write_table(pa.table(table), buffer)
    text = f"{HEAD}{GOOD}"
    return [
        *((".csv", text.encode(coding)) for coding in ("utf-8", "utf-8-sig", "utf-16")),
        (".csv", 'sep=;\r\nImage Path;Finding;PID;split\r\n"a\\1.png";Größe;007;val\r\n'.encode("cp1252")),
        (".tsv", text.replace(",", "\t").encode()),
        (".parquet", buffer.getvalue().to_pybytes()),
    ]


def _manifest(path: Path) -> None:
    with suppress(UserError):
        list_manifest(path.parent, path.name, ("path",))


def _own() -> list[tuple[str, bytes]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ids = [f"a/{at}.png" for at in range(N)]
        content = np.tile(np.array([0, 0, 8, 8], np.int32), (N, 1))
        pixels = np.random.default_rng(1).integers(0, 256, (N, 8, 8), dtype=np.uint8)
        for beside in ("manifest.csv", "exclusions.csv"):
            (folder / beside).write_text("path\n", encoding="utf-8")
        write_store(
            folder / "store.h5",
            classes=["a", "b"],
            size=8,
            image_ids=ids,
            patient_ids=ids,
            labels=[0, 1] * (N // 2),
            splits=["test"] * N,
            content=[(0, 0, 8, 8)] * N,
            pixels=iter(pixels),
        )
        layer = LayerMaps("conv", True, False, {"grad_cam": np.ones((N, 2, 2), np.float32)}, ())
        maps = CheckpointMaps(np.zeros(N, int), np.zeros((N, 2), np.float32), {"penultimate": layer})
        weights = {"tl": "0" * 64, "ft": "1" * 64}
        origin = Origin("x", 1, "cam", "centred", "label", 8, ("a", "b"), {"keras": "3"}, weights)
        write_maps(folder / "maps.h5", origin, np.array(ids), content, {"tl": maps, "ft": maps})
        frame = pd.DataFrame({name: _column(kind) for name, (kind, _) in PREDICTION_COLUMNS.items()})
        write_frame(folder / "table.parquet", frame, PREDICTION_COLUMNS)
        return [
            (path.suffix, path.read_bytes()) for path in sorted(folder.iterdir()) if path.suffix != ".csv"
        ]


def _column(kind: type) -> list[object]:
    return [kind(at) for at in range(N)]


def _read_own(path: Path) -> None:
    if path.suffix == ".parquet":
        read_checked(path, PREDICTION_COLUMNS, "finetune").to_pandas()
        return
    if b"maps" in path.read_bytes():
        file = MapFile(path).require("x", 1, "cam")
        for layer, method in file.methods():
            file.maps("tl", layer, method)
        file.logits("ft"), file.targets("tl"), file.content, file.image_ids
        return
    images = ImageStore(path).split("test")
    np.asarray(images.pixels[:])
