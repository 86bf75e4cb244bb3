"""A process that is closed in reaches nothing: asked of Python, and of the system behind its back."""

import platform
import subprocess
import sys

import pytest

from evidrift.base.process import confining
from tests.places import ROOT

SCRIPT = """
import ctypes, os, resource, socket, subprocess, sys
from evidrift.base.process.confining import Limits, limit, confine
folder = sys.argv[1]
libc = ctypes.CDLL(None, use_errno=True)
kept = os.open(f"{folder}/kept", os.O_RDWR | os.O_CREAT)
print(confine())
tries = {
    "python open": lambda: open(f"{folder}/python", "w"),
    "python socket": lambda: socket.socket(),
    "python remove": lambda: os.remove(f"{folder}/victim"),
    "python run": lambda: subprocess.run(["touch", f"{folder}/ran"]),
}
for name, do in tries.items():
    try:
        do()
        print("HARM", name)
    except PermissionError:
        pass
calls = {
    "open": (libc.open, f"{folder}/opened".encode(), os.O_WRONLY | os.O_CREAT, 0o600),
    "openat": (libc.openat, -100, f"{folder}/opened".encode(), os.O_RDWR | os.O_CREAT, 0o600),
    "creat": (libc.creat, f"{folder}/opened".encode(), 0o600),
    "overwrite": (libc.open, f"{folder}/victim".encode(), os.O_WRONLY),
    "truncate": (libc.truncate, f"{folder}/victim".encode(), 0),
    "unlink": (libc.unlink, f"{folder}/victim".encode()),
    "rename": (libc.rename, f"{folder}/victim".encode(), f"{folder}/other".encode()),
    "symlink": (libc.symlink, b"/etc", f"{folder}/link".encode()),
    "chmod": (libc.chmod, f"{folder}/victim".encode(), 0o777),
    "mkdir": (libc.mkdir, f"{folder}/made".encode(), 0o700),
    "mkfifo": (libc.mkfifo, f"{folder}/fifo".encode(), 0o700),
    "socket": (libc.socket, 2, 1, 0),
    "socketpair": (libc.socketpair, 1, 1, 0, (ctypes.c_int * 2)()),
    "fork": (libc.fork,),
    "vfork by number": (libc.syscall, 58),
    "clone by number": (libc.syscall, 56, 17, 0, 0, 0, 0),
    "clone3 by number": (libc.syscall, 435, 0, 0),
    "openat2 by number": (libc.syscall, 437, -100, 0, 0, 0),
    "io_uring by number": (libc.syscall, 425, 1, 0),
    "execve": (libc.execv, b"/bin/true", (ctypes.c_char_p * 2)(b"/bin/true", None)),
    "kill": (libc.kill, os.getppid(), 0),
    "kill of a thread": (libc.syscall, 200, os.getppid(), 0),
    "kill by thread": (libc.syscall, 234, os.getppid(), os.getppid(), 0),
    "typing into a terminal": (libc.ioctl, kept, 0x5412, b"x"),
    "a younger call": (libc.syscall, 463, 0),
    "ptrace": (libc.ptrace, 16, os.getppid(), 0, 0),
    "other's limits": (libc.prlimit, os.getppid(), 0, 0, 0),
    "a call of the other ABI": (libc.syscall, 0x40000000 + 41, 2, 1, 0),
}
for name, (call, *args) in calls.items():
    if call(*args) != -1:
        print("HARM", name)
os.write(kept, b"may still be written")
if libc.syscall(234, os.getpid(), os.getpid(), 0):
    print("MISSED what ends a process that aborts")
print(open(f"{folder}/victim").read())
import threading
thread = threading.Thread(target=lambda: print("threads start"))
thread.start()
thread.join()
held = limit(Limits(100 << 20, 1000), 1 << 20)
print(held)
try:
    bytearray(300 << 20)
    print("HARM memory")
except MemoryError:
    print("no memory")
try:
    os.pwrite(kept, b"x", 1 << 22)
    print("HARM size")
except OSError:
    print("no more bytes")
"""


@pytest.mark.skipif(sys.platform != "linux" or platform.machine() != "x86_64", reason="of Linux on x86-64")
def test_a_process_that_is_closed_in_opens_starts_connects_and_takes_nothing(tmp_path):
    (tmp_path / "victim").write_text("words of the user")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)], capture_output=True, text=True, cwd=ROOT, timeout=60
    )
    assert done.stdout.splitlines() == [
        "[]",
        "words of the user",
        "threads start",
        "[]",
        "no memory",
        "no more bytes",
    ], done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "victim"]


def test_what_a_system_does_not_offer_is_named(monkeypatch):
    monkeypatch.setattr(confining.sys, "platform", "darwin")
    assert not confining._filtered()
    monkeypatch.setattr(confining, "_held", lambda: None)
    monkeypatch.setattr(confining, "_set", lambda which, most: False)
    assert confining.limit(confining.Limits(1, 1), 1) == [confining.NO_MEMORY, confining.NO_TIME]


def test_limits_follow_the_size_of_the_file():
    assert confining.limits_for(0) == (512 << 20, 60)
    assert confining.limits_for(400 << 20) == ((1600 + 512) << 20, 160)
