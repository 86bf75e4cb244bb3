"""Options that several commands have."""

import argparse


def add_reading(parser: argparse._ActionsContainer) -> None:
    """How a model's file is read."""
    parser.add_argument("--architecture", metavar="NAME", help="of evidrift/zoo, for .weights.h5 files")
    parser.add_argument(
        "--size", type=int, default=224, metavar="PX", help="side of their input; default: 224"
    )
    parser.add_argument(
        "--preprocessing",
        default="none",
        metavar="NAME",
        help="for models that do not scale their input themselves: unit (0..1), tf (-1..1), torch, caffe, or "
        "an architecture's name; default: none",
    )


def add_explaining(parser: argparse._ActionsContainer) -> None:
    """What is explained, and where in the network."""
    parser.add_argument(
        "--methods",
        default="layer_cam,grad_cam_pp",
        metavar="A,B,...",
        help="attribution methods; default: layer_cam,grad_cam_pp",
    )
    parser.add_argument(
        "--layer",
        default="penultimate",
        metavar="NAME",
        help="penultimate (default), last, or a layer's name",
    )


def names(text: str) -> list[str]:
    """A list with commas."""
    return [name.strip() for name in text.split(",")]
