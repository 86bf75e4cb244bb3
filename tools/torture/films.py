"""Hostile films and lists of films, made here and read as prepare and an audit read them.

Each picture is read by a process of its own, whose memory and CPU time are measured; then all of them lie in
one folder for a whole run of prepare, and for the audit's reading. A process that is forked begins with the
memory of its parent, so that what reads them must not have been busy before: `python -m tools.torture films`
is a process of its own. Harmless is: a film is kept, or left out
with a reason; a list is read, or refused in a sentence; in bounded memory and time, and nothing outside is
read or written.
"""

import json
import os
import resource
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from evidrift.auditing.films.images import read_images
from evidrift.base.errors import UserError
from evidrift.base.shown import shown
from evidrift.prepare import apart
from evidrift.prepare.entry import Entry, Excluded
from evidrift.prepare.params import Prepare
from evidrift.prepare.prepare import Outputs, prepare
from evidrift.prepare.reader import LIMITS
from tools.formats.known import saved
from tools.torture.hostile import dicoms, manifests, places, rasters
from tools.torture.row import Row

Read = Callable[[Path, str | None], str]  # a source, and its list where it has one -> what came of it
LABELS, N_FILMS = ("a", "b"), 40
MOST_MEMORY = LIMITS.memory + (
    1 << 29
)  # bytes of a process: a reader's limit, and what it has when it starts
SECONDS_OF_ALL = 300  # of CPU, for what is no single film


class End(NamedTuple):
    """What came of it: words, the largest process in bytes, CPU seconds."""

    words: str
    memory: int
    seconds: float

    @property
    def bounded(self) -> bool:
        """Whether it kept to what a film may take."""
        return self.memory < MOST_MEMORY and self.seconds < SECONDS_OF_ALL


def run(full: bool) -> list[Row]:
    """All films and lists; a small run makes them smaller, and measures them together."""
    with tempfile.TemporaryDirectory(prefix="hostile-") as name:
        place = Path(name)
        secret = place / "outside" / "secret.png"
        secret.parent.mkdir()
        secret.write_bytes(film(9999))
        rows = []
        for row in _rows(place, secret, 2 if full else 1):
            if not row.well:
                print(f"  {row.what}: {row.note}", flush=True)
            rows.append(row)
        left = sorted(path.name for path in place.iterdir())
        written = secret.read_bytes() == film(9999) and not any("owned" in each for each in left)
        return [*rows, Row("files outside that were read, changed or made", 1, int(written))]


def _rows(place: Path, secret: Path, n: int) -> Iterator[Row]:
    yield from _pictures(place, n)
    yield from _folders(place, secret, n)
    yield from _lists(place, secret, n)


def _pictures(place: Path, n: int) -> Iterator[Row]:
    source = good(place / "pictures")
    readers = READERS if n > 1 else READERS[:1]
    for group in (rasters, dicoms):
        for name, what, make in group.cases():
            path = source / "a" / name
            path.write_bytes(make(n))
            if n == 1:
                continue
            end = apart_from(lambda path=path: _alone(path))  # type: ignore[misc]
            size = f"{path.stat().st_size:,} bytes"
            yield _row(f"{what} ({size})", end, end.words.startswith(("kept", "left out")))
    cases = sum(1 for group in (rasters, dicoms) for _ in group.cases())
    yield from _whole(source, f"all {cases} pictures in one folder", cases, readers)


def _folders(place: Path, secret: Path, n: int) -> Iterator[Row]:
    source = good(place / "things")
    readers = READERS if n > 1 else READERS[1:]
    things = places.fill(source / "a", film(77), secret)
    yield from _whole(source, "pipes, sockets, devices, links, names", things, readers)
    source = good(place / "restless")
    with places.restless(source / "b", film(78)):
        for _ in range(3 if n > 1 else 1):
            yield from _whole(source, "films that change while they are read", 1, readers)
    source = good(place / "deep")
    places.deep(source / "a", film(79), 3000)
    end = apart_from(lambda: _prepared(source, None))
    yield _row("a film 3,000 folders down", end, end.words.startswith(("error", "kept")))
    subprocess.run(["rm", "-r", source], check=True)  # noqa: S603, S607 - shutil does not get that deep


def _lists(place: Path, secret: Path, n: int) -> Iterator[Row]:
    source = good(place / "lists")
    if n == 1:
        yield from _lists_together(source, secret, place / "ends.json")
        return
    for each in manifests.write(source, secret, n):
        for who, read in READERS:
            end = apart_from(lambda read=read, each=each: read(source, each.name))  # type: ignore[misc]
            yield _row(f"manifest, {who}: {each.what}", end, end.words.startswith(each.due))
        _remove(source / each.name)


def _lists_together(source: Path, secret: Path, ends: Path) -> Iterator[Row]:
    """Each list, read by prepare and an audit in turn, by one process: readers need not start anew."""

    def read_all() -> str:
        found = []
        for number, each in enumerate(manifests.write(source, secret, 1)):
            who, read = READERS[number % 2]
            words = _words_of(lambda read=read, each=each: read(source, each.name))  # type: ignore[misc]
            found.append((f"manifest, {who}: {each.what}", int(words.startswith(each.due)), _short(words)))
            _remove(source / each.name)
        ends.write_text(json.dumps(found), encoding="utf-8")
        return f"{len(found)} lists"

    end = apart_from(read_all)
    yield _row("all lists together", end, ends.exists())
    if ends.exists():
        yield from (Row(what, 1, well, words) for what, well, words in json.loads(ends.read_bytes()))


def _remove(path: Path) -> None:
    path.rmdir() if path.is_dir() else path.unlink()


def _whole(source: Path, what: str, n: int, readers: Sequence[tuple[str, Read]]) -> Iterator[Row]:
    """A run of each reader: every file is kept, or left out with its reason."""
    for who, read in readers:
        end = apart_from(lambda read=read: read(source, None))  # type: ignore[misc]
        yield Row(f"{who}: {what}", n, n * (end.bounded and end.words.startswith("kept")), _note(end))


def _alone(path: Path) -> str:
    try:
        loaded, _ = apart.load_apart(Entry(path.name, "a"), path.parent, 128, padding=False, min_side=8)
    except Excluded as why:
        return f"left out, {why.reason}: {why.detail}"
    return f"kept, {loaded.width}x{loaded.height} px"


def _prepared(source: Path, manifest: str | None) -> str:
    with tempfile.TemporaryDirectory(prefix="prepared-") as out:
        names = ("store.h5", "manifest.csv", "exclusions.csv", "prepare.json")
        outputs = Outputs(*(Path(out) / name for name in names))
        split = {"salt": "s", "train": 0.4, "validation": 0.3}
        given = {"source": str(source), "manifest": manifest, "size": 32, "padding": False, "min_side": 8}
        prepare(Prepare.model_validate({**given, "split": split}), outputs)
        told = json.loads(outputs.metrics.read_text(encoding="utf-8"))
        return f"kept {told['kept']}, left out {sum(told['excluded'].values())}"


def _audited(source: Path, manifest: str | None) -> str:
    found = read_images(source / manifest if manifest else source, 64, 2, quiet=True)
    return f"kept {len(found.images.ids)}, left out {len(found.exclusions)}"


READERS: tuple[tuple[str, Read], ...] = (("prepare", _prepared), ("audit", _audited))


def apart_from(do: Callable[[], str]) -> End:
    """Do something in a fork of this process, and measure it together with the readers that it starts."""
    theirs, ours = os.pipe()
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        words = _words_of(do)
        apart.dismiss()
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        memory = 1024 * max(each.ru_maxrss for each in used)
        told: dict[str, Any] = {"words": words[:2000], "memory": memory}
        os.write(ours, json.dumps(told | {"seconds": sum(each[0] + each[1] for each in used)}).encode())
        os._exit(0)
    os.close(ours)
    with os.fdopen(theirs, "rb") as answer:
        told = json.loads(answer.read() or "null") or {"words": "", "memory": 0, "seconds": 0}
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return End(told["words"] if not code else f"DIED of {-code}", told["memory"], told["seconds"])


def _words_of(do: Callable[[], str]) -> str:
    try:
        return do()
    except UserError as error:
        return f"error: {error}"
    except BaseException as error:
        return f"UNCAUGHT {type(error).__name__}: {error}"


def _row(what: str, end: End, harmless: bool) -> Row:
    return Row(what, 1, int(harmless and end.bounded), _note(end))


def _note(end: End) -> str:
    return f"{_short(end.words)}; {end.memory >> 20} MB, {end.seconds:.1f} s"


def _short(words: str) -> str:
    return shown(words if len(words) < 110 else f"{words[:110]} ...").replace("|", "/")


def good(source: Path) -> Path:
    """Films of two classes, as many as a study needs."""
    for number, label in enumerate(LABELS):
        folder = source / label
        folder.mkdir(parents=True)
        for at in range(N_FILMS):
            (folder / f"{at}.png").write_bytes(film(N_FILMS * number + at))
    return source


def film(seed: int) -> bytes:
    """A film like no other, as PNG."""
    noise = np.random.default_rng(seed).integers(0, 256, (8, 8), dtype=np.uint8)
    return saved(Image.fromarray(noise).resize((72, 80)), "PNG")
