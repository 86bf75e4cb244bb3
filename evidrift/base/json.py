"""JSON files: numbers rounded, what is missing null, the same bytes for the same content."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np


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


def as_json(content: Any) -> str:
    """Content of JSON's own types as text that ends with a newline."""
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def write_json(path: Path, content: Any) -> None:
    """Write content of JSON's own types; the file's folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(as_json(content), encoding="utf-8")
