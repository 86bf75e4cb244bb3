"""What `evidrift repro` leaves is what `dvc repro` leaves: the same dvc.lock, byte for byte, and nothing to do.

evidrift/repro/book.py uses insides of DVC; a version that changed them would be noticed here.
"""

import shutil

from tests.repro.project import Project

BRANCHES = [f"branch-{item}-{seed}" for item in "bac" for seed in (2, 1)]
GATHERS = [f"gather-{item}" for item in "bac"]


def test_a_first_run_gives_the_lock_of_dvc_byte_for_byte_and_leaves_nothing_to_do(project, twin):
    assert sorted(project.repro()) == sorted(twin.dvc_repro())
    assert project.lock == twin.lock
    assert project.status() == {}
    assert project.dvc_repro() == []
    assert project.repro() == []
    assert project.lock == twin.lock


def changes(project):
    """Changes one after the other, each with the commands that it makes run."""
    yield "nothing", []
    project.write("input.txt", "two\n")
    yield "an input; the branches' outputs stay as they are", ["start", *BRANCHES, "uncached"]
    project.write("input.txt", "two\nand a line that no stage reads\n")
    yield "an input to no effect", ["start"]
    project.write("input.txt", "two\n")
    yield "the input back: from the run cache", []
    project.replace("params.yaml", "other: 1", "other: 2")
    yield "a parameter that no stage has", []
    project.replace("params.yaml", "b: 3", "b: 4")
    yield "a parameter", ["branch-b-2", "branch-b-1"]
    shutil.rmtree(project.path / "data" / "branch" / "a")
    (project.path / "data" / "start.txt").unlink()
    yield "outputs gone: restored", []
    project.write("data/gathered/a.txt", "tampered with\n")
    yield "an output changed: restored", []
    project.write("uncached.txt", "tampered with\n")
    yield "an output that is not cached changed", ["uncached"]

    project.replace("dvc.yaml", "echo twice", "echo thrice")
    yield "a command", ["summary", "kept"]
    project.replace("dvc.yaml", "frozen: true", "frozen: false")
    yield "a stage no longer frozen", ["frozen"]
    project.replace("dvc.yaml", "seed: [2, 1]", "seed: [2, 3]")
    yield "a seed", ["branch-b-3", "branch-a-3", "branch-c-3", *GATHERS, "summary"]
    (project.path / "dvc.lock").unlink()
    yield "no lock: from the run cache, but for what is not kept there", None


def test_after_each_change_the_same_commands_run_and_the_same_lock_is_left(project, twin):
    project.repro()
    twin.dvc_repro()
    for (what, expected), _ in zip(changes(project), changes(twin), strict=True):
        ran, ran_by_dvc = project.repro(), twin.dvc_repro()
        assert sorted(ran) == sorted(ran_by_dvc), what
        assert expected is None or sorted(ran) == sorted(expected), what
        assert project.lock == twin.lock, what


def test_stages_that_always_run_do(tmp_path):
    project, twin = (Project.create(tmp_path / name, always=True) for name in ("project", "twin"))
    assert sorted(project.repro()) == sorted(twin.dvc_repro())
    assert sorted(project.repro()) == sorted(twin.dvc_repro()) == ["always", "callback"]
    assert project.lock == twin.lock


def test_targets_are_dvcs(project):
    assert sorted(project.repro("gather@b")) == sorted(["start", "branch-b-2", "branch-b-1", "gather-b"])


def test_of_two_runs_one_gives_what_the_other_finds(project, twin):
    """A lock begun by one and ended by the other."""
    project.repro("gather@b")
    assert set(project.dvc_repro()).isdisjoint({"start", "branch-b-2", "branch-b-1", "gather-b"})
    assert project.repro() == []
