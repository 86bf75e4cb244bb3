"""One section of a parameter file: read, typed, and refused with a sentence where it is wrong."""

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from evidrift.base.errors import UserError
from evidrift.base.yaml import read_yaml


class Section(BaseModel):
    """Base of all parameter sections: every key is required, none may be added, types are strict."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


AnySection = TypeVar("AnySection", bound=Section)


def read_params(path: Path) -> dict[str, Any]:
    """The whole parameter file as plain dictionaries.

    Raises:
        UserError: the file is missing, is no YAML that every reader reads alike, or holds no mapping.
    """
    content = read_yaml(path)
    if not isinstance(content, dict):
        raise UserError(f"{path} must hold sections such as `prepare:`, but holds {_shown(content)}.")
    return content


def load_section(path: Path, model: type[AnySection], *keys: str) -> AnySection:
    """The section under `keys` (e.g. "finetune", "densenet201") of the file, validated.

    Raises:
        UserError: naming the key, what was found and what is allowed.
    """
    content: Any = read_params(path)
    for depth, key in enumerate(keys):
        if not isinstance(content, dict) or key not in content:
            present = sorted(map(str, content)) if isinstance(content, dict) else []
            raise UserError(
                f"{path}: {'.'.join(keys[: depth + 1])} is missing."
                + (f" Present beside it: {', '.join(present)}." if present else "")
            )
        content = content[key]
    return validate(content, model, f"{path}: ", keys)


def validate(content: Any, model: type[AnySection], where: str, keys: tuple[str, ...] = ()) -> AnySection:
    """Check plain content against a section; `where` opens each line of the error."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        lines = [where + _sentence(item, model, keys) for item in error.errors()]
        raise UserError("\n".join(lines)) from None


def _sentence(error: ErrorDetails, model: type[BaseModel], keys: tuple[str, ...]) -> str:
    location = tuple(map(str, error["loc"]))
    name = ".".join((*keys, *location)) or "the file"
    kind, found = error["type"], _shown(error["input"])
    if kind == "extra_forbidden":
        allowed = _allowed_keys(model, location[:-1])
        close = difflib.get_close_matches(location[-1], allowed, n=1)
        hint = f"Did you mean {close[0]}?" if close else f"Allowed here: {', '.join(allowed)}."
        return f"{name} is not a parameter. {hint}"
    if kind == "missing":
        return f"{name} is missing."
    message = error["msg"].removeprefix("Value error, ")
    if kind == "value_error":
        return f"{name}: {message}"
    return f"{name} is {found}. {message}."


def _allowed_keys(model: type[BaseModel], path: tuple[str, ...]) -> list[str]:
    """The fields of the section that lies `path` below `model` (through dictionaries of sections)."""
    here: Any = model
    for key in path:
        if isinstance(here, type) and issubclass(here, BaseModel) and key in here.model_fields:
            here = here.model_fields[key].annotation
        here = next(_sections_in(here), here)
    if not (isinstance(here, type) and issubclass(here, BaseModel)):
        return []
    return [field.alias or name for name, field in here.model_fields.items()]


def _sections_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _sections_in(argument)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
