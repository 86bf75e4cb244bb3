"""What may stand among films and is none: pipes, devices, links, names; and what changes meanwhile."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

NAMES = (
    *(b"line\nbreak.png", b"escape\x1b]0;owned\x07\x1b[2J.png", b"no-utf8-\xff\xfe.png", b"back\bspace.png"),
    *("right-\u202egnp.png".encode(), b"<img src=x onerror=alert(1)>.png", b"$(touch owned);`id`.png"),
    *(b"..png", b"...", b"..\\..\\up.png", b"-rf.png", b"=cmd|' C calc'!A0.png", b"%2e%2e%2fup.png"),
    *(b"n" * 251 + b".png", b"con.png", b"{0.__class__}.png", b"~.png", b"a;b,c'\".png"),
)
SPARSE = 1 << 40


def fill(folder: Path, film: bytes, secret: Path) -> int:
    """Put one of each into a class folder.

    Args:
        folder: of a class.
        film: the bytes of a good film.
        secret: a film outside, which no link may lead to.

    Returns:
        How many there are.
    """
    before = len([*folder.iterdir()])
    (folder / "folder.png").mkdir()
    (folder / "folder.png" / "inside.png").write_bytes(film)
    os.mkfifo(folder / "pipe.png")
    os.mkfifo(folder / "pipe")  # whose first bytes are asked
    with socket.socket(socket.AF_UNIX) as here:
        here.bind(os.path.relpath(folder / "socket.png"))
    for name, device in (("zero", 5), ("random", 9), ("tty", 0)):
        with suppress(PermissionError):
            os.mknod(folder / f"{name}.png", 0o20666, os.makedev(5 if name == "tty" else 1, device))
    (folder / "itself.png").symlink_to("itself.png")
    (folder / "there.png").symlink_to("back.png")
    (folder / "back.png").symlink_to("there.png")
    (folder / "out.png").symlink_to(secret)
    (folder / "up.png").symlink_to(os.path.relpath(secret, folder))
    (folder / "process.png").symlink_to("/proc/self/environ")
    (folder / "stdin.png").symlink_to("/dev/stdin")
    os.link(secret, folder / "hard.png")  # a file like any other: its second name lies in the folder
    (folder / "unreadable.png").write_bytes(film)
    (folder / "unreadable.png").chmod(0)
    with (folder / "sparse.png").open("wb") as sparse:
        sparse.truncate(SPARSE)
    (folder / "nothing.png").touch()
    for number, given in enumerate(NAMES):
        changed = bytearray(film)
        (folder / os.fsdecode(given)).write_bytes(bytes(changed) + bytes([number]))
    return len([*folder.iterdir()]) - before


@contextmanager
def restless(folder: Path, film: bytes) -> Iterator[None]:
    """A folder in which, meanwhile, files are cut, grow, vanish, and turn into pipes and links."""
    over = threading.Event()

    def stir() -> None:
        number = 0
        while not over.is_set():
            with suppress(OSError):
                _change(folder / f"{number % 7}.png", number, film)
            number += 1
            over.wait(0.0005)

    for number in range(7):
        (folder / f"{number}.png").write_bytes(film)
    thread = threading.Thread(target=stir)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _change(path: Path, number: int, film: bytes) -> None:
    ways: list[Callable[[], object]] = [
        path.unlink,
        lambda: os.mkfifo(path),
        path.unlink,
        lambda: path.symlink_to("/dev/zero"),
        path.unlink,
        path.mkdir,
        path.rmdir,
        lambda: path.write_bytes(film[: len(film) // 2]),
        lambda: path.write_bytes(film * 3),
        lambda: os.truncate(path, 0),
        lambda: path.write_bytes(film),
    ]
    ways[number // 7 % len(ways)]()


def deep(folder: Path, film: bytes, n: int) -> None:
    """A film so many folders down."""
    at = os.open(folder, os.O_RDONLY)
    for _ in range(n):
        os.mkdir("d", dir_fd=at)
        below = os.open("d", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    file = os.open("film.png", os.O_WRONLY | os.O_CREAT, dir_fd=at)
    os.write(file, film)
    os.close(file)
    os.close(at)
