"""The process that reads films: asked by lines, it answers by lines, each followed by the film's pixels.

It may write no file, and has limits on memory and on the time that a film takes: a file that is made to
break its decoder, to fill the memory or to take for ever breaks this process alone.
"""

import contextlib
import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

import numpy as np

from evidrift.base.errors import UserError
from evidrift.prepare.entry import Entry, Excluded
from evidrift.prepare.films import header
from evidrift.prepare.listing.cells import parquet_cells
from evidrift.prepare.source import load_file

SECONDS = 60  # of CPU time a film; the largest that are read take 8 s on a machine of 2025
MEMORY = 2 << 30  # bytes, beyond what the process has when it starts


def serve(replies: int) -> None:
    """Answer each request; the first line is the key of passing pseudonyms.

    Args:
        replies: an open file to write answers to.
    """
    header.share_key(bytes.fromhex(sys.stdin.readline()))
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_DATA, _data() + MEMORY)
    with os.fdopen(replies, "wb") as answers:
        for line in sys.stdin:
            used = resource.getrusage(resource.RUSAGE_SELF)
            _limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + 1 + SECONDS)
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
        return {"reason": "too_large", "detail": f"more than {MEMORY >> 30} GiB of memory to read it"}, b""
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
        return {"told": f"{file} needs more than {MEMORY >> 30} GiB of memory to be read: refused."}
    return {"columns": columns, "rows": rows}


def _limit(kind: int, most: int) -> None:
    """Lower a limit, where this system has it."""
    with contextlib.suppress(OSError, ValueError):
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _data() -> int:
    """Bytes of memory that this process has of its own; 0 where that is not told."""
    with contextlib.suppress(OSError):
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[5]
        return int(pages) * resource.getpagesize()
    return 0


if __name__ == "__main__":
    serve(int(sys.argv[1]))
