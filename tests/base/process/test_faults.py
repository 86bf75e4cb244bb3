"""Every way in which a full disk, a missing right or no memory reaches a run is told in one sentence."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evidrift.base.process.faults import fault
from tests.places import ROOT

FULL = "/dev/full"


def raised(make):
    with pytest.raises(Exception) as caught:
        make()
    return caught.value


def in_arrow():
    """By a descriptor: Arrow deletes a path that it could not write, which root may."""
    with Path(FULL).open("wb", buffering=0) as file:
        pq.write_table(pa.table({"x": np.arange(1000)}), file)


def in_the_cause():
    try:
        Path(FULL).write_text("x")
    except OSError as error:
        raise RuntimeError("could not be saved") from error


@pytest.mark.parametrize("make", [in_arrow, in_the_cause])
def test_a_full_disk_is_told_whoever_met_it(make):
    assert "is full: " in fault(raised(make))


def test_hdf5_says_in_its_text_alone_which_file_and_why(tmp_path):
    """As h5py 3.14 words it; to have it crash here would end the tests."""
    told = f"Can't write data (file write failed: time = x\n, filename = '{tmp_path}/maps.h5', errno = 28, x)"
    sentence = fault(RuntimeError(told))
    assert sentence.startswith(f"The disk that holds {tmp_path}/maps.h5 is full: ")
    assert sentence.endswith("Free some space, then run the same command again.")


def test_what_is_kept_is_said_where_anything_is(tmp_path, monkeypatch):
    """Not of an audit, say, of which nothing stays."""
    monkeypatch.chdir(tmp_path)
    error = OSError(errno.ENOSPC, "No space left on device", "x")
    assert "free now. Free some space" in fault(error)
    (tmp_path / "scratch").mkdir()
    assert "free now. What was finished is kept, in scratch/ too. Free some space" in fault(error)


def test_the_file_has_the_name_that_it_would_have_had(tmp_path):
    error = OSError(errno.ENOSPC, "No space left on device", str(tmp_path / ".partial-tl.weights.h5"))
    assert f"{tmp_path}/tl.weights.h5 is full" in fault(error)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EDQUOT, "Your quota on the disk that holds data/x is used up"),
        (errno.EROFS, "data/x cannot be written: its disk is read-only"),
        (errno.EIO, "data/x could not be read or written: the disk reports a fault"),
        (errno.EMFILE, "Too many files are open"),
        (errno.ENAMETOOLONG, "data/x: the name is too long for this disk"),
        (errno.EFBIG, "data/x may not become so large"),
        (errno.ENOMEM, "There was not enough memory"),
        (errno.ENOTDIR, "data/x: Not a directory."),
    ],
)
def test_what_is_refused_is_named_with_its_file(number, words):
    assert words in fault(OSError(number, os.strerror(number), "data/x"))


def test_whose_folder_it_is_that_may_not_be_written(tmp_path):
    """In a process of a user who is not root, where this one is."""
    folder = tmp_path / "maps"
    folder.mkdir(mode=0o755)
    for each in (tmp_path, *tmp_path.parents[:3]):  # of pytest, by which xdist has one more
        each.chmod(each.stat().st_mode | 0o055)
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom evidrift.base.process.faults import fault\n"
        "if os.geteuid() == 0:\n    os.seteuid(65534)\nelse:\n    Path(sys.argv[1]).chmod(0o555)\n"
        "try:\n    Path(sys.argv[1], 'a').mkdir()\nexcept OSError as error:\n    print(fault(error))\n"
    )
    words = [sys.executable, "-c", code, str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=ROOT)
    assert f"{folder}/a may not be written by this user" in done.stdout
    assert f"{folder} belongs to user number {os.geteuid()}" in done.stdout


def test_no_memory_is_told_whoever_wanted_it():
    assert "Unable to allocate" in fault(raised(lambda: np.zeros((2**40, 2**10))))
    assert "There was not enough memory" in fault(MemoryError())


def test_a_fault_of_ours_is_none_of_the_machine():
    assert fault(KeyError("x")) is None
    assert fault(ValueError("errno 3")) is None


def test_an_hdf5_file_that_is_none_is_told_in_hdf5s_words(tmp_path):
    (tmp_path / "x.h5").write_bytes(b"no")
    assert "signature" in fault(raised(lambda: h5py.File(tmp_path / "x.h5")))


SCRIPT = """
import sys
from pathlib import Path
from evidrift.base.errors import run

def main():
    print("a line")
    print("another", file=sys.stderr)
    Path(sys.argv[1]).write_text("trained")

run(main)
"""


@pytest.mark.parametrize("log", [FULL, "broken"])
def test_what_cannot_be_printed_stops_nothing(tmp_path, log):
    if log == FULL:
        out = os.open(FULL, os.O_WRONLY)
    else:
        read, out = os.pipe()
        os.close(read)
    words = [sys.executable, "-c", SCRIPT, str(tmp_path / "out")]
    done = subprocess.run(words, stdout=out, stderr=out, check=False, cwd=ROOT)
    os.close(out)
    assert done.returncode == 0
    assert (tmp_path / "out").read_text() == "trained"


def test_a_stage_says_it_in_a_sentence_and_leaves_with_1():
    words = [sys.executable, "-c", SCRIPT, FULL]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 1
    assert done.stderr.startswith("another\nerror: The disk that holds ")
    assert done.stderr.count("\n") == 2
