"""Sentences that carry their terms: what the library says, before a medium has spelled it.

An attribution method, a checkpoint and a parameter are called differently in the terminal, on a page and in
Python. So a sentence keeps them as terms, and each medium spells them in its own way. All else (names of
files, classes, patients, numbers) stands as it is: no finished text is ever searched for words to replace.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Any, Literal, NamedTuple

Spell = Callable[[str], str]


class Term(NamedTuple):
    """Something that each medium calls by a name of its own.

    Attributes:
        kind: `method` of attribution, `checkpoint` (tl or ft), the same as an `owner` ("tl's"), or
            `parameter`: something that the user can set.
        key: the library's own name for it.
    """

    kind: Literal["method", "checkpoint", "owner", "parameter"]
    key: str


def method(key: str) -> Term:
    """An attribution method, e.g. layer_cam."""
    return Term("method", key)


def checkpoint(key: str) -> Term:
    """A checkpoint, tl or ft."""
    return Term("checkpoint", key)


def owner(key: str) -> Term:
    """A checkpoint in the possessive: tl's or ft's."""
    return Term("owner", key)


def parameter(key: str) -> Term:
    """Something that the user can set, by the name of the library function's argument."""
    return Term("parameter", key)


@dataclass(frozen=True)
class Spelling:
    """How a medium spells each kind of term; by itself, as the library does."""

    method: Spell = str
    checkpoint: Spell = str
    owner: Spell = "{}'s".format
    parameter: Spell = "`{}`".format


PLAIN = Spelling()


class Sentence(str):
    """A text with terms in it, also a part of one. As a string it is spelled as the library does.

    Args:
        template: as for `str.format`; never made of names from outside, which may hold braces.
        terms: values of its fields: terms, other sentences, lists of either (spelled with commas), or
            whatever `str.format` takes.

    Example:
        >>> layer_cam, tl = method("layer_cam"), checkpoint("tl")
        >>> told = say("{method} has {n} maps under {tl}", method=layer_cam, n=3, tl=tl)
        >>> told
        'layer_cam has 3 maps under tl'
        >>> spelled(told, Spelling(method=str.upper, checkpoint={"tl": "the model before"}.get))
        'LAYER_CAM has 3 maps under the model before'
    """

    __slots__ = ("_template", "_terms")
    _template: str
    _terms: dict[str, Any]

    def __new__(cls, template: str, terms: dict[str, Any]) -> "Sentence":
        """Spelled once, in the library's own words."""
        made = super().__new__(cls, _formatted(template, terms, PLAIN))
        made._template, made._terms = template, terms
        return made

    def __deepcopy__(self, memo: dict[int, Any]) -> "Sentence":
        return self  # as strings are

    def whole(self) -> "Sentence":
        """A clause as a sentence of its own: with a full stop, and a capital unless it begins with a term."""
        return Sentence(f"{self._template[:1].upper()}{self._template[1:]}.", self._terms)

    def inside(self) -> "Sentence":
        """A sentence as the end of another: without its capital, unless it begins with an abbreviation."""
        keeps = self._template[1:2].isupper()
        first = self._template[:1] if keeps else self._template[:1].lower()
        return Sentence(first + self._template[1:], self._terms)


def spelled(text: str, spelling: Spelling) -> str:
    """A text in a medium's words; a plain string has no terms and stays."""
    return _formatted(text._template, text._terms, spelling) if isinstance(text, Sentence) else text


def say(template: str, /, **terms: Any) -> Sentence:
    """A sentence from its template and its terms."""
    return Sentence(template, terms)


def listed(parts: Sequence[Any], between: str = " ") -> Sentence:
    """Parts one after the other: sentences, terms or words, with something between them."""
    names = [f"part{number}" for number in range(len(parts))]
    return Sentence(between.join(f"{{{name}}}" for name in names), dict(zip(names, parts, strict=True)))


def as_json(text: str) -> Any:
    """A text for another process, which `of_json` makes the same again: terms as terms, all else as words."""
    if not isinstance(text, Sentence):
        return str(text)
    return {"template": text._template, "terms": {name: _told(each) for name, each in text._terms.items()}}


def of_json(told: Any) -> str:
    """The text that `as_json` gave.

    Raises:
        ValueError: it did not.
    """
    if isinstance(told, str):
        return told
    try:
        for _, field, how, _ in Formatter().parse(told["template"]):
            if field is not None and not (field.isidentifier() and len(how or "") < 8):
                raise ValueError(f"{field} is no field of a sentence")
        return say(told["template"], **{name: _untold(each) for name, each in told["terms"].items()})
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(str(error)) from None


def _told(value: Any) -> Any:
    if isinstance(value, Term):
        return {"kind": value.kind, "key": value.key}
    if isinstance(value, Sentence):
        return as_json(value)
    if isinstance(value, tuple | list):
        return [_told(each) for each in value]
    return value if isinstance(value, int | float) else str(value)


def _untold(value: Any) -> Any:
    if isinstance(value, list):
        return [_untold(each) for each in value]
    if isinstance(value, dict) and "kind" in value:
        if value["kind"] not in ("method", "checkpoint", "owner", "parameter"):
            raise ValueError(f"{value['kind']} is no kind of term")
        return Term(value["kind"], str(value["key"]))
    return of_json(value) if isinstance(value, dict) else value


def _formatted(template: str, terms: dict[str, Any], spelling: Spelling) -> str:
    return template.format(**{name: _in_words(value, spelling) for name, value in terms.items()})


def _in_words(value: Any, spelling: Spelling) -> Any:
    if isinstance(value, Term):
        return getattr(spelling, value.kind)(value.key)
    if isinstance(value, Sentence):
        return spelled(value, spelling)
    if isinstance(value, tuple | list):
        return ", ".join(str(_in_words(each, spelling)) for each in value)
    return value


NOTHING_SAID = say("")  # false, as an empty string is
