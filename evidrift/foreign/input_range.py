"""What brings grey levels to the input of a network that other people trained.

A range is a text: a name, numbers, or both, with commas between them, e.g. `unit`, `samplewise`,
`mean=127.5,std=127.5`, `unit,mean=0.485/0.456/0.406,std=0.229/0.224/0.225` or `torch,bgr`.
"""

import difflib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from evidrift.base.errors import UserError
from evidrift.networks.catalogue import find, names
from evidrift.networks.preprocessing import standardised, symmetric

# Mean of ImageNet's pixels, blue, green, red, in 0..255 (Keras: mode "caffe").
CAFFE_MEAN = np.array([103.939, 116.779, 123.68], np.float32)
SMALL = 1e-6  # grey levels: what Keras adds to a film's deviation, so that an empty one is no division by 0


def samplewise(films: Any) -> Any:
    """Mean 0 and deviation 1 in each film: (x - mean) / (deviation + 1e-6), over all its pixels and channels.

    As Keras's ImageDataGenerator does with `samplewise_center` and `samplewise_std_normalization`.
    `tf.image.per_image_standardization` divides by the deviation, but at least by 1 / sqrt(values of the
    film): the same for every film whose deviation is a grey level or more.

    Args:
        films: float tensor, (n, h, w, channels), in grey levels or any linear range of them.

    Returns:
        The same shape.
    """
    centred = films - keras.ops.mean(films, axis=(1, 2, 3), keepdims=True)
    variance = keras.ops.mean(keras.ops.square(centred), axis=(1, 2, 3), keepdims=True)
    # the root's derivative at 0 is infinite
    return centred / (keras.ops.sqrt(keras.ops.maximum(variance, SMALL**2)) + SMALL)


def minmax(films: Any) -> Any:
    """Each film's own range to 0..1: (x - min) / (max - min); shapes as `samplewise`."""
    low = keras.ops.min(films, axis=(1, 2, 3), keepdims=True)
    high = keras.ops.max(films, axis=(1, 2, 3), keepdims=True)
    return (films - low) / keras.ops.maximum(high - low, SMALL)


# Of each channel: affine, so that a step from black to white is the same at every pixel of every film.
RANGES: dict[str, Callable[[Any], Any]] = {
    "none": lambda images: images,
    "unit": lambda images: images / np.float32(255),
    "tf": symmetric,
    "torch": standardised,
    "caffe": lambda images: images[..., ::-1] - CAFFE_MEAN,
}
# Of each film as a whole: these stand in the network's graph, so that its gradients see them.
OF_FILMS: dict[str, Callable[[Any], Any]] = {"samplewise": samplewise, "minmax": minmax}
OF_COLOURS = ("torch", "caffe")
BEFORE_NUMBERS = ("none", "unit")
NUMBERS = ("mean", "std")


@dataclass(frozen=True)
class InputRange:
    """A range of input, read from its text.

    Attributes:
        name: of `RANGES`, of `OF_FILMS`, or an architecture of the zoo.
        mean, std: numbers to take off and then to divide by, one or three (red, green, blue); none if empty.
        bgr: blue comes first: the channels are turned round at the end.
    """

    name: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    bgr: bool

    @property
    def of_films(self) -> Callable[[Any], Any] | None:
        """What is to stand before the network's first layer, where the range is of each film as a whole."""
        return OF_FILMS.get(self.name)

    def scale(self, images: Any) -> Any:
        """Bring grey levels to the range, (n, h, w, channels) float32; all but what `of_films` does."""
        scaled = _by_name(self.name)(images)
        if self.mean:
            scaled = scaled - np.array(self.mean, np.float32)
        if self.std:
            scaled = scaled / np.array(self.std, np.float32)
        return scaled[..., ::-1] if self.bgr else scaled

    @property
    def is_of_colours(self) -> bool:
        """Whether its channels differ."""
        of_zoo = self.name not in RANGES and self.name not in OF_FILMS
        return self.name in OF_COLOURS or of_zoo or self.bgr or max(len(self.mean), len(self.std)) > 1


def read_range(text: str) -> InputRange:
    """A range from its text.

    Args:
        text: one of `none`, `unit`, `tf`, `torch`, `caffe`, `samplewise`, `minmax` or an architecture of the
            zoo; after none or `unit` also `mean=` and `std=` with one number or three (red/green/blue); and
            `bgr`. In any order, with commas.

    Raises:
        UserError: it is none of that.
    """
    found: list[str] = []
    numbers: dict[str, tuple[float, ...]] = {}
    bgr = False
    for word in (part.strip() for part in text.split(",")):
        key, equals, value = word.partition("=")
        if equals:
            if key not in NUMBERS or key in numbers:
                raise UserError(
                    f"{text}: {word} is not understood. Numbers are mean=... and std=..., once each."
                )
            numbers[key] = _numbers(text, key, value)
        elif word == "bgr":
            bgr = True
        else:
            _check_known(word)
            found.append(word)
    if len(found) > 1:
        raise UserError(
            f"{text} names two ranges, {found[0]} and {found[1]}: give one. If the models differ, name their "
            f"sides: before:{found[0]} after:{found[1]}."
        )
    read = InputRange("".join(found) or "none", numbers.get("mean", ()), numbers.get("std", ()), bgr)
    _check(text, read)
    return read


def prepare_for(preprocessing: str, channels: int) -> Callable[[np.ndarray], np.ndarray]:
    """The function from grey pixels, (n, h, w) uint8, to a network's input, (n, h, w, channels) float32.

    Args:
        preprocessing: as for `read_range`; what it does to each film as a whole is left to the network.
        channels: 1, or 3 of equal grey.

    Raises:
        UserError: there is no such preprocessing, or it is of colours and the network takes grey.
    """
    read = read_range(preprocessing)
    if channels == 1 and read.is_of_colours:
        raise UserError(
            f"The preprocessing {preprocessing} is of three colours, but the model takes one channel. Choose "
            "none, unit, tf, samplewise, minmax, or a mean and a deviation of one number."
        )

    def prepare(pixels: np.ndarray) -> np.ndarray:
        grey = pixels.astype(np.float32)[..., np.newaxis]
        return np.asarray(read.scale(np.repeat(grey, channels, axis=-1)), np.float32)

    return prepare


def _by_name(name: str) -> Callable[[Any], Any]:
    if name in OF_FILMS:
        return RANGES["none"]
    return RANGES[name] if name in RANGES else find(name).preprocess


def _check_known(word: str) -> None:
    known = [*RANGES, *OF_FILMS, *names()]
    if word not in known:
        close = difflib.get_close_matches(word, known, n=1)
        hint = f"Did you mean {close[0]}? " if close else ""
        raise UserError(
            f"{word or 'An empty word'} is no preprocessing. {hint}There are: {', '.join(known)}; "
            "mean=... and std=...; bgr."
        )


def _numbers(text: str, key: str, value: str) -> tuple[float, ...]:
    try:
        found = tuple(float(each) for each in value.split("/"))
    except ValueError:
        found = ()
    if len(found) not in (1, 3) or not all(map(math.isfinite, found)):
        raise UserError(
            f"{text}: {key}={value} must be one number, or three for red/green/blue, e.g. {key}=127.5 or "
            f"{key}=123.7/116.3/103.5."
        )
    if key == "std" and min(found) <= 0:
        raise UserError(f"{text}: {key}={value}; a deviation is above 0.")
    return found


def _check(text: str, read: InputRange) -> None:
    if (read.mean or read.std) and read.name not in BEFORE_NUMBERS:
        raise UserError(
            f"{text}: {read.name} has its own scaling. A mean and a deviation of your own stand alone, for "
            "grey levels 0 to 255, or after unit, for values from 0 to 1."
        )
    if read.name == "none" and read.std and max(read.std) < 1:
        raise UserError(
            f"{text}: the deviation is in grey levels 0 to 255, of which no film has less than 1. If the "
            f"numbers are of values from 0 to 1, say so: unit,{text.removeprefix('none,')}."
        )
    if read.bgr and read.name == "caffe":
        raise UserError(f"{text}: caffe has blue first already. Leave bgr out.")
