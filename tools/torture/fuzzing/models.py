"""Model files as the process apart reads them, and what this process makes of what that one hands over."""

from contextlib import suppress
from pathlib import Path

from evidrift.base.errors import UserError
from evidrift.foreign.apart.reading import read_apart
from evidrift.foreign.files import load_model_file
from tools.torture.fuzzing import mutations
from tools.torture.fuzzing.mutations import Change
from tools.torture.fuzzing.subjects import ROOT, Subject


def model_files() -> Subject:
    """The demo's models, changed."""
    files = [ROOT / "evidrift/demo/files/in_use.keras", ROOT / "evidrift/demo/files/candidate.keras"]
    seeds = [(path.suffix, path.read_bytes()) for path in files]
    seeds += [
        (".weights.h5", path.read_bytes())
        for path in sorted((ROOT / "evidrift/zoo/weights").glob("*.h5"))[:1]
    ]
    return Subject("model files", seeds, _change, _read)


def _change(ending: str) -> Change:
    return mutations.change_zip if ending == ".keras" else mutations.change_hdf5


def _read(path: Path) -> None:
    named = None if path.suffix == ".keras" else "densenet_mini"
    with suppress(UserError):
        load_model_file(read_apart([path], named, 64)[path])
