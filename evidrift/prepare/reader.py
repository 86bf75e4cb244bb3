"""The process that reads films: asked by lines, it answers by lines, each followed by the film's pixels.

It may write no file, start no program and open no connection, where the system can see to that, and has
limits on memory and on the time that a film takes: a file that is made to break its decoder, to fill the
memory or to take for ever breaks this process alone.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from evidrift.base.errors import UserError
from evidrift.base.process.confining import Limits, confine, limit
from evidrift.prepare.entry import Entry, Excluded
from evidrift.prepare.films import header
from evidrift.prepare.listing.cells import parquet_cells
from evidrift.prepare.source import load_file

# A film's: of the processor, where the largest that are read take 8 s on a machine of 2025; and of memory.
LIMITS = Limits(memory=2 << 30, seconds=60)


def serve(replies: int) -> None:
    """Answer each request; the first line is the key of passing pseudonyms.

    Args:
        replies: an open file to write answers to.
    """
    header.share_key(bytes.fromhex(sys.stdin.readline()))
    confine()
    with os.fdopen(replies, "wb") as answers:
        for line in sys.stdin:
            limit(LIMITS, to_write=0)
            request = json.loads(line)
            os.chdir(request["folder"])
            os.environ[header.KEY] = request["key"]
            answer, pixels = _answer(request["asked"])
            answers.write(json.dumps(answer).encode() + b"\n" + pixels)
            answers.flush()


def _answer(request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    if "parquet" in request:
        return _cells(Path(request["parquet"])), b""
    entry = Entry(**request.pop("entry"))
    try:
        loaded, planes = load_file(entry, Path(request.pop("source")), **request)
    except Excluded as why:
        return {"reason": why.reason, "detail": why.detail}, b""
    except MemoryError:
        detail = f"more than {LIMITS.memory >> 30} GiB of memory to read it"
        return {"reason": "too_large", "detail": detail}, b""
    return {
        "width": loaded.width,
        "height": loaded.height,
        "sha256": loaded.sha256,
        "pixel_hash": loaded.pixel_hash,
        "content": [int(each) for each in loaded.content],
        "flags": list(loaded.flags),
        "patient_id": loaded.entry.patient_id,
        "extra": dict(loaded.entry.extra),
    }, np.ascontiguousarray(planes).tobytes()


def _cells(file: Path) -> dict[str, Any]:
    try:
        columns, rows = parquet_cells(file)
    except UserError as error:
        return {"told": str(error)}
    except MemoryError:
        return {"told": f"{file} needs more than {LIMITS.memory >> 30} GiB of memory to be read: refused."}
    return {"columns": columns, "rows": rows}


if __name__ == "__main__":
    serve(int(sys.argv[1]))
