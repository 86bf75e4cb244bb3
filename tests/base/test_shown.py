"""What is printed holds nothing that a terminal obeys, and says what was there."""

import subprocess
import sys

import pytest

from evidrift.base.shown import printable, shown
from tests.places import ROOT

OBEYED = {
    "\x1b[31mred": "\\x1b[31mred",
    "\x1b]8;;x\x07": "\\x1b]8;;x\\x07",
    "\x9b2J": "\\x9b2J",
    "a\u202eb\u2066": "a\\u202eb\\u2066",
    "a\u200bb\ufeff": "a\\u200bb\\ufeff",
    "a\nb\rc\td\x00": "a\\nb\\rc\\td\\x00",
    "a\u2028b\x85": "a\\u2028b\\x85",
    "half \udce9": "half \\udce9",
}


@pytest.mark.parametrize(("name", "expected"), OBEYED.items(), ids=map(repr, OBEYED))
def test_what_a_terminal_would_obey_is_spelled(name, expected):
    assert shown(name) == expected
    assert shown(name).isprintable()


def test_letters_of_any_script_stay():
    for name in ("Lungenentzündung", "肺炎", "ذات الرئة", "e\u0301", "☠", " x ", "<b>&amp;"):
        assert shown(name) == name


def test_lines_of_a_text_stay_lines():
    assert printable("one\ntwo\x1b\n") == "one\ntwo\\x1b\n"


@pytest.mark.parametrize("words", [["gate", "\x1b[31m\u202ex"], ["\x1b[31m"]])
def test_a_word_of_the_command_line_comes_back_spelled(words):
    done = subprocess.run(
        [sys.executable, "-m", "evidrift", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "\\x1b[31m" in done.stderr
    assert "\x1b" not in done.stderr + done.stdout
