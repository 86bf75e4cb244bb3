"""The folder of an audit: nothing of anybody else's is lost, and a result is there whole or not at all."""

import json
import multiprocessing
import os
from pathlib import Path

import pytest

from evidrift.auditing.recording.folder import SUMMARY, Folder, claimed
from evidrift.auditing.recording.listed import NAME as LIST
from evidrift.auditing.recording.listed import UNFINISHED
from evidrift.base.errors import UserError

OLD = {SUMMARY: "old", "report.html": "<p>", "maps/model/1-cam.h5": "maps", "maps/model/2-cam.h5": "more"}
NEW = {SUMMARY: "new", "report.html": "<b>", "maps/model/1-cam.h5": "other", "tables/a.csv": "1"}


@pytest.fixture
def films(tmp_path) -> Path:
    folder = tmp_path / "films"
    folder.mkdir()
    return folder


def fill(folder: Folder, files: dict[str, str]) -> None:
    with folder.filling() as inside:
        for name, text in files.items():
            (inside / name).parent.mkdir(parents=True, exist_ok=True)
            (inside / name).write_text(text)


def audited(out: Path, films: Path, files: dict[str, str] = OLD) -> None:
    with claimed(out, films, []) as folder:
        fill(folder, files)


def there(out: Path) -> dict[str, str]:
    """All files but the list, by name."""
    found = {p.relative_to(out).as_posix(): p for p in out.rglob("*")}
    return {name: p.read_text() for name, p in found.items() if p.is_file() and name != LIST}


def test_a_result_takes_an_earlier_ones_place_and_is_listed_with_hashes(tmp_path, films):
    out = tmp_path / "a" / "out"
    for files in (OLD, NEW, NEW):
        audited(out, films, files)
        assert there(out) == files
        listing = json.loads((out / LIST).read_text())
        assert set(listing["files"]) == set(files)
        assert "coming" not in listing
        assert all(any(each.iterdir()) for each in out.rglob("*") if each.is_dir())


def test_a_fault_leaves_the_earlier_result_and_no_folder_that_was_not_there(tmp_path, films):
    out = tmp_path / "out"
    audited(out, films)
    before = (out / LIST).read_bytes()
    with pytest.raises(ZeroDivisionError), claimed(out, films, []) as folder, folder.filling() as inside:
        (inside / "report.html").write_text("half")
        raise ZeroDivisionError
    assert there(out) == OLD
    assert (out / LIST).read_bytes() == before
    with pytest.raises(ZeroDivisionError), claimed(tmp_path / "x" / "y", films, []):
        raise ZeroDivisionError
    assert not (tmp_path / "x").exists()


def mine(out: Path) -> Path:
    (out / "notes.txt").write_text("seen by AB")
    return out / "notes.txt"


def changed(out: Path) -> Path:
    (out / "report.html").write_text("<p>, and what I think of it")
    return out / "report.html"


def deep(out: Path) -> Path:
    (out / "maps" / "model" / "mine.h5").write_text("mine")
    return out / "maps" / "model" / "mine.h5"


def verdicts(out: Path) -> Path:
    (out / "evidrift-reading.json").write_text("{}")
    return out / "evidrift-reading.json"


def in_unfinished(out: Path) -> Path:
    (out / UNFINISHED).mkdir()
    (out / UNFINISHED / "mine.txt").write_text("mine")
    return out / UNFINISHED / "mine.txt"


@pytest.mark.parametrize(
    "touch", [mine, changed, deep, verdicts, in_unfinished], ids=lambda each: each.__name__
)
def test_what_an_audit_did_not_write_is_named_and_stays(tmp_path, films, touch):
    out = tmp_path / "out"
    audited(out, films)
    path = touch(out)
    before = there(out)
    with pytest.raises(UserError, match="Nothing that an audit did not write is deleted") as error:
        audited(out, films, NEW)
    assert str(path.relative_to(out)) in str(error.value)
    assert there(out) == before


def test_what_comes_in_while_an_audit_is_at_work_stays_too(tmp_path, films):
    out = tmp_path / "out"
    audited(out, films)
    with claimed(out, films, []) as folder:
        mine(out)
        with pytest.raises(UserError, match=r"notes\.txt"):
            fill(folder, NEW)
    assert there(out) == OLD | {"notes.txt": "seen by AB"}
    (out / "notes.txt").unlink()
    with (
        claimed(out, films, []) as folder,
        pytest.raises(UserError, match=r"notes\.txt"),
        folder.filling() as inside,
    ):
        (inside / SUMMARY).write_text("new")
        mine(out)
    assert there(out) == OLD | {"notes.txt": "seen by AB"}


@pytest.mark.parametrize("name", [*OLD, "maps", "store.h5", "anything"])
def test_a_folder_that_merely_holds_names_that_an_audit_uses_is_no_audits(tmp_path, films, name):
    out = tmp_path / "out"
    path = out / name if name != "maps" else out / "maps" / "of_paris.png"
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    with pytest.raises(UserError, match="holds other things than an audit") as error:
        audited(out, films)
    assert ("An audit of an earlier version kept no list" in str(error.value)) == (name == SUMMARY)
    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"format": 1}', '{"format": "evidrift audit files 1", "files": 1}']
)
def test_a_list_that_is_none_any_more_lets_nothing_be_deleted(tmp_path, films, text):
    out = tmp_path / "out"
    audited(out, films)
    (out / LIST).write_text(text)
    with pytest.raises(UserError, match="is no list of an audit's files any more"):
        audited(out, films, NEW)
    assert there(out) == OLD


def test_a_list_from_elsewhere_leads_to_no_file_outside(tmp_path, films):
    """As of a folder that somebody sent: an audit that was killed, and names that lead out of it."""
    out, outside = tmp_path / "out", tmp_path / "thesis.txt"
    outside.write_text("")
    out.mkdir()
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    names = ["../thesis.txt", str(outside), "maps/../../thesis.txt", "link/thesis.txt"]
    (out / LIST).write_text(
        json.dumps({"format": "evidrift audit files 1", "files": dict.fromkeys(names, empty), "coming": {}})
    )
    audited(out, films)
    assert outside.exists()
    assert there(out) == OLD


def test_links_are_not_followed(tmp_path, films):
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "x").write_text("mine")
    audited(out, films)
    for target in (elsewhere, elsewhere / "x", tmp_path / "nothing"):
        (out / "tables").symlink_to(target)
        with pytest.raises(UserError, match="holds tables, which is a link"):
            audited(out, films, NEW)
        (out / "tables").unlink()
    (out / "report.html").unlink()
    os.mkfifo(out / "report.html")
    with pytest.raises(UserError, match=r"holds report\.html, which is a link, or no file"):
        audited(out, films, NEW)
    assert (elsewhere / "x").read_text() == "mine"


def test_a_link_to_a_folder_is_that_folder_and_files_of_file_managers_are_not_in_the_way(tmp_path, films):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    audited(tmp_path / "link", films)
    (tmp_path / "real" / ".DS_Store").write_text("x")
    audited(tmp_path / "real", films, NEW)
    assert there(tmp_path / "link") == NEW | {".DS_Store": "x"}


def test_places_that_would_spoil_what_is_read_are_refused(tmp_path, films, monkeypatch):
    (films / "a").mkdir()
    model = tmp_path / "out" / "model.keras"
    for out, others, sentence in (
        (films / "audit", [], "lies among the images"),
        (films / "a" / "audit", [], "lies among the images"),
        (films, [], "which is to be filled with the audit"),
        (tmp_path, [], "which is to be filled with the audit"),
        (Path("/"), [], "which is to be filled with the audit"),
        (tmp_path / "out", [model], "model.keras lies in"),
        (tmp_path / "out", [tmp_path / "out" / "gate.yaml"], "gate.yaml lies in"),
    ):
        with pytest.raises(UserError, match=sentence), claimed(out, films, others):
            pass
    assert not (tmp_path / "out").exists()
    (films / "manifest.csv").write_text("path\n")  # it alone says which files are films
    audited(films / "audit", films)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    audited(Path(), films)
    assert there(tmp_path / "here") == OLD


def test_what_cannot_be_written_to_is_said_before_any_work(tmp_path, films):
    (tmp_path / "file").write_text("")
    (tmp_path / "one").symlink_to(tmp_path / "other")
    (tmp_path / "other").symlink_to(tmp_path / "one")
    for out, sentence in (
        (tmp_path / "file", "is a file; `out` must be a folder"),
        (tmp_path / "file" / "out", "cannot be written to: not a directory"),
        (tmp_path / ("x" * 300), "cannot be written to: file name too long"),
        (Path("/proc/audit"), "cannot be written to: "),
        (tmp_path / "one", "cannot be written to: "),
    ):
        with pytest.raises(UserError, match=sentence), claimed(out, films, []):
            pass


def at_work(out: Path, films: Path, ready, going) -> None:
    with claimed(out, films, []):
        ready.set()
        going.wait()


def test_of_two_audits_into_one_folder_the_second_is_refused_until_the_first_is_dead(tmp_path, films):
    out, fork = tmp_path / "out", multiprocessing.get_context("fork")
    ready, going = fork.Event(), fork.Event()
    first = fork.Process(target=at_work, args=(out, films, ready, going))
    first.start()
    ready.wait()
    with pytest.raises(UserError, match="Another audit is writing to"):
        audited(out, films)
    assert out.is_dir()
    first.kill()
    first.join()
    audited(out, films)
    assert there(out) == OLD


def killed_while(out: Path, films: Path, files: dict[str, str], at: int) -> None:
    """Dies as the n-th file is replaced or removed."""
    count = 0

    def counted(plain):
        def call(*args, **how):
            nonlocal count
            count += 1
            if count > at:
                os._exit(9)
            return plain(*args, **how)

        return call

    for name in ("replace", "unlink", "rmdir"):
        setattr(Path, name, counted(getattr(Path, name)))
    audited(out, films, files)


@pytest.mark.parametrize("at", range(14))
def test_an_audit_that_is_killed_as_it_replaces_another_shows_a_whole_result_or_none(tmp_path, films, at):
    out, fork = tmp_path / "out", multiprocessing.get_context("fork")
    audited(out, films)
    process = fork.Process(target=killed_while, args=(out, films, NEW, at))
    process.start()
    process.join()
    left = there(out)
    final = {name: text for name, text in left.items() if not name.startswith((UNFINISHED, ".partial-"))}
    assert SUMMARY not in final or final in (OLD, NEW)
    hidden = {part for name in left for part in name.split("/") if part.startswith(".")}
    assert hidden <= {f".partial-{LIST}"}  # names and hashes alone
    audited(out, films, NEW)
    assert there(out) == NEW
