"""What verify says of two locks."""

import shutil
import subprocess
import sys

import pytest
import yaml

from evidrift.base.errors import UserError
from tests.pipeline.workplace import ROOT, Workplace
from tools import verify


def stage(out, md5, code="a"):
    return {"deps": [{"path": "evidrift/base", "md5": code}], "outs": [{"path": out, "md5": md5}]}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with dvc.yaml, and a way to write locks there."""
    shutil.copy2(ROOT / "dvc.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)

    def write(name, **stages):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump({"schema": "2.0", "stages": stages}))

    return write


def run(monkeypatch, *words):
    monkeypatch.setattr("sys.argv", ["verify", *words])
    verify.main()


def test_the_same_lock_is_reproduced(project, monkeypatch, capsys):
    project("dvc.lock", prepare=stage("data/images", "1"))
    project("locks/tiny.lock", prepare=stage("data/images", "1"))
    run(monkeypatch, "--against", "locks/tiny.lock")
    assert capsys.readouterr().out == "1 of 1 outputs have the same bytes as in locks/tiny.lock.\n"


def test_what_differs_is_named_in_the_graphs_order_and_the_code_is_not_blamed_on_the_machine(
    project, monkeypatch, capsys
):
    then = {
        "compare": stage("data/compare", "1"),
        "embed@a": stage("models/a", "1"),
        "prepare": stage("i", "1"),
    }
    project("locks/x.lock", **then, drift=stage("data/drift", "1"))
    project(
        "dvc.lock", **then | {"compare": stage("data/compare", "2"), "embed@a": stage("models/a", "2", "b")}
    )
    with pytest.raises(SystemExit, match="1"):
        run(monkeypatch, "--against", "locks/x.lock")
    assert capsys.readouterr().out.splitlines() == [
        "1 of 4 outputs have the same bytes as in locks/x.lock.",
        "  models/a (embed@a): differs",
        "  data/drift (drift): was not made",
        "  data/compare (compare): differs",
        "1 of 4 stages ran with other code or parameters than then, so that this need not be the machine: "
        "embed@a is the first.",
    ]
    run(monkeypatch, "--against", "locks/x.lock", "--only-tell")


def test_a_lock_that_is_not_there_is_no_success(project, monkeypatch):
    project("dvc.lock", prepare=stage("data/images", "1"))
    with pytest.raises(UserError, match=r"locks/tiny\.lock does not exist.*make lock"):
        run(monkeypatch, "--against", "locks/tiny.lock", "--only-tell")


def test_a_run_that_fails_is_no_success(tmp_path):
    """Whatever it is told to overlook."""
    for name in ("dvc.yaml", "profiles/tiny.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy2(ROOT / name, tmp_path / name)
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks" / "tiny.lock").write_text("stages: {}")
    words = [sys.executable, "-m", "tools.verify", "--profile", "tiny", "--only-tell"]
    done = subprocess.run(
        words,
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "`git clone --quiet" in done.stderr


@pytest.mark.slow
def test_a_profile_is_run_in_a_clone_and_its_lock_kept_and_met_again(tmp_path, monkeypatch, capsys):
    place = Workplace(tmp_path)
    stage = {"cmd": "cp params.yaml made", "deps": ["params.yaml"], "outs": ["made"]}
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"prepare": stage}}))
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "mini.yaml").write_text("a: 1")
    place.run("git", "init", "--quiet")
    place.run("dvc", "init", "--quiet")
    place.commit("start")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # the clone of a study has evidrift in it
    run(monkeypatch, "--profile", "mini", "--write")
    run(monkeypatch, "--profile", "mini")
    assert "1 of 1 outputs have the same bytes as in locks/mini.lock." in capsys.readouterr().out
    assert not (tmp_path / "made").exists()
    (tmp_path / "profiles" / "mini.yaml").write_text("a: 2")
    with pytest.raises(SystemExit, match="1"):
        run(monkeypatch, "--profile", "mini")
    assert "0 of 1 outputs" in capsys.readouterr().out


def test_the_committed_lock_is_the_default(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(verify, "read_file", lambda path: verify.committed())
    run(monkeypatch)
    assert "outputs have the same bytes as in the committed dvc.lock" in capsys.readouterr().out
