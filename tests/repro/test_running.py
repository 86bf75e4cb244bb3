"""How a run goes: order, failures, Ctrl-C, two at once, a kill at any moment."""

import errno
import json
import os
import random
import signal
import time

import psutil
import pytest
import yaml
from dvc.repo import Repo, lock_repo

from evidrift.base.errors import UserError
from evidrift.repro import claim, progress
from evidrift.repro.book import Book
from evidrift.repro.claim import claimed
from evidrift.repro.jobs import default_jobs
from tests.repro.test_same_as_dvc import BRANCHES, GATHERS


def wait_until(true):
    until = time.monotonic() + 60
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_stage_starts_after_all_that_it_needs(project):
    ran = project.repro(jobs=4)
    assert ran[0] == "start"
    for item in "bac":
        assert {ran.index(f"branch-{item}-{seed}") < ran.index(f"gather-{item}") for seed in (1, 2)} == {True}
    assert ran.index("summary") > max(map(ran.index, GATHERS))
    assert ran.index("kept") > ran.index("summary")


def test_stages_run_side_by_side_as_many_as_asked(project):
    """Each writes how many run while it does; `slow` has them last long enough to meet."""
    project.write("slow", "0.3")
    project.replace(
        "stage.sh",
        'sleep "$(cat slow)"',
        'touch "at-$name"; ls at-* | wc -l >> many; sleep 0.3; rm "at-$name"',
    )
    project.repro("gather", jobs=3)
    assert max(map(int, (project.path / "many").read_text().split())) == 3


def test_a_failing_stage_leaves_the_others_running_and_is_named_with_the_end_of_its_log(project, capfd):
    project.write("fail-branch-a-1", "")
    ran = project.repro(expect=1)
    assert set(ran) == {"start", *BRANCHES, "gather-b", "gather-c", "uncached"}
    told = capfd.readouterr().err
    assert "branch@a-1 failed: its command ended with exit code 3." in told
    assert "branch@a-1.log:\n    no such film\n" in told
    assert "Failed: branch@a-1. Not run because of that: 3." in told
    (project.path / "fail-branch-a-1").unlink()
    assert sorted(project.repro()) == sorted(["branch-a-1", "gather-a", "summary", "kept"])


def test_nothing_of_a_failing_stages_log_is_printed_that_a_terminal_would_obey(project, capfd):
    project.replace("stage.sh", 'echo "no such film"', 'printf "no such film \\033[2J\\n"')
    project.write("fail-start", "")
    project.repro("start", expect=1)
    assert "    no such film \\x1b[2J\n" in capfd.readouterr().err


def test_a_stage_that_did_not_write_its_output_fails_with_dvcs_words(project, capfd):
    project.replace(
        "dvc.yaml",
        "[sh stage.sh summary data/summary summary.json, echo twice >> data/summary/one.txt]",
        "echo",
    )
    project.repro(expect=1)
    assert "summary failed: output 'data/summary' does not exist." in capfd.readouterr().err


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_ends_the_stages_keeps_what_is_done_and_says_how_to_go_on(project, kind):
    project.replace(
        "stage.sh", 'if [ -e slow ]; then sleep "$(cat slow)"; fi', "[ $name = start ] || sleep 600"
    )
    run = project.start("--jobs", "2")
    wait_until(lambda: len(running("sleep 600", project)) == 2)
    run.send_signal(kind)
    told, _ = run.communicate(timeout=30)
    assert run.returncode == 128 + kind
    assert (
        "Stopped. Stages: 1 run, 1 unchanged, 2 stopped. What is done is kept: the same command goes" in told
    )
    assert running("sleep 600", project) == []
    assert list(yaml.safe_load(project.lock)["stages"]) == ["start"]


def running(words, project):
    """Processes of that command in that project."""
    found = []
    for process in psutil.process_iter():
        try:
            if " ".join(process.cmdline()) == words and process.cwd() == str(project.path):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def test_two_at_once_are_refused_ours_and_dvcs(project, monkeypatch):
    with Repo(str(project.path)) as other, lock_repo(other), pytest.raises(UserError) as refused:
        project.repro()
    assert (
        f"Another DVC command or `evidrift repro` is at work in this project (process {os.getpid()})"
        in str(refused.value)
    )
    with (
        Repo(str(project.path)) as other,
        claimed(other, for_commands=True),  # as `evidrift repro --ray`
        monkeypatch.context() as patch,
        pytest.raises(UserError, match="Another `evidrift repro`, or stages of one that was killed"),
    ):
        patch.setattr(claim, "PATIENCE", 0)
        project.repro()
    busy = {"write": {str(project.path / "data/start.txt"): {"pid": os.getpid(), "cmd": "dvc repro"}}}
    project.write(".dvc/tmp/rwlock", json.dumps(busy))
    with pytest.raises(UserError, match="`dvc repro` is at work in this project"):
        project.repro()


@pytest.mark.parametrize(
    "left",
    [
        '{"write": {"/x": {"pid"',
        "",
        json.dumps({"write": {"/x": {"pid": 2**22 + 1, "cmd": "dvc repro"}}, "read": {}}),
    ],
    ids=["half-written", "empty", "of a dead process"],
)
def test_what_a_killed_dvc_left_of_its_list_of_busy_paths_does_not_block(project, left):
    (project.path / ".dvc" / "tmp").mkdir(exist_ok=True)
    project.write(".dvc/tmp/rwlock", left)
    assert "start" in project.repro("start")
    assert project.dvc_repro() != []


@pytest.mark.slow
def test_killed_at_any_moment_and_started_again_nothing_finished_runs_again(project, twin):
    twin.dvc_repro()
    project.write("slow", "0.05")
    chance, finished = random.Random(13), []  # noqa: S311
    for _ in range(10):
        run = project.start("--jobs", "3")
        run.stdout.readline()  # something has begun
        time.sleep(chance.uniform(0, 1.5))
        run.kill()
        told = run.communicate()[0]
        finished += [line.split()[1] for line in told.splitlines() if line.startswith("done ")]
    project.repro()
    # what a killed run wrote last need not be last in the order of DVC
    assert yaml.safe_load(project.lock) == yaml.safe_load(twin.lock)
    assert len(finished) == len(set(finished)), "a stage that was done ran again"
    assert project.dvc_repro() == []


@pytest.mark.slow
def test_a_kill_takes_the_stages_along_and_leaves_nothing_that_blocks(project):
    project.write("slow", "600")
    run = project.start("--jobs", "2")
    wait_until(lambda: len(running("sleep 600", project)) == 1)
    run.kill()
    run.communicate()
    wait_until(lambda: running("sleep 600", project) == [])
    (project.path / "slow").unlink()
    assert project.ran() == ["start"]
    assert set(project.dvc_repro()) == {"start", *BRANCHES, *GATHERS, "summary", "uncached", "kept"}


def test_jobs_are_the_cores_for_their_threads(project):
    cores = len(os.sched_getaffinity(0))
    assert default_jobs(project.path / "params.yaml") <= cores
    project.write("params.yaml", f"compute: {{threads: {cores}}}\n")
    assert default_jobs(project.path / "params.yaml") == 1


def test_a_full_disk_is_told_once_nothing_more_is_begun_and_the_next_run_goes_on(project, capfd, monkeypatch):
    def full(self, stage):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Book, "finish", full)
        patched.setattr(Book, "write", lambda self: full(self, None))
        assert project.repro(jobs=1, expect=1) == ["start"]
    told = capfd.readouterr().err
    assert told.count(f"error: The disk that holds {project.path} is full: ") == 1
    assert "Failed: start. Not run because of that: 13." in told
    assert len(project.repro()) == 13


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("schema: '2.0'", "<<<<<<< HEAD\nschema: '2.0'"),
        ("md5: ", "md5: 1 #"),
        ("stages:", "stages: ["),
    ],
)
def test_a_lock_that_was_edited_by_hand_is_refused_with_how_to_mend_it(project, old, new):
    project.repro()
    project.replace("dvc.lock", old, new)
    with pytest.raises(UserError, match=r"dvc\.lock.* `git restore dvc\.lock` brings the committed one back"):
        project.repro()
    (project.path / "dvc.lock").unlink()
    project.repro()
    assert project.status() == {}


def test_without_a_terminal_a_long_stage_says_now_and_then_how_far_it_is(project, monkeypatch, capfd):
    monkeypatch.setattr(progress, "BETWEEN", 0.1)
    step = 'for epoch in 1 2; do echo "epoch $epoch of 2"; sleep 0.8; done'
    project.replace(
        "stage.sh", 'if [ -e slow ]; then sleep "$(cat slow)"; fi', f"[ $name != start ] || {{ {step}; }}"
    )
    project.repro("start")
    told = capfd.readouterr().out.splitlines()
    assert [line.strip() for line in told if "epoch" in line] == [
        "start: epoch 1 of 2",
        "start: epoch 2 of 2",
    ]
