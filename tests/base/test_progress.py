"""Progress in a pipe: a line now and then, and at the end; nothing where nothing is wanted."""

import io
import sys

import pytest

from evidrift.base import progress
from evidrift.base.progress import Progress, spoken


@pytest.fixture
def clock(monkeypatch):
    """Seconds that the test sets."""

    class Clock:
        now = 100.0

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def test_a_log_file_gets_a_line_every_half_minute_with_what_is_left_and_one_at_the_end(clock, capsys):
    epochs = Progress(range(8), "finetune densenet_mini seed 1", unit="epoch")
    for _ in epochs:
        clock.now += 20
        epochs.set_postfix(loss="0.41", accuracy="0.93")
    assert capsys.readouterr().err.splitlines() == [
        "finetune densenet_mini seed 1: epoch 2 of 8, loss 0.41, accuracy 0.93, about 2 min left",
        "finetune densenet_mini seed 1: epoch 4 of 8, loss 0.41, accuracy 0.93, about 80 s left",
        "finetune densenet_mini seed 1: epoch 6 of 8, loss 0.41, accuracy 0.93, about 40 s left",
        "finetune densenet_mini seed 1: epoch 8 of 8, loss 0.41, accuracy 0.93, 3 min",
    ]


def test_a_long_step_shows_how_far_it_is_and_what_an_earlier_process_did_does_not_count_as_fast(
    clock, capsys
):
    with Progress(desc="finetune", total=10, unit="epoch", initial=6, leave=False) as bar:
        clock.now += 60
        bar.within(0.25)
    assert capsys.readouterr().err == "finetune: epoch 6 of 10 and 25 % of the next, about 15 min left\n"


def test_of_items_that_cannot_be_counted_the_number_is_told(clock, capsys):
    assert list(Progress(iter("ab"), "trajectory", unit="epoch")) == ["a", "b"]
    assert capsys.readouterr().err == "trajectory: epoch 2, 0 s\n"


def test_what_failed_has_no_end_and_what_is_quiet_no_line(clock, capsys):
    with pytest.raises(ValueError, match="film"), Progress(desc="prepare", total=3, unit="image"):
        raise ValueError("film")
    assert list(Progress([1, 2], "prepare", unit="image", disable=True)) == [1, 2]
    assert capsys.readouterr().err == ""


def test_a_terminal_gets_a_bar(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert sum(Progress([1, 2], "prepare", unit="image")) == 3
    assert "prepare: 100%" in terminal.getvalue()
    assert "\r" in terminal.getvalue()


@pytest.mark.parametrize(("seconds", "told"), [(8.2, "8 s"), (89, "89 s"), (600, "10 min"), (9000, "2.5 h")])
def test_times_are_told_roughly(seconds, told):
    assert spoken(seconds) == told
