"""What a process prints, where it cannot be printed: a log on a full disk, a reader that has gone."""

import io
import sys
from typing import Any


class _Outlived(io.FileIO):
    """A stream into which writing never fails; what cannot be written is lost."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError:
            return len(data)


def outlive_output() -> None:
    """Go on where nothing can be printed any more: a training is not lost because its log is.

    In place of `sys.stdout` and `sys.stderr`, unless they have been replaced already.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and stream is getattr(sys, f"__{name}__"):
            setattr(sys, name, _outlived(stream))


def _outlived(stream: io.TextIOWrapper) -> io.TextIOWrapper:
    stream.flush()
    raw = _Outlived(stream.fileno(), "wb", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
