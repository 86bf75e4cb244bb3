"""What a stage's results depend on, as hashes: unfinished work of others is none to go on from."""

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

import evidrift
from evidrift.base.compute import pinned
from evidrift.base.versions import LIBRARIES, OTHERS, versions

PIECE = 1 << 20  # bytes
# Of these rooms a stage depends on the files that it loads; of others on the whole room, as dvc.yaml has it.
BY_FILE = ("families", "strategies", "zoo")


def fingerprint(settings: Iterable[Any], inputs: Iterable[Path]) -> dict[str, str]:
    """sha256 of all that decides on the bytes of a stage's outputs, by what it is.

    Args:
        settings: parameters: sections of the parameter file, or of JSON's types.
        inputs: files and folders, by their content. Hidden files in a folder don't count.
    """
    return {
        "parameters": _of_text(_json([pinned(), *settings])),
        "inputs": _of_text(_json([_of_path(path) for path in inputs])),
        "code": _of_text(_json([_of_path(path) for path in code()])),
        "versions": _of_text(_json(versions((*LIBRARIES, *OTHERS)))),
    }


def code() -> list[Path]:
    """The files of this project that this process has loaded, with the others of their rooms."""
    package = Path(evidrift.__file__).parent
    loaded = {
        Path(file)
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] == "evidrift" and (file := getattr(module, "__file__", None))
    }
    files = set()
    for path in loaded:
        room, *rest = path.relative_to(package).parts
        files |= set((package / room).rglob("*.py")) if rest and room not in BY_FILE else {path}
    script = Path(getattr(sys.modules["__main__"], "__file__", None) or "")
    return sorted(files | ({script} if script.parent.name == "stages" else set()))


def _json(content: Any) -> str:
    return json.dumps(content, sort_keys=True, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump()
    return value.__name__  # a module, whose code counts by itself


def _of_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _of_path(path: Path) -> list[tuple[str, str]]:
    """The files at or below a path with their hashes, sorted; that of a missing one is empty."""
    if not path.is_dir():
        return [("", _of_file(path))]
    return [(file.relative_to(path).as_posix(), _of_file(file)) for file in sorted(_files(path))]


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and path.is_file():
            yield path


def _of_file(path: Path) -> str:
    if not path.is_file():
        return ""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()
