"""YAML of ours: read as DVC reads it, or refused with the line and what to write."""

import os
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from evidrift.base.errors import UserError
from evidrift.base.yaml import dump_yaml, parse_yaml, read_yaml

DIFFERENT = (
    *[
        "yes",
        "no",
        "on",
        "off",
        "Yes",
        "NO",
        "OFF",
        "0777",
        "0o17",
        "0x10",
        "0b11",
        "1:30",
        "190:20:30.5",
        "1_000",
        "1_0.5",
        "08",
        "007",
        "00.5",
        ".5e1",
    ],
    *[
        "+.5",
        "-0x1",
        ".inf",
        "-.inf",
        ".NaN",
        "2026-01-01",
        "2026-01-01T10:00:00",
        "<<",
        "=",
        "1.2.3",
        "1e999",
    ],
    "9" * 31,
)
ALIKE = {
    "1": 1,
    "-12": -12,
    "+1": 1,
    "0.5": 0.5,
    ".5": 0.5,
    "5.": 5.0,
    "1e3": 1000.0,
    "1e-05": 1e-05,
    "true": True,
    "FALSE": False,
    "null": None,
    "~": None,
    "": None,
    "None": "None",
    "y": "y",
    "'007'": "007",
    '"yes"': "yes",
    "a b": "a b",
}


@pytest.mark.parametrize("text", DIFFERENT)
def test_a_value_that_readers_take_for_different_things_is_refused(text):
    with pytest.raises(UserError, match=r"f, line 2 has the value .* in quotes if it is text\.$"):
        parse_yaml(f"a: 1\nb: {text}\n", "f")
    assert parse_yaml(f'b: "{text}"', "f") == {"b": text}


@pytest.mark.parametrize(("text", "expected"), ALIKE.items())
def test_a_value_that_all_read_alike_is_that(text, expected):
    found = parse_yaml(f"a: {text}", "f")["a"]
    assert (found, type(found)) == (expected, type(expected))
    assert YAML(typ="safe").load(f"a: {text}")["a"] == expected


REFUSED = {
    "a: 1\nb: {c: 1,\n  c: 2}": "f, line 3: b.c stands there a second time, after line 2.",
    "a: 1\n'a': 2": "f, line 2: a stands there a second time, after line 1.",
    "a: &x 1\nb: *x": "f, line 1 has an anchor (&x).",
    "b: *x": "f, line 1 refers to another place (*x).",
    "a: {<<: {b: 1}}": "f, line 1 has the value <<",
    "a: !!python/object/apply:os.system [x]": "has a tag (tag:yaml.org,2002:python/object/apply:os.system).",
    "a: !!str 1": "f, line 1 has a tag",
    "a:\n  !own {}": "f, line 2 has a tag (!own).",
    "%YAML 1.1\n---\na: yes": "has a directive",
    "a: 1\n---\na: 2": "f, line 2 begins a second document",
    "1: x": "f, line 1 has the key 1, where a name is expected.",
    "null: x": "f, line 1 has the key None",
    "? [a]\n: x": "f, line 1 has the key ['a']",
    "a: [1, 2": "is not valid YAML",
    "a: 1\n\tb: 2": "f, line 2 is not valid YAML",
    'a: "\\0"': "f, line 1 holds a control character",
    'a: "\\e[31m"': "f, line 1 holds a control character",
    "a: x\u2028b: y": "f, line 1 holds '\\u2028'",
    "a: \x00": "is not valid YAML: it holds the control character",
    "[" * 10_000: "f, line 1 is nested more than 20 deep.",
    "\n".join(" " * n + "a:" for n in range(1000)): "is nested more than 20 deep.",
    "- " * 10_000 + "a": "is nested more than 20 deep.",
}


@pytest.mark.parametrize(("text", "expected"), REFUSED.items(), ids=lambda text: repr(text[:20]))
def test_what_no_parameter_file_needs_is_refused_with_its_line(text, expected):
    with pytest.raises(UserError) as told:
        parse_yaml(text, "f")
    assert expected in str(told.value)
    assert str(told.value).isprintable()


def test_a_long_run_of_digits_takes_no_time():
    start = time.monotonic()
    assert parse_yaml(f"a: {'1' * 200_000}x", "f") == {"a": f"{'1' * 200_000}x"}
    assert time.monotonic() - start < 5  # not ten minutes


def test_a_short_file_cannot_grow_without_end():
    doubled = (f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    bomb = "a: &a [x]\n" + "".join(doubled)
    with pytest.raises(UserError, match="line 1 has an anchor"):
        parse_yaml(bomb, "f")


@given(st.text(alphabet="0123456789eE+-._:xobnNyYsS~<=tTrRuUfFaAlL# \n,'\"[]{}", max_size=12))
@settings(max_examples=300, deadline=None)
def test_whatever_is_read_dvc_reads_alike(text):
    try:
        found = parse_yaml(f"x: {text}", "f")
    except UserError:
        return
    try:
        theirs = YAML(typ="safe").load(f"x: {text}")
    except YAMLError:
        return  # then no command of DVC's works
    assert repr(found) == repr(theirs)


values = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
)
texts = st.text(
    st.characters(
        min_codepoint=32, exclude_characters="\x7f\x85\u2028\u2029", exclude_categories=["Cc", "Cs"]
    )
)
plain = st.sampled_from(
    [*DIFFERENT, "1e3", "12e03", "08", "null", "true", "._", " x ", "a: b", "- a", "#a", ""]
)


@given(st.dictionaries(texts | plain, st.lists(values | texts | plain), max_size=3))
@settings(max_examples=200, deadline=None)
def test_what_is_written_is_read_again_by_us_and_by_dvc(content):
    text = dump_yaml(content)
    assert parse_yaml(text, "f") == content
    assert YAML(typ="safe").load(text) == content


def test_what_is_no_file_of_yaml_is_refused_without_waiting_for_it(tmp_path):
    pipe, large, latin, empty = (tmp_path / name for name in ("pipe", "large", "latin", "empty"))
    os.mkfifo(pipe)
    large.write_bytes(b"a" * 1_000_000)
    latin.write_bytes(b"a: 1\nb: \xe4\n")
    empty.touch()
    start = time.process_time()
    for path, expected in {
        tmp_path: "is not a file",
        pipe: "is not a file",
        tmp_path / "none": "cannot be read: No such file",
        tmp_path / "nul\0": "cannot be read",
        large: "has 1000000 bytes",
        latin: "line 2 is not valid YAML: it is not UTF-8 text.",
    }.items():
        with pytest.raises(UserError, match=expected):
            read_yaml(path)
    assert read_yaml(empty) is None
    assert time.process_time() - start < 1


def test_a_byte_order_mark_is_none_of_the_first_key(tmp_path):
    (tmp_path / "f").write_bytes(b"\xef\xbb\xbfa: 1")
    assert read_yaml(tmp_path / "f") == {"a": 1}
