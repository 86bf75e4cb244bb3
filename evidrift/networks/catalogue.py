"""Architectures by name: each is one file in zoo/. Needs no TensorFlow, so parameters are checked fast.

A file in zoo/ defines

MIN_SIZE: smallest side of the input, px.
IMAGENET: by option, the values for which Keras has ImageNet weights; None where it has none at all.
preprocess(images): float images (n, h, w, 3) in 0..255 to the network's input, by arithmetic only.
build(size, weights, **options): the trunk as a flat functional Keras model, from the input (size, size, 3)
    to the tensor that enters global pooling, (h, w, channels). Keras is imported inside.
"""

import hashlib
import importlib
import inspect
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from evidrift.base.errors import UserError, likely

ZOO = Path(__file__).parents[1] / "zoo"
Options = Mapping[str, int | float]


def names() -> list[str]:
    """All architectures, sorted."""
    return sorted(path.stem for path in ZOO.glob("[a-z]*.py"))


def find(name: str) -> ModuleType:
    """The architecture's module.

    Raises:
        UserError: no file in zoo/ has that name.
    """
    if name not in names():
        raise UserError(f"{name} is not an architecture. {likely(name, names())}")
    return importlib.import_module(f"evidrift.zoo.{name}")


def check(name: str, size: int, options: Options, weights: str | None = None) -> ModuleType:
    """The architecture's module, if it can be built at that size and with those options and weights.

    Raises:
        UserError: unknown architecture, too small a size, an option that its `build` does not have, or
            ImageNet weights that do not exist.
    """
    module = find(name)
    if size < module.MIN_SIZE:
        raise UserError(f"prepare.size is {size}, but {name} needs at least {module.MIN_SIZE} px.")
    allowed = [key for key in inspect.signature(module.build).parameters if key not in ("size", "weights")]
    for key in options:
        if key not in allowed:
            takes = f"it takes {', '.join(allowed)}" if allowed else "it takes none"
            raise UserError(f"architectures.{name}.options.{key} is not an option of {name}; {takes}.")
    if weights == "imagenet":
        _check_imagenet(name, module, options)
    return module


def _check_imagenet(name: str, module: ModuleType, options: Options) -> None:
    if module.IMAGENET is None:
        raise UserError(
            f"architectures.{name}.weights is imagenet, but there are no ImageNet weights of {name}. "
            "Give a weights file, or `none`."
        )
    for key, values in module.IMAGENET.items():
        if key in options and options[key] not in values:
            raise UserError(
                f"architectures.{name}.options.{key} is {options[key]}, but there are ImageNet weights for "
                f"{', '.join(map(str, values))} only. Choose one of these, or give other weights."
            )


def check_pinned(architecture: str, path: Path, sha256: str | None) -> None:
    """See that a weights file is there, and is the one that the parameters pin.

    Raises:
        UserError: it is missing, or another file.
    """
    try:
        there = path.is_file()
    except OSError:  # as of a name that is too long
        there = False
    if not there:
        raise UserError(
            f"architectures.{architecture}.weights is {path}, which is not a file. "
            "Give an existing weights file, `imagenet` or `none`."
        )
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise UserError(
            f"architectures.{architecture}.sha256 is {sha256}, but {path} has {found}. "
            "It is another file than the one that was pinned: restore that one, or pin this one."
        )
