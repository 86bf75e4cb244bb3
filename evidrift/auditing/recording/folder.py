"""The folder that an audit writes to: looked at beforehand, held while it is at work, filled as a whole.

Until its result is written an audit keeps films and maps in files that have no name (`base.files.spool`), so
that they are gone with its process, however it ends. The result is written to a folder with a plain name,
`unfinished-audit`, and moved from there file by file, audit.json last. A process that is killed meanwhile
leaves that folder, which the next audit into the same place clears.
"""

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from evidrift.auditing.recording.listed import NAME as LIST
from evidrift.auditing.recording.listed import (
    UNFINISHED,
    Hashes,
    hashes_of,
    is_unfinished,
    listed_files,
    own_files,
    sha256,
    write_list,
)
from evidrift.base.errors import UserError
from evidrift.base.process.faults import FULL
from evidrift.base.process.stopping import cleared_at_end
from evidrift.base.sentence import parameter, say
from evidrift.images.store import MANIFEST
from evidrift.report.page.page import IMAGES

SUMMARY = "audit.json"
NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF)  # as on some network drives


class Folder:
    """A folder that is this audit's alone while it is at work.

    Attributes:
        path: of it, without links.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def filling(self) -> Iterator[Path]:
        """A folder to write to, whose content takes the place of an earlier audit once all is written.

        Raises:
            UserError: somebody changed something in the meantime.
        """
        before, work = own_files(self.path, SUMMARY), self.path / UNFINISHED
        write_list(self.path, before, {})
        with cleared_at_end(self.clear):
            try:
                work.mkdir()
                yield work
                self._replace(before, hashes_of(work))
            finally:
                self.clear()

    def clear(self) -> None:
        """Remove what an audit did not finish; the list tells what it was."""
        if not is_unfinished(self.path):
            return
        work = self.path / UNFINISHED
        if work.is_dir() and not work.is_symlink():
            shutil.rmtree(work)
        left = listed_files(self.path)
        if SUMMARY in left:
            write_list(self.path, {name: sha256(self.path / name) for name in left})
        else:  # nothing of a result that is not whole
            for name in left:
                (self.path / name).unlink()
            _remove_empty(self._folders_of(left))
            (self.path / LIST).unlink()

    def _replace(self, before: Hashes, coming: Hashes) -> None:
        for name in coming:
            if not name.startswith(f"{IMAGES}/"):  # thousands of pictures: each would take its time
                _flush(self.path / UNFINISHED / name)
        own_files(self.path, SUMMARY)  # nobody has changed or added any in between
        write_list(self.path, before, coming)
        for name in sorted(before, key=SUMMARY.__ne__):  # what says that all is there goes first,
            if name == SUMMARY or name not in coming:
                (self.path / name).unlink()
        for name in sorted(coming, key=SUMMARY.__eq__):  # and comes last
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            (self.path / UNFINISHED / name).replace(self.path / name)
        _remove_empty(self._folders_of(before))

    def _folders_of(self, names: Iterable[str]) -> set[Path]:
        return {self.path / parent for name in names for parent in Path(name).parents} - {self.path}


def _flush(path: Path) -> None:
    """Have the disk hold a file: after a power cut the list must not stand for what is not there."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _remove_empty(folders: Iterable[Path]) -> None:
    """Remove folders, innermost first, in which nothing is left."""
    for each in sorted(folders, key=lambda folder: -len(folder.parts)):
        with suppress(OSError):
            each.rmdir()


@contextmanager
def claimed(out: Path, images: Path, others: Sequence[Path]) -> Iterator[Folder]:
    """Take a folder for an audit: new, empty, or one that holds an audit and nothing else.

    It is made if need be, and is gone again where nothing was written to it.

    Args:
        out: the folder.
        images: folder of the films, or manifest.
        others: further files that are read: models, gate.

    Raises:
        UserError: it may not or cannot be written to, or another audit is at work there.
    """
    with ExitStack() as held:
        try:
            path = out.resolve()
            _check_place(path, images, others)
            made = [each for each in (path, *path.parents) if not each.exists()]
            path.mkdir(parents=True, exist_ok=True)
            held.enter_context(_held(path))
            held.callback(_remove_empty, made)
            own_files(path, SUMMARY)
            folder = Folder(path)
            folder.clear()
            with tempfile.TemporaryFile(dir=path) as file:  # whether it can be written to at all
                file.write(b"-")
        except (OSError, RuntimeError) as why:  # RuntimeError: links that lead in a circle
            told = "{path} cannot be written to: {why}. Give another folder ({out})."
            reason = (getattr(why, "strerror", None) or str(why)).lower()
            raise UserError(say(told, path=out, why=reason, out=parameter("out"))) from None
        try:
            yield folder
        except OSError as why:
            if why.errno not in FULL:
                raise
            told = (
                "The disk of {path} is full. An audit needs room there for films and maps, twice while it "
                "is at work. Nothing was left behind. Free some space, or give a folder elsewhere ({out})."
            )
            raise UserError(say(told, path=path, out=parameter("out"))) from None


def _check_place(path: Path, images: Path, others: Sequence[Path]) -> None:
    if path.exists() and not path.is_dir():
        told = "{path} is a file; {out} must be a folder."
        raise UserError(say(told, path=path, out=parameter("out")))
    for each in (images, *others):
        if each.resolve().is_relative_to(path):
            told = "{each} lies in {path}, which is to be filled with the audit. Give another folder ({out})."
            raise UserError(say(told, each=each, path=path, out=parameter("out")))
    films = images.resolve()
    if path.is_relative_to(films) and films.is_dir() and not (films / MANIFEST).is_file():
        told = (
            "{path} lies among the images ({films}): the next audit would take its pictures for films. Give "
            "another folder ({out})."
        )
        raise UserError(say(told, path=path, films=films, out=parameter("out")))


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """No other audit writes to the folder; the lock is gone with the process."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as why:
            if why.errno not in NO_LOCKS:
                told = "Another audit is writing to {path}. Wait for it, or give another folder ({out})."
                raise UserError(say(told, path=path, out=parameter("out"))) from None
        if not path.is_dir() or path.stat().st_ino != os.fstat(descriptor).st_ino:
            raise UserError(f"{path} was removed by somebody else just now. Try again.")
        yield
    finally:
        os.close(descriptor)
