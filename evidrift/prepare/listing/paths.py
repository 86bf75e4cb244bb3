"""The file that a manifest's path means, where it is written otherwise than the file is called."""

import os
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from functools import cached_property
from pathlib import Path, PurePosixPath

from evidrift.base.errors import UserError
from evidrift.prepare.listing.kinds import IMAGE_SUFFIXES, is_hidden


class Files:
    """The files of a source folder, found by what a manifest calls them.

    Args:
        source: the folder.
        paths: of all files in it, relative, with "/".
    """

    def __init__(self, source: Path, paths: Iterable[str]) -> None:
        self._source = source
        self._paths = set(paths)
        self._parts = source.absolute().parts

    def meant_by(self, text: str, where: str) -> str:
        """The relative path of the file, or the text as a path if there is none or it lies outside.

        Spaces around it, backslashes, the way to the folder in front, capitals and a missing ending don't
        matter, as long as exactly one file can be meant.

        Raises:
            UserError: several could be; naming the row.
        """
        if self.holds(text):
            return PurePosixPath(text).as_posix()
        plain = text.strip()
        if "\\" in plain and not self.holds(plain):
            plain = plain.replace("\\", "/")
        path = self._inside(PurePosixPath(plain)).as_posix()
        if self.holds(path):
            return path
        for known in (self._by_name, self._by_stem):
            found = known.get(_folded(path), [])
            if len(found) > 1:
                raise UserError(
                    f"{where}: {text} could be {' or '.join(sorted(found))}. "
                    "Write the path as the file is called."
                )
            if found:
                return found[0]
        return path

    def holds(self, path: str) -> bool:
        """Whether a relative path is a file of the folder."""
        if not path or PurePosixPath(path).is_absolute():
            return False
        if PurePosixPath(path).as_posix() in self._paths:
            return True
        with suppress(OSError):  # too long for a name
            return (self._source / path).is_file()
        return False

    def tail(self, path: str) -> str:
        """The longest end of a path that is a file of the folder; "" where there is none."""
        parts = path.strip().replace("\\", "/").split("/")
        first = max(1, len(parts) - self._deepest)  # a longer one need not be tried
        tails = ("/".join(parts[at:]) for at in range(first, len(parts)))
        return next((tail for tail in tails if tail in self._paths), "")

    def _inside(self, path: PurePosixPath) -> PurePosixPath:
        """Without the way to the folder: all of it, or its end, as seen from a folder above."""
        for start in range(len(self._parts)):
            way = PurePosixPath(*self._parts[start:])
            if path.is_relative_to(way) and (start == 0 or self.holds(str(path.relative_to(way)))):
                return path.relative_to(way)
        real = PurePosixPath(os.path.realpath(self._source))
        return path.relative_to(real) if path.is_relative_to(real) else path

    @cached_property
    def _deepest(self) -> int:
        return max((path.count("/") + 1 for path in self._paths), default=0)

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        return _grouped((_folded(path), path) for path in self._paths if not is_hidden(path))

    @cached_property
    def _by_stem(self) -> dict[str, list[str]]:
        pairs = ((PurePosixPath(path), path) for path in self._paths if not is_hidden(path))
        return _grouped(
            (_folded(pure.with_suffix("").as_posix()), path)
            for pure, path in pairs
            if pure.suffix.lower() in IMAGE_SUFFIXES
        )


def _folded(path: str) -> str:
    """Without capitals, and with accents written one way."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    groups = defaultdict(list)
    for key, path in pairs:
        groups[key].append(path)
    return groups
