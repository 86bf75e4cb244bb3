"""`make doctor` sees what is wrong before a long run, says what mends it, and mends what loses nothing."""

import json
import os
import random
import shutil
import subprocess
import sys

import pytest
import yaml
from dvc.repo import Repo

from evidrift.repro.claim import claimed
from tests.places import ROOT
from tools.doctor import __main__ as doctor
from tools.doctor import disk, environment
from tools.doctor.finding import Finding, State
from tools.doctor.study import check_study
from tools.torture.dvc_project import N_OBJECTS, Project, copied, damaged

CHANCE = random.Random(15)  # noqa: S311 - no secret


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    project = Project.made(tmp_path_factory.mktemp("doctor") / "finished")
    project.remote("../../store")
    assert project.repro().code == 0
    assert project.dvc("push").code == 0
    project.commit()
    project.ran()
    return project


@pytest.fixture
def project(finished, tmp_path):
    shutil.copytree(finished.path.parent / "store", tmp_path / "store")
    return copied(finished, tmp_path / "project")


def test_a_study_in_order_is_told_so_and_nothing_is_changed(project):
    before = {path: path.stat().st_mtime_ns for path in project.path.rglob("*") if "tmp" not in path.parts}
    done = project.doctor()
    assert done.code == 0, done.words
    assert "24 of 24 are here, as dvc.lock says" in done.words
    assert f"{N_OBJECTS} objects, " in done.words
    assert f"store has all {N_OBJECTS} objects of dvc.lock" in done.words
    after = {path: path.stat().st_mtime_ns for path in project.path.rglob("*") if "tmp" not in path.parts}
    assert after == before


def object_of(project, ending):
    return next(file for file in project.objects() if file.name.endswith(".dir") == (ending == "listing"))


@pytest.mark.parametrize("ending", ["file", "listing"])
def test_a_damaged_object_of_the_cache_is_named_and_made_anew_from_the_workspace(project, ending):
    file = object_of(project, ending)
    content = file.read_bytes()
    damaged(file, "flipped", CHANCE)
    found = project.doctor()
    assert found.code == 1
    assert "1 objects are damaged, and DVC would not notice: data/" in found.words
    assert "-> make doctor FIX=1" in found.words
    assert project.doctor(fix=True).code == 0
    assert file.read_bytes() == content
    assert file.stat().st_mode & 0o777 == 0o444
    assert len(list((project.path / ".dvc" / "tmp" / "damaged").iterdir())) == 1


def test_what_a_damaged_listing_hid_is_mended_with_it(project):
    listing = object_of(project, "listing")
    one = json.loads(listing.read_bytes())[0]["md5"]
    file = next(each for each in project.objects() if f"{each.parent.name}{each.name}" == one)
    content = file.read_bytes()
    damaged(listing, "flipped", CHANCE)
    damaged(file, "flipped", CHANCE)
    assert project.doctor(fix=True).code == 0
    assert file.read_bytes() == content
    assert project.doctor().code == 0


def test_without_the_workspace_a_damaged_object_is_taken_out_and_the_next_run_makes_it(project):
    expected = project.contents()
    damaged(object_of(project, "file"), "cut short", CHANCE)
    project.remove_outputs()
    project.doctor(fix=True)
    assert project.repro().code == 0
    assert len(project.ran()) == 1
    assert project.contents() == expected


def test_an_output_changed_behind_dvcs_back_is_named_and_then_seen_by_dvc(project):
    file = project.path / "data" / "3" / "1.bin"
    content = file.read_bytes()
    project.dvc("status", "--quiet")  # DVC notes times and sizes
    damaged(file, "flipped", CHANCE)
    assert project.dvc("status", "--quiet").code == 0
    found = project.doctor()
    assert found.code == 1
    assert "1 files are not as dvc.lock says: data/3/1.bin" in found.words
    project.doctor(fix=True)
    assert project.repro().code == 0
    assert project.ran() == []
    assert file.read_bytes() == content


@pytest.mark.parametrize(
    "left", ['{"write": {"/x": {"pid"', json.dumps({"write": {"/x": {"pid": 1, "cmd": ""}}})]
)
def test_a_list_of_busy_paths_that_a_killed_command_left_is_told_and_deleted(project, left):
    rwlock = project.path / ".dvc" / "tmp" / "rwlock"
    rwlock.write_text(left.replace("1,", f"{2**22 + 1},"))
    assert "a killed command left .dvc/tmp/rwlock" in project.doctor().words
    assert rwlock.exists()
    assert project.doctor(fix=True).code == 0
    assert project.dvc("repro").code == 0


def test_a_living_command_is_named_and_left_alone(project):
    rwlock = project.path / ".dvc" / "tmp" / "rwlock"
    rwlock.write_text(json.dumps({"write": {"/x": {"pid": os.getpid(), "cmd": "dvc repro"}}}))
    done = project.doctor(fix=True)
    assert done.code == 1
    assert f"`dvc repro` is at work in this project (process {os.getpid()})" in done.words
    assert rwlock.exists()


def store_of(project):
    return sorted(file for file in (project.path.parent / "store").rglob("*") if file.is_file())


def test_what_a_living_run_is_writing_is_left_alone(project):
    partial = project.path / "data" / "3" / ".partial-1.bin"
    partial.write_text("half of it")
    with Repo(str(project.path)) as repo, claimed(repo):  # as `evidrift repro`
        done = project.doctor(fix=True)
    assert done.code == 1
    assert f"`evidrift repro` is at work in this project (process {os.getpid()})" in done.words
    assert partial.exists()
    mended = project.doctor(fix=True)
    assert "1 unfinished files of killed stages: data/3/.partial-1.bin: deleted" in mended.words
    assert not partial.exists()


def test_what_a_cut_push_left_out_is_seen_and_sent_though_dvc_says_that_all_is_there(project):
    """A folder's listing is there, and two of its files are not: DVC takes listings at their word."""
    whole = {file: file.read_bytes() for file in store_of(project)}
    for file in [file for file in whole if not file.name.endswith(".dir")][:2]:
        file.unlink()
    assert project.dvc("push").words == "Everything is up to date.\n"
    found = project.doctor()
    assert found.code == 1
    assert f"store: 2 of {N_OBJECTS} objects are missing: data/" in found.words
    assert "make doctor FIX=1 REMOTE=store sends them" in found.words
    assert project.doctor(fix=True).code == 0
    assert {file: file.read_bytes() for file in store_of(project)} == whole


def test_a_push_killed_while_dvc_notes_what_to_send_is_mended(project, monkeypatch):
    """The note is cut after three outputs: DVC's next push takes it for all, and reports success."""
    shutil.rmtree(project.path.parent / "store")
    shutil.rmtree(project.environment["DVC_SITE_CACHE_DIR"], ignore_errors=True)

    def cut_push():
        import dvc_data.index.collect as module

        collect, left = module._collect_from_index, iter(range(3))

        def cut(*words, **settings):
            if next(left, None) is None:
                os._exit(9)
            collect(*words, **settings)

        module._collect_from_index = cut
        from dvc.cli import main

        return main(["push"])

    assert project.fork(cut_push).code == 9
    assert project.dvc("push").code == 0
    assert 0 < len(store_of(project)) < N_OBJECTS
    assert project.doctor().code == 1
    assert project.doctor(fix=True).code == 0
    assert len(store_of(project)) == N_OBJECTS
    assert project.dvc("push").words == "Everything is up to date.\n"


def test_a_wrong_object_of_the_remote_is_replaced_and_a_pull_with_verify_refuses_it(project):
    file = next(each for each in store_of(project) if not each.name.endswith(".dir"))
    damaged(file, "flipped", CHANCE)
    project.remote("../../store", verify="true")
    project.commit()
    clone = project.clone(project.path.parent / "clone")
    assert clone.dvc("pull").code != 0
    assert "not what their names say" in project.doctor().words
    assert project.doctor(fix=True).code == 0
    assert clone.dvc("pull").code == 0
    assert clone.contents() == project.contents()


def test_a_remote_that_is_not_there_is_told_in_a_sentence(project):
    project.remote("s3://nowhere/study", endpointurl="http://127.0.0.1:1", connect_timeout="1")
    done = project.doctor()
    assert done.code == 1
    assert "store cannot be asked" in done.words
    assert "Traceback" not in done.words


def test_a_lock_that_is_no_yaml_is_told(project):
    (project.path / "dvc.lock").write_text("<<<<<<< HEAD\n")
    done = project.doctor()
    assert done.code == 1
    assert "pipeline" in done.words
    assert "Traceback" not in done.words


def test_too_small_a_disk_is_told_with_what_stages_wrote_before(project, monkeypatch):
    from dvc.repo import Repo

    from evidrift.repro.objects import Kept
    from evidrift.repro.pending import pending, sizes

    project.path.joinpath("write.sh").write_text("echo changed\n")
    monkeypatch.chdir(project.path)
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", project.environment["DVC_SITE_CACHE_DIR"])
    with Repo() as repo:
        stages = pending(repo)
        assert len(stages) == 12
        assert sum(n for _, n in sizes(repo, stages)) == sum(
            file.stat().st_size for file in (project.path / "data").rglob("*") if file.is_file()
        )
        usage = shutil.disk_usage("/")._replace(free=1000)
        monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
        (told, *_) = disk.check_disk(repo, Kept(repo))
    assert told.state is State.WRONG
    assert "1 kB free" in told.told
    assert "12 stages to run, which write about" in told.told


def test_a_name_that_a_terminal_would_obey_is_spelled(monkeypatch, capsys):
    found = Finding("films", State.OK, "1 in \x1b[2Jfilms cannot be read", "chmod")
    monkeypatch.setattr(doctor, "findings", lambda remote, fix: iter([found]))
    monkeypatch.setattr(sys, "argv", ["doctor"])
    with pytest.raises(SystemExit):
        doctor.main()
    assert "films        1 in \\x1b[2Jfilms cannot be read\n" in capsys.readouterr().out


def test_what_the_machine_refuses_is_a_sentence_of_its_too(tmp_path):
    command, environ = [sys.executable, "-m", "tools.doctor"], os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "error: constraints.txt: No such file or directory.\n")


def test_packages_and_python_are_held_against_the_pins(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "requirements.txt").write_text("numpy==0.1\nnosuchpackage==1.0\n")
    (tmp_path / "constraints.txt").write_text("PyYAML==0.2\nnot-needed==3\n")
    told = " ".join(each.told for each in environment.check() if each.state is State.WRONG)
    assert "not installed: nosuchpackage 1.0" in told
    assert "instead of 0.1" in told
    assert "PyYAML" in told
    assert "not-needed" not in told
    assert "not of this folder" in told


def test_what_the_parameters_ask_for_and_cannot_be_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    params = yaml.safe_load((ROOT / "profiles" / "tiny.yaml").read_text())
    params["architectures"]["resnetv2_mini"]["sha256"] = "0" * 64
    params["prepare"]["source"] = "nowhere"
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(params))
    told = [each.told for each in check_study(path) if each.state is State.WRONG]
    assert any("prepare.source is nowhere, which does not exist" in each for each in told)
    assert any("architectures.resnetv2_mini.sha256 is 000" in each for each in told)
