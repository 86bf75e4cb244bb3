"""What stands in the place of a file is named, with the command that fetches the file."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from evidrift.prepare.pointers import HEAD, only_tracked, stand_in

LFS = f"version https://git-lfs.github.com/spec/v1\noid sha256:{7:064d}\nsize 4711\n"
DVC = "outs:\n- md5: 00000000000000000000000000000abc\n  size: 17\n  hash: md5\n  path: old.keras\n"
STAGE = "wdir: ..\nmd5: 1\nouts:\n- path: old.keras\n  md5: abc\n"


def tar() -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as packed:
        packed.addfile(tarfile.TarInfo("x"))
    return data.getvalue()


def zipped() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as packed:
        packed.writestr("x", b"y")
    return data.getvalue()


@pytest.mark.parametrize(
    ("data", "name", "what", "mend"),
    [
        (LFS.encode(), "a.h5", "a Git LFS pointer", "git lfs pull"),
        (LFS.replace("\n", "\r\n").encode(), "1.png", "a Git LFS pointer", "git lfs pull"),
        (
            DVC.encode(),
            "m/old.keras.dvc",
            "a DVC file",
            "dvc pull m/old.keras.dvc, and give m/old.keras.",
        ),
        (STAGE.encode(), "old.dvc", "a DVC file", "dvc pull old.dvc"),
        (b"/annex/objects/SHA256E-s3--ab.png\n", "1.png", "a git-annex pointer", "git annex get 1.png"),
        (b"\n<!DOCTYPE html><title>Sign in</title>", "a.keras", "a web page", "download the file itself"),
        (zipped(), "a.h5", "a ZIP archive", "Unpack it"),
        (tar(), "a.h5", "a tar archive", "Unpack it"),
        (b"\x1f\x8b\x08\x00", "a.h5", "a gzip archive", "Unpack it"),
    ],
)
def test_a_stand_in_is_named_with_the_command_that_mends_it(data, name, what, mend):
    found = stand_in(data[:HEAD], Path(name))
    assert found.what.startswith(what)
    assert mend in found.mend


@pytest.mark.parametrize(
    "data",
    [b"", b"\x89PNG\r\n\x1a\n", b"\x89HDF\r\n\x1a\n", b"outs of order", b"version 1"],
)
def test_a_file_itself_is_no_stand_in(data):
    assert stand_in(data, Path("a")) is None


def test_a_missing_file_of_which_only_the_dvc_file_is_there(tmp_path):
    path = tmp_path / "new.keras"
    assert only_tracked(path) is None
    path.with_name("new.keras.dvc").write_text(DVC)
    assert f"dvc pull {path}.dvc" in only_tracked(path).mend


def test_a_link_of_git_annex_without_its_end(tmp_path):
    path = tmp_path / "new.keras"
    path.symlink_to("../.git/annex/objects/aa/bb/SHA256E-s3--ab.keras")
    assert f"git annex get {path}" in only_tracked(path).mend
