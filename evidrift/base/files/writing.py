"""Files that appear whole or not at all: written under a hidden name, flushed to disk, then renamed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PARTIAL = (
    ".partial-"  # and the file's name; .dvcignore has it, so that a killed run leaves nothing to version
)


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Write a file in place of `path`, which changes when the block has ended well, and only then.

    A file that was there stays as it is until then, also where it is a link into DVC's cache.

    Args:
        path: to write; its folder is made.

    Yields:
        The file to write instead, beside it and of the same ending. It is removed if the block fails.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{PARTIAL}{path.name}")
    try:
        yield partial
        _flush(partial)
        partial.replace(path)
    except BaseException as error:
        partial.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)  # which a failing write does not know
        raise
    _flush(path.parent)  # or a power cut could take the new name back


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; its folder is made."""
    with writing(path) as partial:
        partial.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write a text in UTF-8 whole or not at all, its line ends as they are; its folder is made."""
    write_bytes(path, text.encode())


def _flush(path: Path) -> None:
    """Have the disk hold a file's content, or a folder's names."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
