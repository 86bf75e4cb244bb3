"""The command as people type it: help, mistakes, exit codes, no more imported than is needed."""

import signal
import subprocess
import sys

import pytest

from evidrift.base.errors import UserError
from evidrift.cli import main as command
from tests.places import ROOT


def typed(capsys, *words):
    """Exit code, standard output and error stream."""
    with pytest.raises(SystemExit) as end:
        command.main(list(words))
    out, err = capsys.readouterr()
    return end.value.code, out, err


def test_without_a_command_the_help_lists_all_of_them_with_examples(capsys):
    code, out, _ = typed(capsys)
    assert code == 0
    for name in ("demo", "audit", "gate", "explain", "export", "report", "repro"):
        assert f"    {name} " in out
    assert "evidrift audit --before old.keras" in out


@pytest.mark.parametrize("name", command.COMMANDS)
def test_each_command_teaches_by_examples(capsys, name):
    code, out, _ = typed(capsys, name, "--help")
    assert code == 0
    assert "examples:" in out
    assert f"evidrift {name} " in out.partition("examples:")[2]
    assert "--quiet" in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["adit"], "adit is not a command. Did you mean audit?"),
        (["zzz"], "There are: demo, audit, gate, explain, export, report"),
        (["report", "--stmp"], "unrecognized arguments: --stmp. Did you mean --stamp?"),
        (["audit"], "the following arguments are required: --before, --after, --images, --out"),
        (["gate", "--out", "g.yaml"], "the following arguments are required: --from, --images"),
        (
            ["export", "densenet_mini", "one", "ft", "x.keras"],
            "'one' is not a whole number from 0 to 4294967295",
        ),
        (["export", "densenet_mini", "1", "fine", "x.keras"], "invalid choice: 'fine'"),
    ],
)
def test_a_mistyped_command_is_said_in_a_sentence_with_what_was_meant(capsys, words, sentence):
    code, _, err = typed(capsys, *words)
    assert code == 2
    assert err.startswith("error: ")
    assert sentence in err
    assert err.count("\n") == 1


def test_help_and_version_are_there_at_once_without_tensorflow_or_pandas():
    script = (
        "import sys\nfrom evidrift.cli.main import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(sorted({'tensorflow', 'keras', 'pandas', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.endswith("[]\n")


@pytest.mark.parametrize(
    ("name", "error", "expected"),
    [
        ("report", UserError("x is missing."), (1, "error: x is missing.\n")),
        ("audit", UserError("x is missing."), (2, "error: x is missing.\n")),
        (
            "audit",
            OSError(30, "Read-only file system", "/x"),
            (2, "error: /x cannot be written: its disk is read-only (so mounted, or after a fault).\n"),
        ),
    ],
)
def test_what_a_user_can_mend_is_a_sentence_and_an_exit_code(capsys, monkeypatch, name, error, expected):
    def fails(args):
        raise error

    monkeypatch.setattr(f"evidrift.cli.{name}.run", fails)
    words = ["--before", "a", "--after", "b", "--images", "c", "--out", "d"] if name == "audit" else []
    code, out, err = typed(capsys, name, *words)
    assert (code, err) == expected
    assert not out


@pytest.mark.parametrize("name", ["demo", "report"])
def test_ctrl_c_is_a_sentence_and_an_exit_code(name):
    script = (
        f"import time\nfrom evidrift.cli import {name}, main\n"
        f"{name}.run = lambda args: print('at work', flush=True) or time.sleep(60)\nmain.main(['{name}'])"
    )
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, **pipes)
    assert process.stdout.readline() == "at work\n"
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert (process.returncode, told) == (130, "Stopped by Ctrl-C. The same command does it anew.\n")


def test_a_fault_of_ours_does_not_look_like_a_gate_that_failed(capsys, monkeypatch):
    def fails(args):
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("evidrift.cli.audit.run", fails)
    code, _, err = typed(capsys, "audit", "--before", "a", "--after", "b", "--images", "c", "--out", "d")
    assert code == 2
    assert "ZeroDivisionError: ours" in err
