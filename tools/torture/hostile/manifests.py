"""Lists of films that lead outside, or ask for more than they are."""

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

HEAD = "path,label,patient_id\n"
GOOD = "".join(f"{label}/{at}.png,{label},{label}{at}\n" for label in ("a", "b") for at in range(40))


class List(NamedTuple):
    """A manifest.

    Attributes:
        name: of its file.
        what: it is.
        refused: whether no list can be made of it; else single rows are left out, or nothing.
    """

    name: str
    what: str
    refused: bool = True

    @property
    def due(self) -> str:
        """How what is said of it must begin."""
        return "error: " if self.refused else "kept 80"


def write(folder: Path, secret: Path, n: int) -> Iterator[List]:
    """Write one after the other; `secret` is a film outside, `n` is 2 for the whole, 1 for a small run."""
    outside = {
        "up": os.path.relpath(secret, folder),
        "absolute": str(secret),
        "link": "a/link.png",
        "linked folder": "linked/secret.png",
        "dotted": f"a/./../{os.path.relpath(secret, folder)}",
        "windows": f"a\\..\\{os.path.relpath(secret, folder)}".replace("/", "\\"),
        "drive": "C:\\films\\secret.png",
        "address": f"file://{secret}",
        "process": "/proc/self/environ",
        "home": "~/secret.png",
    }
    (folder / "a" / "link.png").symlink_to(secret)
    (folder / "linked").symlink_to(secret.parent)
    for name, path in outside.items():
        (folder / f"{name}.csv").write_text(f"{HEAD}{GOOD}{path},a,p\n", encoding="utf-8")
        yield List(f"{name}.csv", f"a path that leads outside: {name}", name not in ("address", "home"))
    (folder / "a" / "link.png").unlink()
    (folder / "linked").unlink()
    texts = {
        "nul": ("a path with NUL bytes", False, f"{HEAD}{GOOD}a/1\0/../../secret.png,a,p\n"),
        "label": ("a label with NUL bytes", True, f"{HEAD}{GOOD}x.png,a\0b,p\n"),
        "long": ("a path of 100,000 characters", False, f"{HEAD}{GOOD}{'x/' * 50_000}x.png,a,p\n"),
        "name": ("a name of 100,000 characters", False, f"{HEAD}{GOOD}{'x' * 100_000}.png,a,p\n"),
        "row": ("a row of 100 MB", True, f"{HEAD}{GOOD}{'x' * (50 * n << 20)}.png,a,p\n"),
        "cells": ("a row of a million cells", True, f"{HEAD}{GOOD}a/1.png,a,p{',x' * 1_000_000}\n"),
        "heading": ("a heading of 10 MB", True, f"path,{'x' * 10_000_000}\n"),
        "headings": ("a million headings", True, f"{'x,' * (1_000_000 if n > 1 else 100_000)}path,label\n"),
        "escape": ("escapes in the headings", True, "path,\x1b[2J\x1b]0;owned\x07,label\n"),
        "empty": ("no bytes", True, ""),
        "quote": ("a quote that never ends", True, f'{HEAD}{GOOD}"a/1.png,a,p\n' + "x\n" * 200_000),
        "formula": (
            "cells that Excel would run",
            False,
            f"{HEAD}{GOOD}=HYPERLINK(1).png,a,\"=cmd|' /C'!A0\"\n",
        ),
        "sep": ("Excel's line of the separator, and nothing", True, "sep=;\r\n"),
        "rows": ("a million rows", False, f"{HEAD}{GOOD}" + _rows(1_000_000 if n > 1 else 1_000)),
        "twice": ("a film listed twice, by two spellings", True, f"{HEAD}{GOOD}./a/1.png,a,p\n"),
    }
    for name, (what, refused, text) in texts.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
        yield List(f"{name}.csv", what, refused)
    (folder / "odd.csv").write_bytes(b"\xff\xfe" + "path,label,patient_id\n".encode("utf-16-le") + b"\xd8")
    yield List("odd.csv", "UTF-16, cut within a character")
    os.mkfifo(folder / "pipe.csv")
    yield List("pipe.csv", "a pipe")
    (folder / "folder.csv").mkdir()
    yield List("folder.csv", "a folder")
    (folder / "circle.csv").symlink_to("circle.csv")
    yield List("circle.csv", "a link to itself")
    (folder / "zero.csv").symlink_to("/dev/zero")
    yield List("zero.csv", "a link to /dev/zero")
    with (folder / "sparse.csv").open("wb") as sparse:
        sparse.truncate(1 << 40)
    yield List("sparse.csv", "1 TB of nothing")
    yield from _parquets(folder, n)


def _rows(n: int) -> str:
    return "".join(f"a/none{number}.png,a,p{number}\n" for number in range(n))


def _parquets(folder: Path, n: int) -> Iterator[List]:
    columns = {
        "path": [f"{label}/{at}.png" for label in ("a", "b") for at in range(40)],
        "label": ["a"] * 40 + ["b"] * 40,
        "patient_id": [str(at) for at in range(80)],
    }
    good = pa.table(columns)
    pq.write_table(good, folder / "good.parquet")
    whole = (folder / "good.parquet").read_bytes()
    footer = struct.unpack("<I", whole[-8:-4])[0]
    damaged = {
        "cut.parquet": whole[: len(whole) // 2],
        "footer.parquet": whole[:-8] + struct.pack("<I", 0x7FFFFFFF) + b"PAR1",
        "pages.parquet": whole[:4] + bytes(len(whole) - footer - 12) + whole[-footer - 8 :],
        "ends.parquet": b"PAR1PAR1",
        "text.parquet": b"path,label\n",
    }
    for name, data in damaged.items():
        (folder / name).write_bytes(data)
        yield List(name, f"Parquet, damaged: {name.partition('.')[0]}")
    for name, word, groups, what in (
        ("bomb", "a/1.png", 512 if n > 1 else 48, "500 million rows in a few hundred kB"),
        ("words", "a/1.png".rjust(200, "x"), 1, "a million rows of one word, which it holds once"),
    ):
        repeated = pa.DictionaryArray.from_arrays(pa.array(np.zeros(1 << 20, np.int32)), [word])
        schema = pa.schema(dict.fromkeys(columns, repeated.type))
        with pq.ParquetWriter(folder / f"{name}.parquet", schema) as file:
            for _ in range(groups):  # each a few hundred bytes
                file.write_table(pa.table(dict.fromkeys(columns, repeated)))
        yield List(f"{name}.parquet", f"Parquet of {what}")
    text = pa.array(["x" * (200 << 20 if n > 1 else 140 << 20)])
    long = pa.table({"path": text, "label": ["a"], "patient_id": ["p"]})
    pq.write_table(long, folder / "cell.parquet", use_dictionary=False, write_statistics=False)
    yield List("cell.parquet", "Parquet with a cell of 200 MB in 10 kB")
    kept = dict.fromkeys(columns, pa.array([None] * 9, pa.null()))
    nested = pa.array([[{"a": [1]}]] * 9)
    pq.write_table(pa.table({**kept, "path": nested}), folder / "nested.parquet")
    yield List("nested.parquet", "Parquet with lists of structures for paths, twice the same")
