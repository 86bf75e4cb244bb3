"""Films and maps of the cases: inside the page while that stays small, else in a folder beside it.

A page that is opened from disk may show pictures and apply style sheets that lie beside it, but may read no
files. So beside the page the maps of an image are a style sheet, which has them as a text.
"""

import base64
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from evidrift.base.errors import UserError
from evidrift.images.store import Images
from evidrift.maps.mapfile import CHECKPOINTS
from evidrift.report.page.browser.blocks import blocks_of, packed
from evidrift.report.page.material import Material

QUALITY = 90  # of JPEGs
AT_ONCE = 128  # images
OWN = re.compile(r"\d{5,}\.(jpg|css)")  # files in the folder


def inside(material: Material, room: int) -> dict[str, Any] | None:
    """What `case_data` leaves out: films as addresses that hold them, and all maps; None if it is too much.

    Args:
        material: the report's.
        room: bytes that they may have, as the page has them.
    """
    blocks = list(blocks_of(material))
    size = sum(_coded(2 * len(CHECKPOINTS) * len(block.images) * block.cells) for block in blocks)
    films = []
    for film in jpegs(material.images):
        films.append(f"data:image/jpeg;base64,{base64.b64encode(film).decode('ascii')}")
        size += len(films[-1])
        if size > room:
            return None
    return {"films": films, "maps": [packed(block.maps(slice(None)), "<u2") for block in blocks]}


def write_beside(material: Material, folder: Path) -> None:
    """Write each image's film and maps to files that are named by its number, since ids are not trusted."""
    folder.mkdir(parents=True)
    for number, film in enumerate(jpegs(material.images)):
        (folder / f"{number:05d}.jpg").write_bytes(film)
    blocks = list(blocks_of(material))
    for first in range(0, len(material.images.ids), AT_ONCE):
        found: list[list[bytes]] = [[] for _ in range(AT_ONCE)]
        for block in blocks:
            here = np.flatnonzero((block.images >= first) & (block.images < first + AT_ONCE))
            if len(here):
                of_each = block.maps(slice(here[0], here[-1] + 1)).swapaxes(0, 1).astype("<u2")
                for image, maps in zip(block.images[here], of_each, strict=True):
                    found[image - first].append(maps.tobytes())
        for number, maps in enumerate(found[: len(material.images.ids) - first], start=first):
            text = base64.b64encode(b"".join(maps)).decode("ascii")
            (folder / f"{number:05d}.css").write_text(
                f':root{{--maps-{number}:"{text}"}}\n', encoding="ascii"
            )


def clear(folder: Path, page: Path) -> None:
    """Remove the folder of an earlier report, and before it the page, which would be left without its films.

    Raises:
        UserError: there is something else in it, or in its place.
    """
    if not (folder.is_symlink() or folder.exists()):
        return
    is_own = folder.is_dir() and not folder.is_symlink()
    others = [each for each in folder.iterdir() if not OWN.fullmatch(each.name)] if is_own else [folder]
    if others:
        raise UserError(f"{others[0]} is no part of a report, and would be deleted. Move it away.")
    page.unlink(missing_ok=True)
    shutil.rmtree(folder)


def jpegs(images: Images) -> Iterator[bytes]:
    """The images' content, padding cut off; the same pixels give the same bytes."""
    for pixels, (top, left, bottom, right) in zip(images.pixels, images.content, strict=True):
        _, data = cv2.imencode(".jpg", pixels[top:bottom, left:right], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        yield data.tobytes()


def _coded(size: int) -> int:
    """Of so many bytes in base64."""
    return -(-size // 3) * 4
