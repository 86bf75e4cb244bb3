"""What a remote holds, by the remote itself: not by what DVC has noted of its pushes.

A push that is cut off can leave DVC with a note of what there is to send that is too short: DVC writes it one
output at a time (dvc_data.index.collect, into Repo.site_cache_dir/index/data), and takes what it finds there
for all. Later pushes then report success with objects missing; and once a folder's listing is in the remote,
DVC takes its files to be there too.
"""

import hashlib
import shutil
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path

from dvc.exceptions import DvcException
from dvc.repo import Repo

from evidrift.base.errors import UserError
from evidrift.base.progress import Progress
from evidrift.repro.book import words_of
from evidrift.repro.objects import LISTING, Kept, Object, parsed
from evidrift.repro.remotes import check_packages

CHUNK = 2**20
MD5 = 32  # hexadecimal digits
GONE = (404, 410)  # of HTTP


def forget(repo: Repo) -> None:
    """Drop what DVC has noted of all remotes, of what there is to send and to fetch: it asks them anew."""
    repo.drop_data_index()
    shutil.rmtree(Path(repo.site_cache_dir) / "index", ignore_errors=True)


class State(Enum):
    """How an object stands in a remote."""

    RIGHT = "there, with the right content"
    SIZED = "there, with the right size"
    WRONG = "there, with another content"
    MISSING = "missing"


class Remote:
    """A remote of DVC's."""

    def __init__(self, repo: Repo, name: str | None) -> None:
        """The one of that name, or the default one.

        Raises:
            UserError: there is no such remote, or the package for its kind is missing.
        """
        self.name = name or repo.config["core"].get("remote")
        known = repo.config["remote"]
        if self.name not in known:
            there = f"There are: {', '.join(known)}." if known else "There is none."
            raise UserError(f"{self.name} is not a remote of DVC's. {there}")
        self.url = str(known[self.name]["url"])
        check_packages(self.name, self.url)
        self._repo = repo
        try:
            self._odb = repo.cloud.get_remote_odb(self.name)
        except DvcException as error:
            raise UserError(words_of(error)) from error

    def states(self, objects: Iterable[Object]) -> dict[Object, State]:
        """How each object stands. Read is what lies in a folder, or what a check sum speaks against.

        Raises:
            OSError, or what the kind of remote raises: it does not answer.
        """
        objects = list(objects)
        infos = self._infos(objects)
        bar = Progress(objects, f"remote {self.name}", unit="object", leave=False)
        return {each: self._state(each, infos.get(each.oid)) for each in bar}

    def listed(self, kept: Kept) -> Iterator[Object]:
        """All that the remote is to have; listings that the cache lacks are read from the remote."""
        for out in kept.outputs:
            if not (out.use_cache and out.can_push):
                continue
            yield from kept.objects(out)
            oid = out.hash_info.value
            if oid.endswith(LISTING) and kept.listing(out) is None and self._md5(oid) == oid[:MD5]:
                with self._odb.fs.open(self._odb.oid_to_path(oid), "rb") as file:
                    names = parsed(file.read())
                yield from (Object(md5, Path(out.fs_path) / name, None) for name, md5 in names.items())

    def send(self, objects: Iterable[Object], kept: Kept) -> list[Object]:
        """Send these from the cache, listings last; those that it does not hold in order are returned."""
        objects = sorted(objects, key=lambda each: each.oid.endswith(LISTING))
        lacking = [
            each for each in objects if kept.is_damaged(each.oid) or not kept.file_of(each.oid).exists()
        ]
        oids = [each.oid for each in objects if each not in lacking]
        for oid in oids:
            self._odb.add(str(kept.file_of(oid)), self._repo.fs, oid, check_exists=False)
        return lacking

    def _infos(self, objects: list[Object]) -> dict[str, dict]:
        """By object what the remote says of it, of those that it has."""
        found = {}
        for some in (objects[:1], objects[1:]):  # one alone first: a remote that is down is asked but once
            paths = [self._odb.oid_to_path(each.oid) for each in some]
            answers = self._odb.fs.info(paths, return_exceptions=True) if paths else []
            for each, answer in zip(some, answers, strict=True):
                if isinstance(answer, FileNotFoundError):
                    if _is_silence(answer):
                        raise answer.__cause__ or answer
                    continue
                if isinstance(answer, BaseException):
                    raise answer
                found[each.oid] = answer
        return found

    def _state(self, each: Object, info: dict | None) -> State:
        if info is None:
            return State.MISSING
        if each.size is not None and info.get("size") not in (None, each.size):
            return State.WRONG
        md5 = each.oid[:MD5]
        etag = str(info.get("ETag", "")).strip('"')  # of S3: the md5, unless it came in parts or is encrypted
        if etag == md5:
            return State.RIGHT
        if self._odb.fs.protocol == "local" or len(etag) == MD5:
            return State.RIGHT if self._md5(each.oid) == md5 else State.WRONG
        return State.SIZED

    def _md5(self, oid: str) -> str | None:
        hashed = hashlib.md5(usedforsecurity=False)
        try:
            with self._odb.fs.open(self._odb.oid_to_path(oid), "rb") as file:
                while chunk := file.read(CHUNK):
                    hashed.update(chunk)
        except FileNotFoundError:
            return None
        return hashed.hexdigest()


def _is_silence(error: FileNotFoundError) -> bool:
    """Whether a web server has not said that there is no such file, but nothing, or something else."""
    cause = error.__cause__
    if not type(cause).__module__.startswith("aiohttp"):
        return False
    return getattr(cause, "status", None) not in GONE
