"""A radiograph as it was read, and what every reader shares: limits, and colours as grey."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from evidrift.prepare.entry import Excluded, Loaded

# Twice the largest flat-panel detector: what is larger is no radiograph, and may be a decompression bomb.
MAX_PIXELS = 50_000_000

# A pixel is coloured where its channels lie further apart than JPEG and a warm scanner lamp put them, and a
# picture is where a tenth of its pixels are: a coloured letter or a stamp does not make a photograph.
COLOUR_DISTANCE = 48
COLOURED_SHARE = 0.1


@dataclass(frozen=True)
class Film:
    """A film's pixels, and what its file says of it.

    Attributes:
        pixels: (height, width) uint8, upright; dense is bright where the file says how grey is meant.
        flags: of FLAGS, sorted: what a reader should know, and what does not exclude it.
        columns: view, laterality, sex, age (years), device as a DICOM header gives them, "" where it does
            not; empty for other files.
        patient: a pseudonym, the same for every film of a patient; None where the file names none.
    """

    pixels: np.ndarray
    flags: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    patient: str | None = None


# A film with a flag is kept: each says what was found, and what was made of it.
FLAGS = {
    "colour": "in colour: perhaps photographs or screenshots rather than radiographs",
    "inverted": "inverted (white background, dark bones); they were turned before anything else",
    "lateral": "lateral views",
    "other_modality": "no radiographs by their DICOM header (CT, MR, ultrasound or the like)",
    "perhaps_inverted": "perhaps inverted (white background, dark bones); they were left as they are",
}
NAMED = 3  # films of a note


def check_size(width: int, height: int) -> None:
    """Exclude as `too_large` what has more than MAX_PIXELS, before it is decoded."""
    if width * height > MAX_PIXELS:
        raise Excluded("too_large", f"{width}x{height} px; {MAX_PIXELS:,} px are the limit")


def flag_notes(images: Sequence[Loaded]) -> list[str]:
    """A sentence for each flag that any film has."""
    notes = []
    for flag, what in FLAGS.items():
        paths = [image.entry.path for image in images if flag in image.flags]
        if paths:
            more = ", ..." if len(paths) > NAMED else ""
            notes.append(f"Films {what}: {len(paths)} ({', '.join(paths[:NAMED])}{more}).")
    return notes


def luma(colours: np.ndarray) -> np.ndarray:
    """Grey of red, green and blue, (height, width, 3) uint8 or uint16 -> (height, width), ITU-R BT.601.

    In whole numbers, as Pillow does it.
    """
    red, green, blue = (colours[..., channel].astype(np.uint64) for channel in range(3))
    return ((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16).astype(colours.dtype)


def is_coloured(colours: np.ndarray) -> bool:
    """Whether a picture, (height, width, 3 or more) uint8, is one in colour rather than grey or tinted."""
    step = max(1, min(colours.shape[:2]) // 512)  # enough of a large one
    rgb = colours[::step, ::step, :3]
    distance = rgb.max(axis=-1) - rgb.min(axis=-1)
    return bool(np.mean(distance > COLOUR_DISTANCE) >= COLOURED_SHARE)
