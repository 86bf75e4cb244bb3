"""Ctrl-C and its like: within five seconds, whatever the process is at, a sentence and no traceback."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evidrift.base.process.stopping import stopping
from tests.places import ROOT

AT_WORK = {
    "sleeps": "time.sleep(60)",
    "is in an operation that takes long": "hashlib.pbkdf2_hmac('sha256', b'a', b'b', 2**31 - 1)",
    "swallows it": "try:\n    time.sleep(60)\nexcept BaseException:\n    time.sleep(60)",
    "makes another error of it": "try: time.sleep(60)\nexcept BaseException: raise OSError from None",
    "is finalised": "class A:\n    def __del__(self): time.sleep(60)\na = A()\ndel a\ntime.sleep(60)",
}
BEFORE = """\
import hashlib, time
from evidrift.base.process.stopping import stop_well
stop_well('Go on.')
print('at work', flush=True)
"""
SETTLED = 0.3  # seconds after it says so until a process is within its long work
PIPES = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "start_new_session": True}


def started(body, **settings):
    process = subprocess.Popen([sys.executable, "-c", BEFORE + body], cwd=ROOT, **PIPES, **settings)
    assert process.stdout.readline() == "at work\n"
    time.sleep(SETTLED)
    return process


@pytest.mark.parametrize("body", AT_WORK.values(), ids=AT_WORK)
def test_a_process_ends_within_five_seconds_with_how_to_go_on(body):
    process = started(body)
    asked = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert time.monotonic() - asked < 5
    assert (process.returncode, told) == (130, "Stopped by Ctrl-C. Go on.\n")


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGHUP])
def test_a_kill_and_a_closed_terminal_likewise(kind):
    process = started(AT_WORK["sleeps"])
    process.send_signal(kind)
    _, told = process.communicate(timeout=30)
    assert (process.returncode, told) == (128 + kind, f"Stopped by {kind.name}. Go on.\n")


def test_asked_twice_it_ends_at_once():
    again = "print('again', flush=True); time.sleep(60)"
    process = started(f"try:\n    time.sleep(60)\nexcept BaseException:\n    {again}")
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "again\n"
    asked = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert time.monotonic() - asked < 2


def test_what_was_to_be_ignored_stays_so_as_under_nohup():
    process = started("time.sleep(1)", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    process.send_signal(signal.SIGHUP)
    _, told = process.communicate(timeout=30)
    assert (process.returncode, told) == (0, "")


def test_blocks_are_left_in_order():
    body = "try:\n    time.sleep(60)\nfinally:\n    print('left', flush=True)"
    process = started(body)
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=30)[0] == "left\n"


def test_a_fork_ends_too_and_its_parent_alone_speaks():
    body = "import os\nif not os.fork(): print('forked', flush=True)\ntime.sleep(60)"
    process = started(body)
    assert process.stdout.readline() == "forked\n"
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=30)  # until no process has its streams
    assert (process.returncode, told) == (130, "Stopped by Ctrl-C. Go on.\n")


def test_outside_the_block_signals_do_what_they_did_before():
    before = signal.getsignal(signal.SIGTERM), sys.excepthook
    with stopping():
        assert signal.getsignal(signal.SIGTERM) != before[0]
    assert (signal.getsignal(signal.SIGTERM), sys.excepthook) == before


@pytest.mark.slow
@pytest.mark.parametrize("after", [0.0, 0.5, 2.0])
def test_ctrl_c_while_a_stage_imports(tmp_path, after):
    words = [sys.executable, "-m", "stages.embed", "--arch", "resnetv2_mini", "--params", "params.yaml"]
    paths = [f"--{name}={tmp_path / name}" for name in ("images", "scratch", "backbone", "features")]
    process = subprocess.Popen([*words, *paths], cwd=ROOT, **PIPES)
    while not _is_ready(process.pid):
        time.sleep(0.001)
    time.sleep(after)
    asked = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert time.monotonic() - asked < 5
    assert process.returncode == 130
    assert told == "Stopped by Ctrl-C. What was finished is kept: the same command goes on from there.\n"


def _is_ready(pid):
    """Whether it catches SIGTERM, which Python by itself does not."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt"))
    return int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1
