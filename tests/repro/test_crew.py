"""Which commands run in a fork that has TensorFlow, and that they run there as by themselves."""

import os
import signal
import sys
from pathlib import Path

import pytest

from evidrift.repro.crew import SHELL, Crew, task
from tests.places import ROOT


@pytest.fixture
def settings(monkeypatch):
    """In this project, with this environment's python first, as `make repro` has it."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    return {"commands": [], "folder": str(ROOT), "environment": {**os.environ, "DVC_STAGE": "x"}}


@pytest.mark.parametrize(
    ("cmd", "module"),
    [
        ("python -m stages.finetune --seed 1 --params params.yaml --images data/images", "stages.finetune"),
        ("python -m stages.drift --params params.yaml", None),  # without TensorFlow
        ("python -m stages.probe --images data/images", None),
        ("python -m stages.finetune --seed 1", None),  # how to compute is not said
        ("python -m stages.finetune --params params.yaml > out", None),
        ("python -m stages.finetune --params $PARAMS", None),
        ("python -m tools.profile --params params.yaml", None),
        ("python3 -m stages.finetune --params params.yaml", None),
        (["python -m stages.finetune --params params.yaml"], None),
    ],
)
def test_a_plain_command_of_a_script_that_starts_tensorflow_is_forked_and_no_other(settings, cmd, module):
    made = task("x", cmd, Path("x.log"), settings)
    assert made.module == module
    assert made.added["DVC_STAGE"] == "x"
    assert "PATH" not in made.added  # as this process has it


def test_another_python_is_not_taken_for_this_one(settings, tmp_path, monkeypatch):
    (tmp_path / "python").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert task("x", "python -m stages.finetune --params params.yaml", Path("x.log"), settings).module is None


def test_a_worker_that_was_killed_while_it_had_nothing_to_do_fails_its_next_stage_alone(settings, tmp_path):
    claim = os.open(tmp_path / "claim", os.O_RDWR | os.O_CREAT)
    crew = Crew(claim)
    settings |= {"commands": [["true"]]}
    crew.start(task("first", "true", tmp_path / "log", settings))
    assert [each.code for each in _ended(crew)] == [0]
    crew._workers[SHELL].kill()
    crew._workers[SHELL].wait()
    crew.start(task("second", "true", tmp_path / "log", settings))
    assert [(each.stage, each.code) for each in _ended(crew)] == [("second", -signal.SIGKILL)]
    crew.start(task("third", "true", tmp_path / "log", settings))
    assert [each.code for each in _ended(crew)] == [0]
    crew.leave()
    os.close(claim)


def _ended(crew):
    """What ends first, within half a minute."""
    return next(filter(None, (crew.wait(1) for _ in range(30))))


SCRIPT = """
import sys
print(__name__, sys.argv[1:], "keras" in sys.modules)
import evidrift.base.pinned
import evidrift.networks.start_tensorflow
import os, keras
print(os.environ["DVC_STAGE"], float(keras.ops.sum(keras.ops.ones(3))))
sys.exit(3)
"""


@pytest.mark.slow
def test_a_fork_has_tensorflow_already_and_its_own_words_log_and_exit_code(settings, tmp_path, monkeypatch):
    (tmp_path / "stages").mkdir()
    (tmp_path / "stages" / "__init__.py").touch()
    (tmp_path / "stages" / "x.py").write_text(SCRIPT)
    (tmp_path / "params.yaml").write_text("compute: {threads: 1, instructions: portable}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    settings |= {"folder": str(tmp_path)}
    claim = os.open(tmp_path / "claim", os.O_CREAT | os.O_RDWR)
    crew, ended = Crew(claim), []
    for name in ("a", "b"):
        cmd = f"python -m stages.x --params params.yaml --name {name}"
        crew.start(task(name, cmd, tmp_path / f"{name}.log", settings))
    while len(ended) < 2:
        ended += crew.wait(1.0)
    crew.leave()
    os.close(claim)
    assert {each.stage: each.code for each in ended} == {"a": 3, "b": 3}
    words = "['--params', 'params.yaml', '--name', 'b']"
    assert (tmp_path / "b.log").read_text() == f"__main__ {words} True\nx 3.0\n"
