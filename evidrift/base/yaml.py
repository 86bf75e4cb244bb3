"""YAML files that people write: the part of it that every reader reads alike, and nothing that stands twice.

DVC reads params.yaml too, by YAML 1.2, many other tools by 1.1: `yes`, `0777`, `1:30` or `1_000` are not the
same to both. Such a value is refused, with its line; in quotes it is text to all. So are keys that stand
twice, of which one would be lost, and references (`*name`, `<<`), tags (`!name`) and directives, which a
parameter file does not need: they let a short file grow without end, or one edit change several places.
"""

import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import yaml

from evidrift.base.errors import UserError

MOST_BYTES = 256 * 1024
DEEPEST = 20  # a parameter file has five levels
MOST_DIGITS = 30

WORDS = {"null": None, "~": None, "": None, "true": True, "false": False}
WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")
DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]*)?([eE][-+]?[0-9]+)?|\.[0-9]+")
# What one reader or another takes for a number, beside what PyYAML resolves
NUMBER = re.compile(r"[-+]?\.*[0-9_][0-9_.]*([eE][-+]?[0-9]+)?|[-+]?0[xob][0-9a-fA-F_]+")
RESOLVER = yaml.resolver.Resolver()
TEXT = "tag:yaml.org,2002:str"


def read_yaml(path: Path) -> Any:
    """What a file of YAML holds, in dictionaries with text for keys, lists, text, numbers, booleans and None.

    Raises:
        UserError: it cannot be read, is no YAML, or holds what readers of YAML take differently.
    """
    return parse_yaml(read_text(path), path)


def read_text(path: Path) -> str:
    """The text of a file that people write.

    Raises:
        UserError: it is no file, too large, or not UTF-8.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):  # a pipe would be waited for
            raise UserError(f"{path} is not a file. A file of YAML is expected.")
        if found.st_size > MOST_BYTES:
            raise UserError(
                f"{path} has {found.st_size} bytes. A file of parameters or limits has at most {MOST_BYTES}: "
                "is it another file?"
            )
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            line = path.read_bytes()[: error.start].count(b"\n") + 1
            raise UserError(f"{path}, line {line} is not valid YAML: it is not UTF-8 text.") from None
        raise UserError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from None


def parse_yaml(text: str, name: object) -> Any:
    """What a text of YAML holds; see `read_yaml`.

    Args:
        text: the YAML.
        name: what to call it in an error.
    """
    if breaks := re.search("[\x85\u2028\u2029]", text):
        line = text[: breaks.start()].count("\n") + 1
        raise UserError(
            f"{name}, line {line} holds {breaks[0]!r}, a line's end to some readers only. Take it out."
        )
    try:
        return _Reading(yaml.parse(text, Loader=yaml.SafeLoader), name).whole()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or _unreadable(error)
        raise UserError(f"{name}{where} is not valid YAML: {problem}.") from None


def dump_yaml(content: Any) -> str:
    """Content as YAML that `parse_yaml` and every other reader give back as it is, its keys in order."""
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=100)


class _Dumper(yaml.SafeDumper):
    """Puts text in quotes that another reader would take for a number, and writes nothing by reference."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(f"(?:{NUMBER.pattern})$"), list("-+._0123456789")
)


def _unreadable(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.reader.ReaderError):
        return f"it holds the control character {chr(int(error.character))!r}"
    return "it cannot be read"


class _Reading:
    """One document, event by event: nothing is built that the text does not spell out."""

    def __init__(self, events: Iterator[yaml.Event], name: object) -> None:
        self._events = events
        self._name = name
        self._depth = 0

    def whole(self) -> Any:
        """The document; None where the text has none."""
        next(self._events)  # the stream's start
        start = next(self._events)
        if isinstance(start, yaml.StreamEndEvent):
            return None
        if start.version or start.tags:
            self._refuse(start, "has a directive (%). Leave it out")
        content = self._value(next(self._events), "")
        next(self._events)  # the document's end
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            self._refuse(after, "begins a second document (---). Only one is expected")
        return content

    def _value(self, event: yaml.Event, place: str) -> Any:
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, f"refers to another place (*{event.anchor}). Write out what stands there")
        if event.anchor:
            self._refuse(
                event, f"has an anchor (&{event.anchor}). Leave it out, and write out what refers to it"
            )
        if event.tag:
            self._refuse(event, f"has a tag ({event.tag}). Leave it out")
        build: dict[type, Callable[[Any, str], Any]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.SequenceStartEvent: self._list,
            yaml.MappingStartEvent: self._dictionary,
        }
        self._depth += 1
        if self._depth > DEEPEST:
            self._refuse(event, f"is nested more than {DEEPEST} deep. No parameter is")
        content = build[type(event)](event, place)
        self._depth -= 1
        return content

    def _list(self, start: yaml.Event, place: str) -> list[Any]:
        content: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            content.append(self._value(event, f"{place}[{len(content)}]"))
        return content

    def _dictionary(self, start: yaml.Event, place: str) -> dict[str, Any]:
        content: dict[str, Any] = {}
        lines: dict[str, int] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._value(event, place)
            if not isinstance(key, str):
                self._refuse(
                    event, f"has the key {key!r}, where a name is expected. If it is one, put it in quotes"
                )
            name = f"{place}.{key}" if place else key
            if key in content:
                self._refuse(
                    event,
                    f"{name} stands there a second time, after line {lines[key]}. Only one would count: put "
                    "all into one",
                    between=": ",
                )
            lines[key] = event.start_mark.line + 1
            content[key] = self._value(next(self._events), name)
        return content

    def _scalar(self, event: yaml.ScalarEvent, place: str) -> Any:
        text = event.value
        if not event.implicit[0]:  # in quotes, or a block
            if any(not each.isprintable() and each not in "\n\t" and ord(each) < 0xA0 for each in text):
                self._refuse(event, f"holds a control character in {text!r}. Leave it out")
            return text
        if text.lower() in WORDS and text in (text.lower(), text.upper(), text.capitalize()):
            return WORDS[text.lower()]
        if WHOLE.fullmatch(text) and len(text) <= MOST_DIGITS:
            return int(text)
        if DECIMAL.fullmatch(text) and len(text) <= MOST_DIGITS and abs(float(text)) < float("inf"):
            return float(text)
        if NUMBER.fullmatch(text) or RESOLVER.resolve(yaml.ScalarNode, text, (True, False)) != TEXT:
            self._refuse(
                event,
                f"has the value {text}, which readers of YAML take for different things. Write a number in "
                f'decimal digits, true or false, or "{text}" in quotes if it is text',
            )
        return text

    def _refuse(self, event: yaml.Event, what: str, between: str = " ") -> NoReturn:
        raise UserError(f"{self._name}, line {event.start_mark.line + 1}{between}{what}.")
