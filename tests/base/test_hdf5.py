"""HDF5 on a full disk: an exception, never the end of the process."""

import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from evidrift.base.hdf5 import writing_hdf5

PLANES = np.random.default_rng(0).integers(0, 255, (200, 32, 32)).astype(np.uint8)


def fill(file: h5py.File) -> None:
    file.create_dataset("planes", data=PLANES, chunks=(1, 32, 32), track_times=False)


def test_the_bytes_are_those_of_hdf5_itself_and_no_room_is_kept(tmp_path):
    with h5py.File(tmp_path / "one.h5", "w") as file:
        fill(file)
    with writing_hdf5(tmp_path / "other.h5", PLANES.nbytes) as file:
        fill(file)
    assert (tmp_path / "one.h5").read_bytes() == (tmp_path / "other.h5").read_bytes()
    used = (tmp_path / "other.h5").stat().st_blocks * 512
    assert used < PLANES.nbytes * 2


def test_a_file_that_may_not_grow_as_large_as_it_must_is_an_error_and_is_not_there(tmp_path):
    """Of a process of its own: what HDF5 could not write crashes it at its end."""
    code = (
        "import resource, sys; from pathlib import Path; from evidrift.base.hdf5 import writing_hdf5\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); path = Path(sys.argv[1])\n"
        "try:\n"
        "    with writing_hdf5(path, 200_000) as file:\n"
        "        file.create_dataset('x', data=b'x' * 200_000)\n"
        "except OSError as why:\n"
        "    print(why.errno, path.exists())\n"
    )
    words = [sys.executable, "-c", code, str(tmp_path / "x.h5")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "27 False\n", "")


@pytest.mark.skipif(os.geteuid() != 0, reason="a small disk is mounted, which takes root")
@pytest.mark.parametrize("size", [4, 1000, 4200])
def test_a_full_disk_is_an_error(tmp_path, size):
    words = ["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(tmp_path)]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        path = Path(tmp_path) / "x.h5"
        with (
            pytest.raises(OSError, match="No space left") as caught,
            writing_hdf5(path, PLANES.nbytes) as file,
        ):
            fill(file)
        assert caught.value.filename == str(path)
        assert not path.exists()
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
