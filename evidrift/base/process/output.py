"""What a process prints, where it cannot be printed: a log on a full disk, a reader that has gone."""

import errno
import io
import os
import sys
from typing import Any

_lost: list[OSError] = []  # why standard output cannot be written any more


class _Outlived(io.FileIO):
    """A stream into which writing never fails; what cannot be written is lost."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as why:
            if self.fileno() == 1:
                _lost.append(why)
            return len(data)


def outlive_output() -> None:
    """Go on where nothing can be printed any more: a training is not lost because its log is.

    In place of `sys.stdout` and `sys.stderr`, unless they have been replaced already.
    """
    _open_all()
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and stream is getattr(sys, f"__{name}__"):
            setattr(sys, name, _outlived(stream))


def lost_output() -> str | None:
    """Why not all of the output was printed; None where it was, and where its reader went away by choice."""
    sys.stdout.flush()
    why = next((each for each in _lost if each.errno != errno.EPIPE), None)
    return None if why is None else os.strerror(why.errno or errno.EIO)


def _open_all() -> None:
    """Open those of the three streams that are closed, lest a file take the place of one."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, f"__{name}__") is None:
            stream = open(number, "w" if number else "r", closefd=False)  # noqa: SIM115 - for good
            setattr(sys, f"__{name}__", stream)
            if getattr(sys, name) is None:
                setattr(sys, name, stream)


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
