"""Limits of a process that reads files of strangers: what it may take, and that it reaches nothing.

The kernel enforces them. Where it does not offer one, its name is given back, to be told.
"""

import contextlib
import ctypes
import errno
import os
import platform
import signal
import struct
import sys
from pathlib import Path
from typing import Any, NamedTuple

MB = 1024**2
# Bytes by that of the file: TensorFlow sets aside up to twice what it uses, and a weight is copied once. And
# bytes beyond it: Keras's own, and a batch of noise.
TIMES, SPARE = 4, 512 * MB
SECONDS, PER_SECOND = 60, 4 * MB  # of the processor, and bytes of a file for each further one
WALL = 10  # as many seconds by the clock, on a machine that has other work too

NO_REACH = "that it can open no connection, start no program and write no file"
NO_MEMORY = "how much memory it takes"
NO_TIME = "how long it computes"

# seccomp, as linux/seccomp.h, linux/filter.h and linux/audit.h have it
SECCOMP, SET_FILTER, ALL_THREADS = 317, 1, 1
NO_NEW_PRIVILEGES, DIE_WITH_PARENT = 38, 1
LOAD, IS, AT_LEAST, HAS, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL, FAIL = 0x7FFF0000, 0x80000000, 0x00050000
X86_64, OTHER_ABI = 0xC000003E, 0x40000000
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16
THREAD = 0x10000
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
OPEN, OPENAT, CLONE, PRLIMIT, TGKILL, IOCTL = 2, 257, 56, 302, 234, 16
TYPE_INTO_TERMINAL = 0x5412  # TIOCSTI
NEWER = 452  # calls from here on are younger than this list: libraries do without them
NOT_THERE = (435, 437)  # clone3, openat2: their arguments lie in memory; libraries then use the older ones
# System calls of x86-64, by what they would do.
REFUSED = (
    *(41, 42, 43, 44, 46, 49, 50, 53, 288, 307),  # sockets
    *(57, 58, 59, 322),  # fork, vfork, execve, execveat
    *(62, 129, 200, 297, 424, 434, 438, 101, 310, 311, 440),  # signals to others, and their memory
    *(76, 82, 83, 84, 85, 86, 87, 88, 90, 91, 92, 93, 94, 132, 133, 188, 189, 190, 197, 198, 199, 235),
    *(258, 259, 260, 261, 263, 264, 265, 266, 268, 280, 304, 316, 240),  # files, made or changed by name
    *(155, 161, 163, 165, 166, 167, 168, 169, 272, 308, 321, 323, 298, 175, 176, 313, 246, 320),  # the system
    *(248, 249, 250, 425, 426, 427, 29, 30, 31),  # keys, io_uring, shared memory
)
REACHES = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "os.spawn")
CHANGES = (
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "shutil.",
)


class Limits(NamedTuple):
    """What reading a file may take.

    Attributes:
        memory: bytes, beyond what the process holds before.
        seconds: of the processor.
    """

    memory: int
    seconds: int

    @property
    def wall(self) -> int:
        """Seconds by the clock."""
        return WALL * self.seconds


def limits_for(size: int) -> Limits:
    """Of a file of so many bytes."""
    return Limits(TIMES * size + SPARE, SECONDS + size // PER_SECOND)


def confine() -> list[str]:
    """Close this process in for good: no network, no program, no file to write, no trace of a crash.

    Returns:
        What this system cannot keep it from.
    """
    import resource

    sys.addaudithook(_refuse)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return [] if _filtered() else [NO_REACH]


def limit(limits: Limits, to_write: int) -> list[str]:
    """Bound what is taken from now on.

    Args:
        limits: of the next file.
        to_write: bytes that may be written to files that are open, in all.

    Returns:
        What this system does not bound.
    """
    import resource

    missing = []
    held, used = _held(), resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + limits.seconds
    if held is None or not _set(resource.RLIMIT_DATA, held + limits.memory):
        missing.append(NO_MEMORY)
    if not _set(resource.RLIMIT_CPU, seconds):
        missing.append(NO_TIME)
    _set(resource.RLIMIT_FSIZE, to_write)
    return missing


def die_with_parent() -> None:
    """End when the process that asks is gone, and only then: Ctrl-C in a terminal is for that one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)


def _set(which: int, most: int) -> bool:
    import resource

    with contextlib.suppress(ValueError, OSError):
        hard = resource.getrlimit(which)[1]
        resource.setrlimit(which, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
        return True
    return False


def _held() -> int | None:
    """Bytes of memory that this process can write to; None where the system does not say."""
    status = Path("/proc/self/status")
    for line in status.read_text().splitlines() if status.exists() else []:
        if line.startswith("VmData:"):
            return int(line.split()[1]) * 1024
    return None


def _refuse(event: str, args: tuple[Any, ...]) -> None:
    """Python's own view of the same, which names what was tried."""
    by_name = event == "open" and not isinstance(args[0], int)
    flags = args[2] if by_name and isinstance(args[2], int) else 0
    if event.startswith((*REACHES, *CHANGES)) or flags & WRITING:
        raise PermissionError(
            errno.EPERM, f"{event} is not allowed where files of strangers are read", str(args[:1])
        )


def _filtered() -> bool:
    """Install the filter of system calls; whether this system has one."""
    if sys.platform != "linux" or platform.machine() != "x86_64" or struct.calcsize("P") != 8:
        return False
    code = b"".join(struct.pack("<HBBI", *each) for each in _program())

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        return False
    program = Program(len(code) // 8, code)
    return libc.syscall(SECCOMP, SET_FILTER, ALL_THREADS, ctypes.byref(program)) == 0


def _program() -> list[tuple[int, int, int, int]]:
    """The filter, as (code, steps if so, steps if not, value)."""
    refuse, missing = (RETURN, 0, 0, FAIL | errno.EPERM), (RETURN, 0, 0, FAIL | errno.ENOSYS)
    allow = (RETURN, 0, 0, ALLOW)
    lines = [(LOAD, 0, 0, ARCHITECTURE), (IS, 1, 0, X86_64), (RETURN, 0, 0, KILL), (LOAD, 0, 0, NUMBER)]
    lines += [(AT_LEAST, 0, 1, OTHER_ABI), refuse]
    for number in REFUSED:
        lines += [(IS, 0, 1, number), refuse]
    for number in NOT_THERE:
        lines += [(IS, 0, 1, number), missing]
    lines += [(AT_LEAST, 0, 1, NEWER), missing]
    for number, argument, test in (
        (OPEN, 1, (HAS, 0, 1, WRITING)),
        (OPENAT, 2, (HAS, 0, 1, WRITING)),
        (CLONE, 0, (HAS, 1, 0, THREAD)),
        (PRLIMIT, 0, (IS, 1, 0, 0)),
        (TGKILL, 0, (IS, 1, 0, os.getpid())),
        (IOCTL, 1, (IS, 0, 1, TYPE_INTO_TERMINAL)),
    ):
        lines += [(IS, 0, 4, number), (LOAD, 0, 0, ARGUMENTS + 8 * argument), test, refuse, allow]
    return [*lines, allow]
