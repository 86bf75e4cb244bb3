"""Model files of strangers: each is given to `evidrift audit` itself, and what it could reach is watched.

Watched are the files around it (a file of the user's, the temporary and home folders, the working folder), a
server on loopback, what Python opens, starts or connects to, the peak of memory, and the time. A file does no
harm if the command ends with code 2 and one sentence, nothing else has changed, and it took less memory than
twice the file and 512 MB beyond what a plain model's audit takes.
"""

import atexit
import contextlib
import ctypes
import hashlib
import os
import resource
import runpy
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from evidrift.networks.import_tensorflow import started  # isort: skip - before Keras
from tools.torture.hostile.making import Make, Place, plain
from tools.torture.row import Row

MB = 1024**2
SUBREAPER = 36
SECONDS = 400  # by the clock; the command's own limit comes before
WATCHED = ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "subprocess.Popen")
STARTS = ("os.system", "os.exec", "os.spawn", "os.posix_spawn")
OUTSIDE = Path("/tmp/owned-by-a-model")  # noqa: S108 - must not be made
FEW = (  # one of each kind
    "Lambda with byte code (CVE-2024-3660, CVE-2025-9905)",
    "enlarged 100,000 times",
    "ten arrays of 3.9 GiB, in .keras",
    "two configurations",
)


class Outcome(NamedTuple):
    """What became of one file.

    Attributes:
        told: the sentence.
        wrong: what should not have been; empty if nothing.
        read: the model was read, and what the sentence says is about something else.
        peak: memory, MB.
        cpu: seconds.
        size: of the file, MB.
    """

    told: str
    wrong: str
    read: bool
    peak: float
    cpu: float
    size: float


def run(full: bool) -> list[Row]:
    """Try every file, or a few of each kind."""
    from tools.torture.hostile import archives, functions, links, sizes

    kinds: dict[str, dict[str, Make]] = {
        "files that name functions, code or files": functions.CASES,
        "files that describe too much": sizes.CASES,
        "HDF5 that reaches out, or unpacks without end": links.CASES,
        "archives that are no honest .keras file": archives.CASES,
    }
    _prepare()
    with _server() as (url, heard):
        base = _try("a plain model", lambda place: _plain(place), url, heard, 0)
        print(f"  a plain model: {base.peak:.0f} MB, {base.cpu:.1f} s of the processor", flush=True)
        rows = []
        for kind, cases in kinds.items():
            chosen = {n: m for n, m in cases.items() if full or n in FEW}
            found = {name: _try(name, make, url, heard, base.peak) for name, make in chosen.items()}
            rows.append(_row(kind, found, base))
    return rows


def _row(kind: str, found: dict[str, Outcome], base: Outcome) -> Row:
    harm = [f"{name}: {each.wrong}" for name, each in found.items() if each.wrong]
    peak = max((each.peak - base.peak for each in found.values()), default=0)
    cpu = max((each.cpu for each in found.values()), default=0)
    read = sum(each.read for each in found.values())
    most = f"at most {max(peak, 0):.0f} MB more than a plain model, {cpu:.0f} s"
    note = f"{read} read without what was hostile; {most}"
    return Row(kind, len(found), len(found) - len(harm), "; ".join([note, *harm]))


def _plain(place: Place) -> Path:
    path = place.folder / "model.keras"
    path.write_bytes(plain("keras"))
    return path


def _prepare() -> None:
    """Load what every command loads, but start nothing of it: each command is a fork."""
    import h5py, matplotlib.font_manager, pandas, PIL.Image, rich.table, scipy.stats  # noqa: F401, E401, I001
    from tools.torture.hostile import making

    with tempfile.TemporaryDirectory() as folder:
        kept = {ending: Path(folder) / ending for ending in ("keras", "h5")}

        def build() -> int:
            import evidrift.networks.start_tensorflow  # noqa: F401

            for ending, path in kept.items():
                path.write_bytes(making.plain(ending))
            return 0

        _forked(build, Path(folder) / "log")
        making.KNOWN.update({ending: path.read_bytes() for ending, path in kept.items()})


class Took(NamedTuple):
    """What a command and all that it started took: peak of one process, MB, and seconds of the processor."""

    peak: float
    cpu: float


def _forked(work: Any, log: Path, seconds: float = SECONDS) -> tuple[int, Took]:
    """Run something in a fork, its output in a file; its code (a signal's is negative) and what it took."""
    if started():
        raise RuntimeError("TensorFlow has started in the process that forks: each fork would wait for ever.")
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)  # what it leaves behind becomes ours, to be waited for
    child = os.fork()
    if child == 0:
        code = 99
        atexit._clear()  # what the parent will do at its end
        try:
            os.setsid()
            output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(output, 1)
            os.dup2(output, 2)
            code = work()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    until, code = time.monotonic() + seconds, 99
    took: list[Any] = []
    while True:
        try:
            done, status, used = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:  # all are gone
            return code, Took(max(each.ru_maxrss for each in took) / 1024, sum(map(_cpu, took)))
        if done:
            took.append(used)
            code = os.waitstatus_to_exitcode(status) if done == child else code
        elif time.monotonic() > until:
            os.killpg(child, signal.SIGKILL)
            until += 10
        else:
            time.sleep(0.05)


def _cpu(used: resource.struct_rusage) -> float:
    return used.ru_utime + used.ru_stime


def _try(name: str, make: Make, url: str, heard: list[str], base: float) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        place, events = _place(Path(folder), url), Path(folder) / "events"
        where: list[Path] = []

        def make_it() -> int:
            (Path(folder) / "where").write_text(str(make(place)))
            return 0

        code, _ = _forked(make_it, Path(folder) / "making")
        if code:
            raise RuntimeError(f"{name} could not be made: {(Path(folder) / 'making').read_text()}")
        where.append(Path((Path(folder) / "where").read_text()))
        size = where[0].stat().st_size / MB if where[0].is_file() and not where[0].is_symlink() else 0
        before, n_heard = _seen(Path(folder)), len(heard)
        code, took = _forked(lambda: _command(where[0], Path(folder), events), Path(folder) / "log")
        log = (Path(folder) / "log").read_text(errors="replace")
        peak, cpu = took
        lines = [line for line in log.splitlines() if line]
        told = lines[-1] if lines else ""
        wrong = [
            f"code {code}" * (code != 2),
            f"no single sentence: {log[-600:]!r}" * (len(lines) != 1 or not told.startswith("error: ")),
            f"it prints what a terminal obeys: {told!r}" * (not all(map(str.isprintable, told))),
            f"a sentence of {len(told)} characters" * (len(told) > 900),
            f"files changed: {_changes(before, _seen(Path(folder)))}" * (before != _seen(Path(folder))),
            f"{OUTSIDE} was made" * OUTSIDE.exists(),
            f"the server heard {heard[n_heard:]}" * (len(heard) > n_heard),
            f"tried {events.read_text()!r}" * (events.exists() and bool(events.read_text())),
            f"{peak:.0f} MB" * bool(base and peak > base + 2 * size + 512),
        ]
        outcome = Outcome(told, "; ".join(filter(None, wrong)), where[0].name not in told, peak, cpu, size)
    mark = "HARM" if outcome.wrong else "read" if outcome.read else "ok"
    print(f"  {mark:4} {cpu:5.1f} s {peak:6.0f} MB  {name}: {outcome.wrong or told[:150]}", flush=True)
    return outcome


def _place(folder: Path, url: str) -> Place:
    for name in ("given", "work", "tmp", "home", "films"):
        (folder / name).mkdir()
    (folder / "victim.txt").write_text("words\nof the user\n" * 100)
    os.mkfifo(folder / "pipe")
    return Place(folder / "given", folder / "victim.txt", folder / "owned", url, folder / "pipe")


def _command(model: Path, folder: Path, events: Path) -> int:
    """`evidrift audit` of the file, in this process, which is a fork for it."""
    os.chdir(folder / "work")
    os.environ.update(HOME=str(folder / "home"), TMPDIR=str(folder / "tmp"))
    tempfile.tempdir = None
    log = os.open(events, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def watch(event: str, args: tuple[Any, ...]) -> None:
        by_name = event == "open" and not isinstance(args[0], int) and isinstance(args[2], int)
        writes = by_name and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        own = by_name and str(args[0]).startswith(
            (str(folder / "tmp"), str(folder / "work" / "out"), os.devnull)
        )
        if event in WATCHED or event.startswith(STARTS) or (writes and not own):
            os.write(log, f"{event} {args!r:.200}\n".encode())

    sys.addaudithook(watch)
    words = ["audit", "--before", str(model), "--after", str(model), "--images", str(folder / "films")]
    if model.name.endswith(".weights.h5"):
        words += ["--architecture", "densenet_mini", "--size", "64"]
    sys.argv = ["evidrift", *words, "--out", str(folder / "work" / "out"), "--quiet"]
    runpy.run_module("evidrift", run_name="__main__")
    return 0


def _seen(folder: Path) -> dict[str, str]:
    """Every file below a folder but our own, with a hash of what it holds."""
    found = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if name in ("log", "events", "making", "where"):
            continue
        is_file = path.is_file() and not path.is_symlink()
        with contextlib.suppress(FileNotFoundError):
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest() if is_file else "no file"
    return found


def _changes(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


@contextlib.contextmanager
def _server() -> Iterator[tuple[str, list[str]]]:
    """A server on loopback that writes down who connects, and answers nothing."""
    heard: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, address = server.accept()
                    heard.append(str(address))
                    connection.close()

        threading.Thread(target=listen, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/x", heard
