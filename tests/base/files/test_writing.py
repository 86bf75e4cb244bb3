"""A file appears whole or not at all."""

import os
from pathlib import Path

import pytest

from evidrift.base.files.writing import write_bytes, write_text, writing


def test_a_file_is_written_into_a_new_folder_and_nothing_else_is_left(tmp_path):
    write_text(tmp_path / "new" / "a.txt", "naïve\r\n")
    assert (tmp_path / "new" / "a.txt").read_bytes() == "naïve\r\n".encode()
    assert list((tmp_path / "new").iterdir()) == [tmp_path / "new" / "a.txt"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_block_that_fails_leaves_the_old_file_and_no_other(tmp_path, error):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(error), writing(path) as partial:
        partial.write_text("half of the n")
        assert path.read_text() == "old"
        raise error
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text() == "old"


def test_a_link_into_a_cache_is_replaced_and_what_it_led_to_stays(tmp_path):
    cached = tmp_path / "cached"
    cached.write_text("old")
    (tmp_path / "hard").hardlink_to(cached)
    (tmp_path / "soft").symlink_to(cached)
    for name in ("hard", "soft"):
        write_bytes(tmp_path / name, b"new")
        assert (tmp_path / name).read_text() == "new"
        assert not (tmp_path / name).is_symlink()
    assert cached.read_text() == "old"


def test_the_content_is_on_the_disk_before_the_name_is_and_the_name_before_it_ends(tmp_path, monkeypatch):
    done = []
    real = os.fsync

    def fsync(descriptor):
        done.append((Path(f"/proc/self/fd/{descriptor}").readlink(), (tmp_path / "a").exists()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    write_bytes(tmp_path / "a", b"new")
    assert done == [(tmp_path / ".partial-a", False), (tmp_path, True)]
