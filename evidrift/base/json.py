"""JSON files: numbers rounded, what is missing null, the same bytes for the same content; sealed ones."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evidrift.base.files.seal import EMPTY, require_sealed, writing_sealed
from evidrift.base.files.writing import write_text

if TYPE_CHECKING:
    import pandas as pd

SEAL = "seal"


def plain(value: Any, decimals: int) -> Any:
    """JSON's own types: floats rounded, NaN and infinities None, numpy's scalars as Python's.

    A named tuple becomes a mapping, any other a list.


    Args:
        value: a value, or mappings and sequences of them.
        decimals: places of a float that stay.
    """
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        return {key: plain(item, decimals) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, decimals) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return round(value, decimals) if np.isfinite(value) else None
    return value


def nested(items: Iterable[tuple[Sequence[str], Any]]) -> dict[str, Any]:
    """Values by their keys, each key a level: (("a", "b"), 1) gives {"a": {"b": 1}}."""
    whole: dict[str, Any] = {}
    for (*above, last), value in items:
        here = whole
        for key in above:
            here = here.setdefault(key, {})
        here[last] = value
    return whole


def nested_rows(table: "pd.DataFrame", keys: Sequence[str], columns: Sequence[str]) -> dict[str, Any]:
    """A table's rows by the words in their keys, each with its values in some columns."""
    return nested(
        ([str(row[key]) for key in keys], {name: row[name] for name in columns})
        for row in table.to_dict("records")
    )


def as_json(content: Any) -> str:
    """Content of JSON's own types as text that ends with a newline."""
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def write_json(path: Path, content: Any) -> None:
    """Write content of JSON's own types; the file's folder is made."""
    write_text(path, as_json(content))


def write_sealed(path: Path, content: Mapping[str, Any]) -> None:
    """Write content of JSON's own types with a seal as its last key; the file's folder is made."""
    with writing_sealed(path) as partial:
        # a list, since DVC shows numbers and texts of metrics, and a checksum is none
        partial.write_text(as_json({**content, SEAL: [EMPTY]}), encoding="utf-8")


def read_sealed(path: Path, stage: str) -> dict[str, Any]:
    """What `write_sealed` wrote, without the seal.

    Args:
        path: of the file.
        stage: that writes it.

    Raises:
        UserError: it is missing or damaged.
    """
    require_sealed(path, stage)
    content = json.loads(path.read_text(encoding="utf-8"))
    del content[SEAL]
    return content
