"""Pretrained weights of an architecture's trunk: ImageNet's, a file's, or none."""

import os
import re
from pathlib import Path

import keras

from evidrift.base.errors import UserError
from evidrift.networks.backbone import build_backbone
from evidrift.networks.catalogue import check_pinned
from evidrift.networks.checkpoint import load_weights
from evidrift.networks.params import Architecture


def load_backbone(name: str, size: int, section: Architecture) -> keras.Model:
    """Build an architecture's trunk and fill it as its parameters say.

    Args:
        name: a file in zoo/.
        size: side of the input, px.
        section: `architectures.<name>` of the parameters.

    Raises:
        UserError: the weights cannot be had, are not those that were pinned, or belong to another network.
    """
    if section.weights == "imagenet":
        return _imagenet(name, size, section)
    backbone = build_backbone(name, size, section.options)
    if section.weights != "none":
        path = Path(section.weights)
        check_pinned(name, path, section.sha256)
        load_weights(backbone, path)
    return backbone


def _imagenet(name: str, size: int, section: Architecture) -> keras.Model:
    try:
        return build_backbone(name, size, section.options, weights="imagenet")
    except UserError:
        raise
    # Keras raises a bare Exception where a download fails, and ValueError where it is damaged.
    except Exception as error:
        raise UserError(_explained(name, error)) from None


def _explained(name: str, error: Exception) -> str:
    """One line: what was to be downloaded, where it would be looked for, and the ways around."""
    ways = (
        f"set architectures.{name}.weights to a weights file and sha256 to its hash, or weights to none for "
        "random ones"
    )
    download = re.search(r"https?://\S*/([^/\s]+?):? .*-- (.*)", str(error), re.DOTALL)
    if download:
        file, reason = download.groups()
        return (
            f"{name}: the ImageNet weights {file} could not be downloaded ({reason.strip()}). Put that file "
            f"into {keras_cache()}, or {ways}."
        )
    problem = " ".join(str(error).split()) or type(error).__name__
    return (
        f"{name}: ImageNet weights cannot be used: {problem.rstrip('.')}. If their file in {keras_cache()} "
        f"is damaged, delete it and run again. Or {ways}."
    )


def keras_cache() -> Path:
    """The folder in which Keras keeps downloaded weights."""
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    if not os.access(home, os.W_OK):
        home = Path("/tmp/.keras")  # noqa: S108 - Keras's own way out
    return home / "models"
