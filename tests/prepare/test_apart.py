"""Films are read by processes apart: what breaks one costs that film, and nothing of the caller is stale."""

import os
import signal

import pytest

from evidrift.base.errors import UserError
from evidrift.prepare import apart, reader
from evidrift.prepare.entry import Entry, Excluded
from evidrift.prepare.films.header import KEY, pseudonym_of
from tests.prepare.films import film, save
from tools.formats.dicom_file import dicom


def load(folder, name="a.png"):
    return apart.load_apart(Entry(name, "a"), folder, 32, padding=False, min_side=8)


def test_the_key_and_the_folder_are_those_of_the_moment(tmp_path, monkeypatch):
    for number, place in enumerate(("one", "two")):
        folder = tmp_path / place
        folder.mkdir()
        (folder / "a.dcm").write_bytes(dicom(film(number, 80, 72), PatientID="7"))
        monkeypatch.chdir(folder)
        monkeypatch.setenv(KEY, f"a key of sixteen letters, {place}")
        loaded, _ = apart.load_apart(Entry("a.dcm", "a"), folder.relative_to(folder), 32, False, 8)
        assert loaded.entry.patient_id == pseudonym_of({"PatientID": "7"})
    monkeypatch.setenv(KEY, "short")
    with pytest.raises(UserError, match="16"):
        load(tmp_path / "one", "a.dcm")


def test_a_reader_that_dies_is_replaced_and_a_film_that_kills_two_is_left_out(tmp_path, monkeypatch):
    save(tmp_path / "a.png", film(1))
    load(tmp_path)
    idle = apart._idle(os.getpid())
    first = idle.get_nowait()
    os.kill(first._process.pid, signal.SIGKILL)
    first._process.wait()
    idle.put(first)
    assert load(tmp_path)[0].width == 20  # by another
    ends = [-signal.SIGSEGV, -signal.SIGXCPU]
    monkeypatch.setattr(apart.Reader, "ask", lambda self, request, n: None)
    for code, told in zip(ends, ("breaks its decoder (SIGSEGV)", "takes too long"), strict=True):
        monkeypatch.setattr(apart.Reader, "end", lambda self, code=code: code)
        with pytest.raises(Excluded) as why:
            load(tmp_path)
        assert told in why.value.detail
    apart._idle.cache_clear()


def test_a_film_whose_readers_are_killed_by_others_is_not_left_out(tmp_path, monkeypatch):
    save(tmp_path / "a.png", film(1))
    monkeypatch.setattr(apart.Reader, "ask", lambda self, request, n: None)
    monkeypatch.setattr(apart.Reader, "end", lambda self: -signal.SIGKILL)
    with pytest.raises(UserError, match=r"a\.png was killed by another, 2 times.*memory"):
        load(tmp_path)
    apart._idle.cache_clear()


def test_a_reader_may_write_no_file(tmp_path):
    save(tmp_path / "a.png", film(1))
    load(tmp_path)
    kept = apart._idle(os.getpid()).get_nowait()
    with open(f"/proc/{kept._process.pid}/limits") as file:  # noqa: PTH123
        limits = {line[:25].strip(): line[26:46].strip() for line in file}
    assert limits["Max file size"] == limits["Max core file size"] == "0"
    assert int(limits["Max data size"]) < reader.LIMITS.memory + (1 << 30)
    assert 0 < int(limits["Max cpu time"]) < 2 * reader.LIMITS.seconds + 60
