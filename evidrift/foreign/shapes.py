"""What a classifier takes: films of which shape, and which it does not."""

from pathlib import Path
from typing import NamedTuple

import keras

from evidrift.base.errors import UserError
from evidrift.networks.target.graph import trace

MAX_SIDE = 2048  # px
CHANNELS = (1, 3)


class Shape(NamedTuple):
    """A network's input, px, and its outputs."""

    height: int
    width: int
    channels: int
    outputs: int

    @property
    def side(self) -> int:
        """Of the square in which films are kept; they are squashed to height and width from there."""
        return max(self.height, self.width)

    @property
    def said(self) -> str:
        """Height and width in words."""
        return f"{self.height} x {self.width}"

    @property
    def is_square(self) -> bool:
        """Whether nothing is squashed."""
        return self.height == self.width


def shape_of(path: Path, model: keras.Model) -> Shape:
    """The shape of a flat graph's input.

    Args:
        path: of its file, for sentences.
        model: from `flat.flattened`.

    Raises:
        UserError: channels come first, or are neither one nor three; or it is too large.
    """
    _, height, width, channels = model.inputs[0].shape
    for step in trace(model):
        if getattr(step.operation, "data_format", None) == "channels_first":
            raise UserError(
                f"{path} computes in channels_first, (channels, height, width), in its layer {step.name}. "
                "Only channels_last is explained. Build the network again after "
                "keras.config.set_image_data_format('channels_last') and copy the weights, which are the "
                "same: new.set_weights(old.get_weights()). (Only behind a Flatten their order differs.)"
            )
    if channels not in CHANNELS:
        first = " Its channels seem to come first." if height in CHANNELS else ""
        raise UserError(
            f"{path} takes images of {channels} channels, as (height, width, channels) = ({height}, {width}, "
            f"{channels}); expected were 1 (grey) or 3 (colour).{first}"
        )
    if max(height, width) > MAX_SIDE:
        raise UserError(f"{path} takes images of {height} x {width} px; {MAX_SIDE} a side are the limit.")
    return Shape(int(height), int(width), int(channels), int(model.outputs[0].shape[-1]))
