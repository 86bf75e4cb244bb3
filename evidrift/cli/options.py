"""Options that several commands have."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evidrift.base.errors import UserError

LARGEST_SIDE, LARGEST_BATCH = 4096, 65_536


def whole(least: int, most: int) -> Callable[[str], int]:
    """A kind of option: a whole number in decimal digits, within bounds."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit()) or len(text) > 12 or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
        return int(text)

    return read


SCALING = (
    "for models that do not scale their input themselves: unit (0..1), tf (-1..1), torch, caffe, samplewise "
    "(each film to mean 0, deviation 1), minmax (each film to 0..1), an architecture's name, or numbers: "
    "mean=127.5,std=58.4 of grey levels, unit,mean=0.5,std=0.25 of 0..1, three for red/green/blue; with bgr, "
    "blue comes first; default: none"
)


def add_reading(parser: argparse._ActionsContainer, sides: bool = False) -> None:
    """How a model's file is read; with `sides`, those of an audit may differ."""
    parser.add_argument("--architecture", metavar="NAME", help="of evidrift/zoo, for .weights.h5 files")
    parser.add_argument(
        "--size",
        type=whole(8, LARGEST_SIDE),
        default=224,
        metavar="PX",
        help="side of their input; default: 224",
    )
    if sides:
        parser.add_argument(
            "--preprocessing",
            nargs="+",
            action="extend",
            metavar="[SIDE:]RANGE",
            help=f"{SCALING}. Where the sides differ, name them: before:tf after:none",
        )
    else:
        parser.add_argument("--preprocessing", default="none", metavar="RANGE", help=SCALING)


def add_images(parser: argparse._ActionsContainer) -> None:
    """The films, and how they are read and passed on."""
    parser.add_argument(
        "--images",
        type=Path,
        required=True,
        metavar="DIR|CSV",
        help="a folder of class folders, a folder of films, or a manifest with path[,label,patient_id]",
    )
    parser.add_argument(
        "--classes",
        metavar="A,B,...",
        help="names in the order of the outputs; default: labels sorted as docs/audit.md says",
    )
    parser.add_argument("--no-labels", action="store_true", help="leave labels out of account")
    parser.add_argument("--padding", action="store_true", help="pad films to a square; default: squash them")
    parser.add_argument(
        "--batch-size",
        type=whole(1, LARGEST_BATCH),
        default=16,
        metavar="N",
        help="images per pass; default: 16",
    )


def add_explaining(parser: argparse._ActionsContainer) -> None:
    """What is explained, and where in the network."""
    parser.add_argument(
        "--methods",
        default="layer_cam,grad_cam_pp",
        metavar="A,B,...",
        help="attribution methods; default: layer_cam,grad_cam_pp",
    )
    add_layer(parser)


def add_layer(parser: argparse._ActionsContainer) -> None:
    """Where in the network."""
    parser.add_argument(
        "--layer",
        default="penultimate",
        metavar="NAME",
        help="penultimate (default), last, or a layer's name",
    )


def read_as(args: argparse.Namespace) -> dict[str, Any]:
    """What `add_reading` and `add_images` ask for, by the library's names, but for files and scaling."""
    return {
        "classes": names(args.classes) if args.classes else None,
        "labels": not args.no_labels,
        "architecture": args.architecture,
        "size": args.size,
        "padding": args.padding,
        "batch_size": args.batch_size,
    }


def names(text: str) -> list[str]:
    """A list with commas.

    Raises:
        UserError: a name in it is empty.
    """
    listed = [name.strip() for name in text.split(",")]
    if not all(listed):
        raise UserError(f"{text!r} is no list of names: before, between or after its commas one is empty.")
    return listed
