"""A weights file is pinned by its content. Needs no TensorFlow, so parameters are checked fast."""

import hashlib
from pathlib import Path

from evidrift.errors import UserError


def check_pinned(architecture: str, path: Path, sha256: str | None) -> None:
    """See that a weights file is there, and is the one that the parameters pin.

    Raises:
        UserError: it is missing, or another file.
    """
    if not path.is_file():
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
