"""Show where a network sees the evidence in one film: a picture, and the probabilities of the classes."""

import argparse
from pathlib import Path

from evidrift.base.errors import UserError
from evidrift.cli.options import add_explaining, add_reading, names

HELP = "show where a network sees the evidence in one film"
EPILOG = """\
examples:
  evidrift explain film.png --model tuned.keras
  evidrift explain film.png --model tuned.keras --methods layer_cam,occlusion --class tuberculosis \\
      --classes covid19,normal,tuberculosis --out tuberculosis.png
  evidrift explain film.png --model densenet.h5 --preprocessing torch --layer last
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("image", type=Path, help="DICOM, PNG, JPEG, TIFF or another of docs/formats.md")
    parser.add_argument(
        "--model", type=Path, required=True, metavar="FILE", help=".keras, .h5 or .weights.h5"
    )
    add_reading(parser)
    parser.add_argument("--padding", action="store_true", help="pad the film to a square; default: squash it")
    add_explaining(parser)
    parser.add_argument(
        "--class",
        dest="asked",
        metavar="NAME|N",
        help="class to explain, by name or by number from 0; default: the one that the network predicts",
    )
    parser.add_argument("--classes", metavar="A,B,...", help="names in the order of the outputs")
    parser.add_argument(
        "--out", type=Path, metavar="PNG", help="default: the image's name with -explained.png, here"
    )


def run(args: argparse.Namespace) -> int:
    """Explain one image."""
    methods = names(args.methods)
    from evidrift.foreign.apart.reading import prepare, read_apart

    prepare()
    import evidrift.networks.start_tensorflow  # noqa: F401, I001 - first, before TensorFlow
    from evidrift.auditing.methods import families_of
    from evidrift.base.sentence import spelled
    from evidrift.cli.spelling import FLAGS
    from evidrift.auditing.explaining import explain_file, explain_findings, outputs_of
    from evidrift.measures.canvas import draw
    from evidrift.prepare.entry import Entry, Excluded
    from evidrift.prepare.films.film import flag_notes
    from evidrift.prepare.listing.kinds import is_image
    from evidrift.prepare.apart import load_apart
    from evidrift.foreign.files import load_model_file
    from evidrift.report.figures.explained import explained_figure
    from evidrift.report.figures.overlay import Film
    from evidrift.report.terminal.tables import console

    import numpy as np

    # Without an image's ending the last part of a DICOM file's name, a UID, is no ending either.
    name = args.image.stem if is_image(args.image.name) else args.image.name
    out = args.out or Path(f"{name}-explained.png")
    if out.suffix.lower() != ".png":
        raise UserError(f"--out is {out}; the picture is a PNG.")
    if out.resolve() in (args.image.resolve(), args.model.resolve()):
        raise UserError(f"--out is {out}, which would be written over. Choose another name.")
    families = families_of(methods, args.layer, batch_size=16)
    opened = read_apart([args.model], args.architecture, args.size)
    file = load_model_file(opened[args.model], preprocessing=args.preprocessing)
    file.check_padding(args.padding)
    classes = _classes(args.classes, file.n_classes)
    try:
        entry = Entry(args.image.name, "")
        loaded, planes = load_apart(entry, args.image.parent, file.size, args.padding, min_side=1)
    except Excluded as why:
        raise UserError(f"{args.image} cannot be explained: {str(why).rstrip('.')}.") from None
    asked = None if args.asked is None else np.array([_number(args.asked, classes)])
    name = args.image.name
    if file.several:
        raw = outputs_of(file, planes, batch_size=1)
        likeliest = file.end.likeliest(raw) if asked is None else asked
        unit = (np.array([0]), likeliest)
        maps, layer = explain_findings(file, families, args.layer, planes, unit, raw, name, args.quiet)
    else:
        found = explain_file(file, families, args.layer, planes, asked, name, args.quiet)
        raw, maps, layer = found.raw, found.maps, found.layer_name
        likeliest = file.end.likeliest(raw) if asked is None else asked
    probabilities, target = file.probabilities(raw)[0], int(likeliest[0])
    content = np.array([loaded.content])
    canvases = {
        method: draw(signed, content, file.size).values[0]
        for each in maps.values()
        for of_layer in each.layers.values()
        for method, signed in of_layer.methods.items()
    }
    title = f"{args.image.name}: {classes[target]}, {100 * probabilities[target]:.1f} %"
    about = f"{args.model.name}, target layer {layer}"
    shown = {method: canvases[method] for method in methods if method in canvases}
    film = Film(planes[0], loaded.content, (loaded.width, loaded.height))
    explained_figure(film, shown, title, about, out)
    to = console()
    if not args.quiet:
        if file.several:
            to.print("Findings, each by itself: a film can have several, or none.")
        for number in np.argsort(-probabilities, kind="stable"):
            mark = "  <- explained" if number == target else ""
            to.print(f"{100 * probabilities[number]:5.1f} %  {classes[number]}{mark}")
        for note in filter(None, (*file.notes, file.taken_for, *flag_notes([loaded]))):
            to.print(f"Note: {spelled(note, FLAGS)}", style="yellow")
        for method in set(methods) - set(canvases):
            to.print(f"Note: {method} is not defined at {layer}, which can be negative.")
    to.print(f"{out}", soft_wrap=True)
    return 0


def _classes(given: str | None, n_classes: int) -> list[str]:
    classes = names(given) if given else [f"class {number}" for number in range(n_classes)]
    if len(classes) != n_classes:
        raise UserError(
            f"--classes gives {len(classes)} names, but the model tells {n_classes} classes or findings "
            "apart."
        )
    return classes


def _number(asked: str, classes: list[str]) -> int:
    if asked in classes:
        return classes.index(asked)
    if asked.isdecimal() and int(asked) < len(classes):
        return int(asked)
    raise UserError(
        f"--class {asked} is none of the model's classes. Give a number from 0 to {len(classes) - 1}, or one "
        f"of the names in --classes: {', '.join(classes)}."
    )
