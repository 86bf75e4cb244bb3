"""Unfinished work on disk: what is gone on from, and what is not."""

import json
from argparse import Namespace
from importlib.metadata import version
from multiprocessing import get_context

import numpy as np
import pytest

from evidrift.base import versions
from evidrift.base.errors import UserError
from evidrift.base.files import lock
from evidrift.base.unfinished import fingerprint
from evidrift.base.unfinished import scratch as on_disk
from evidrift.base.unfinished.memo import Memo
from evidrift.base.unfinished.scratch import Scratch, unfinished


class Kill(BaseException):
    pass


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Every piece comes to disk, not one a second."""
    monkeypatch.setattr(on_disk, "EVERY", 0.0)


@pytest.fixture
def args(tmp_path, monkeypatch):
    """Of a stage with one input, whose code is one file."""
    given, module = tmp_path / "input" / "a.txt", tmp_path / "module.py"
    given.parent.mkdir()
    given.write_text("one")
    module.write_text("one")
    for place in (fingerprint, on_disk):
        monkeypatch.setattr(place, "code", lambda: [module])
    return Namespace(scratch=tmp_path / "scratch", item=("net", "1"), inputs=[given.parent], module=module)


def squares(args, *settings, stop_at=None, n=5):
    """The squares of 0 to n - 1, and which of them were worked out in this run."""
    worked = []

    def square(job):
        if job == stop_at:
            raise Kill
        worked.append(job)
        return {"square": np.array(job**2), "text": np.array(["a", "bc"])}

    found = []
    try:
        with unfinished("explain", args, *(settings or (3,))) as memo:
            for made in memo.each("squares", range(n), square):
                found.append(int(made["square"]))
    except Kill:
        pass
    return found, worked


def folders(args):
    return sorted(path.name for path in args.scratch.glob("*")) if args.scratch.exists() else []


def test_a_run_goes_on_where_the_one_before_it_was_killed_and_leaves_nothing(args, capsys):
    assert squares(args, stop_at=3) == ([0, 1, 4], [0, 1, 2])
    (folder,) = folders(args)
    assert folder.startswith("explain-net-1-")
    assert squares(args, stop_at=4) == ([0, 1, 4, 9], [3])
    assert "squares: continues after piece 3 of 5" in capsys.readouterr().err
    assert squares(args) == ([0, 1, 4, 9, 16], [4])
    assert not args.scratch.exists()
    assert squares(args)[1] == [0, 1, 2, 3, 4]


def test_little_work_waits_in_memory_and_is_written_together(args, monkeypatch):
    monkeypatch.setattr(on_disk, "EVERY", 60.0)
    squares(args, stop_at=4)
    assert folders(args) == []
    clock = iter(np.arange(0, 1000, 25.0))
    monkeypatch.setattr(on_disk.time, "monotonic", lambda: float(next(clock)))  # 25 s a look
    squares(args, stop_at=4)
    (piece,) = args.scratch.glob("*/*.piece")
    monkeypatch.undo()
    memo = Scratch(piece.parent, *_of(args))
    assert [int(each["square"]) for each in memo.each("squares", range(3), pytest.fail)] == [0, 1, 4]


def _of(args):
    """What a folder's pieces are of, as its first says."""
    piece = next(args.scratch.glob("*/*.piece")).read_bytes()
    header = json.loads(piece[len(on_disk.MARK) + on_disk.DIGITS :].partition(b"\n")[0])
    return header["of"], {}


def change_parameter(args):
    return (4,)


def change_input(args):
    (args.inputs[0] / "a.txt").write_text("two")
    return ()


def change_code(args):
    args.module.write_text("two")
    return ()


@pytest.mark.parametrize("change", [change_parameter, change_input, change_code])
def test_work_of_other_parameters_inputs_or_code_does_not_count_and_is_cleared(args, change, capsys):
    squares(args, stop_at=3)
    (before,) = folders(args)
    settings = change(args)
    assert squares(args, *settings, stop_at=4)[1] == [0, 1, 2, 3]
    what = (
        change.__name__.removeprefix("change_").replace("input", "inputs").replace("parameter", "parameters")
    )
    assert f"{before}: what was begun there does not count: other {what}." in capsys.readouterr().err
    assert len(folders(args)) == 2
    assert squares(args, *settings)[1] == [4]
    assert not args.scratch.exists()


@pytest.mark.parametrize("library", ["numpy", "opencv-python-headless", "scipy"])
def test_another_version_of_a_library_likewise(args, library, monkeypatch, capsys):
    squares(args, stop_at=3)
    monkeypatch.setattr(versions, "version", lambda name: "0" if name == library else version(name))
    assert squares(args)[1] == [0, 1, 2, 3, 4]
    assert "other versions." in capsys.readouterr().err


def test_another_items_work_stays(args):
    squares(args, stop_at=3)
    other = Namespace(**{**vars(args), "item": ("net", "12")})
    assert squares(other)[1] == [0, 1, 2, 3, 4]
    assert len(folders(args)) == 1
    assert squares(args)[1] == [3, 4]


def flip(piece):
    content = bytearray(piece.read_bytes())
    content[-5] ^= 4
    piece.write_bytes(content)


def cut(piece):
    piece.write_bytes(piece.read_bytes()[:-20])


def empty(piece):
    piece.write_bytes(b"")


def other_format(piece):
    np.save(piece.open("wb"), np.arange(3))


def rename(piece):
    """A piece of another place."""
    piece.write_bytes(piece.with_name("squares-0.piece").read_bytes())


@pytest.mark.parametrize("damage", [flip, cut, empty, other_format, rename])
def test_a_damaged_or_foreign_piece_is_set_aside_with_a_warning_and_done_again(args, damage, capsys):
    squares(args, stop_at=4)
    damage(next(args.scratch.glob("*/squares-2.piece")))
    found, worked = squares(args)
    assert (found, worked) == ([0, 1, 4, 9, 16], [2, 3, 4])
    assert "squares-2.piece is " in (told := capsys.readouterr().err)
    assert "It is now squares-2.aside; its work is done again." in told
    assert not args.scratch.exists()


def test_a_piece_of_another_fingerprint_is_foreign(args, capsys):
    squares(args, stop_at=4)
    (folder,) = folders(args)
    (args.scratch / folder).rename(args.scratch / "kept")
    squares(args, 4, stop_at=1)
    (other,) = (name for name in folders(args) if name != "kept")
    (args.scratch / "kept" / "squares-1.piece").rename(args.scratch / other / "squares-1.piece")
    assert squares(args, 4)[1] == [1, 2, 3, 4]
    assert "squares-1.piece is of other parameters, inputs or code" in capsys.readouterr().err


def test_a_half_written_piece_counts_for_nothing(args):
    squares(args, stop_at=3)
    piece = next(args.scratch.glob("*/squares-2.piece"))
    piece.rename(piece.with_name(f".partial-{piece.name}"))
    assert squares(args)[1] == [2, 3, 4]
    assert not args.scratch.exists()


def test_pieces_are_dropped_once_what_was_put_before_is_on_disk(tmp_path, monkeypatch):
    memo = Scratch(tmp_path, "f", {})
    memo.put({"a": {"x": np.arange(3)}})
    monkeypatch.setattr(on_disk, "EVERY", 60.0)
    memo.put({"b": {"x": np.arange(4)}})
    memo.drop("a")
    assert (tmp_path / "a.piece").exists()
    monkeypatch.setattr(on_disk, "EVERY", 0.0)
    memo.put({"c": {}})
    assert {path.name for path in tmp_path.glob("*.piece")} == {"b.piece", "c.piece"}
    assert Scratch(tmp_path, "f", {}).get("a") is None
    np.testing.assert_array_equal(Scratch(tmp_path, "f", {}).get("b")["x"], np.arange(4))


def test_objects_are_not_written(tmp_path):
    with pytest.raises(ValueError, match="allow_pickle=False"):
        Scratch(tmp_path, "f", {}).put({"a": {"x": np.array([{}], object)}})
    assert list(tmp_path.glob("*a.piece")) == []


def _hold(args, held, end):
    with lock.locked(args.scratch / ".explain-net-1.lock", "run"):
        held.set()
        end.wait(30)


def test_a_second_run_of_the_item_is_refused_and_runs_once_the_first_has_ended(args, monkeypatch):
    monkeypatch.setattr(lock, "PATIENCE", 0.2)
    context = get_context("spawn")
    held, end = context.Event(), context.Event()
    process = context.Process(target=_hold, args=(Namespace(scratch=args.scratch), held, end))
    process.start()
    assert held.wait(30)
    with pytest.raises(
        UserError, match=rf"Another run of explain net 1 is at work here, process {process.pid}"
    ):
        squares(args)
    end.set()
    process.join()
    assert squares(args)[0] == [0, 1, 4, 9, 16]


def test_without_a_scratch_everything_is_done_anew():
    made = [list(Memo().each("squares", range(3), lambda job: {"": np.array(job)})) for _ in range(2)]
    assert [int(each[""]) for each in made[1]] == [0, 1, 2]
