"""What DVC keeps: the objects that dvc.lock and the .dvc files name, in the cache and in the workspace.

An object is a file under the md5 of its content; a folder has one that lists its files, whose name ends in
`.dir`. DVC itself trusts an object whose file is read-only, and a file of the workspace whose time and size
are as they were. Here every byte is read.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from dvc.output import Output
from dvc.repo import Repo
from dvc_data.hashfile.db import add_update_tree
from dvc_data.hashfile.hash_info import HashInfo
from dvc_data.hashfile.tree import Tree

LISTING = ".dir"


class Object(NamedTuple):
    """An object that is named.

    Attributes:
        oid: its name: md5, and `.dir` for the listing of a folder.
        path: the file or folder of the workspace whose content it is.
        size: in bytes; None where neither dvc.lock nor the cache says it.
    """

    oid: str
    path: Path
    size: int | None


class Content:
    """Reads files; each once, however many links lead to it."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, int, int], str] = {}

    def md5(self, path: Path) -> str | None:
        """Of a file's content; None where there is no file, or it cannot be read."""
        try:
            with path.open("rb") as file:
                stat = os.fstat(file.fileno())
                key = (stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_size)
                if key not in self._known:
                    self._known[key] = hashlib.file_digest(file, _md5).hexdigest()
        except OSError:
            return None
        return self._known[key]


def _md5() -> "hashlib._Hash":
    return hashlib.md5(usedforsecurity=False)


class Kept:
    """The objects of a project."""

    def __init__(self, repo: Repo) -> None:
        self.repo, self.content = repo, Content()
        self._cache = repo.cache.local
        self.outputs: list[Output] = [
            out for out in repo.index.outs if out.protocol == "local" and out.hash_info
        ]

    @property
    def folder(self) -> Path:
        """That of the cache."""
        return Path(self._cache.path)

    def file_of(self, oid: str) -> Path:
        """Where the cache has an object."""
        return Path(self._cache.oid_to_path(oid))

    def is_damaged(self, oid: str) -> bool:
        """Whether the cache has the object, with another content than its name says."""
        file = self.file_of(oid)
        return file.exists() and self.content.md5(file) != oid.removesuffix(LISTING)

    def listing(self, out: Output) -> dict[str, str] | None:
        """By file of an output that is a folder its md5; None where the cache has no such object in order."""
        file = self.file_of(out.hash_info.value)
        if not file.exists() or self.is_damaged(out.hash_info.value):
            return None
        return parsed(file.read_bytes())

    def objects(self, out: Output) -> Iterator[Object]:
        """Those of an output; of a folder whose listing is not to be had, the listing alone."""
        path = Path(out.fs_path)
        if not out.hash_info.isdir:
            yield Object(out.hash_info.value, path, out.meta.size if out.meta else None)
            return
        files = self.listing(out)
        listing = self.file_of(out.hash_info.value)
        yield Object(out.hash_info.value, path, listing.stat().st_size if files is not None else None)
        for name, oid in (files or {}).items():
            file = self.file_of(oid)
            yield Object(oid, path / name, file.stat().st_size if file.exists() else None)

    def named(self) -> list[Object]:
        """All that the cache is to have, each once."""
        found: dict[str, Object] = {}
        for out in self.outputs:
            for each in self.objects(out) if out.use_cache else ():
                found.setdefault(each.oid, each)
        return list(found.values())

    def differing(self, out: Output) -> list[Path]:
        """Files of the workspace that are not as dvc.lock says; the output itself where it cannot be told."""
        path = Path(out.fs_path)
        if not out.hash_info.isdir:
            return [] if self.content.md5(path) == out.hash_info.value else [path]
        here = self._files(out)
        if _tree(here).oid == out.hash_info.value:
            return []
        files = self.listing(out)
        names = sorted(here.items() ^ files.items()) if files is not None else []
        return list(dict.fromkeys(path / name for name, _ in names)) or [path]

    @property
    def aside(self) -> Path:
        """Where damaged objects go."""
        return Path(self.repo.tmp_dir) / "damaged"

    def set_aside(self, oid: str) -> None:
        """Take an object out of the cache: it may be the only copy there is, if a damaged one."""
        self.aside.mkdir(exist_ok=True)
        shutil.move(self.file_of(oid), self.aside / oid)

    def is_in_workspace(self, each: Object) -> bool:
        """Whether an object could be made from the workspace."""
        return self._source(each) is not None

    def put_back(self, broken: Object) -> bool:
        """Make an object anew from the workspace; whether its content was there."""
        source = self._source(broken)
        if isinstance(source, Tree):
            add_update_tree(self._cache, source)
        elif source is not None:
            self._cache.add(str(source), self.repo.fs, broken.oid, check_exists=False)
        return source is not None

    def _source(self, each: Object) -> Tree | Path | None:
        """What of the workspace has the content of an object."""
        if not each.oid.endswith(LISTING):
            return each.path if self.content.md5(each.path) == each.oid else None
        outs = (out for out in self.outputs if out.hash_info.value == each.oid)
        return next((tree for tree in map(_tree, map(self._files, outs)) if tree.oid == each.oid), None)

    def _files(self, out: Output) -> dict[str, str]:
        """By file of the workspace its md5, of those that DVC sees."""
        folder = Path(out.fs_path)
        found = {}
        for name in self.repo.dvcignore.find(self.repo.fs, out.fs_path) if folder.is_dir() else ():
            md5 = self.content.md5(Path(name))
            found[Path(name).relative_to(folder).as_posix()] = md5 or "unreadable"
        return found


def _tree(files: dict[str, str]) -> Tree:
    """The listing of a folder, as DVC writes it."""
    tree = Tree()
    for name, md5 in files.items():
        tree.add(tuple(name.split("/")), None, HashInfo("md5", md5))
    tree.digest()
    return tree


def parsed(listing: bytes) -> dict[str, str]:
    """By file its md5, from the content of a listing's object."""
    return {entry["relpath"]: entry["md5"] for entry in json.loads(listing)}
