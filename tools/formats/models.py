"""Write the section of models in docs/formats.md: every kind is made here, and read as an audit reads it.

python -m tools.formats.models
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from functools import partial
from itertools import groupby
from pathlib import Path

import numpy as np

import evidrift.networks.start_tensorflow  # noqa: F401 - first, before TensorFlow
from evidrift.base.errors import UserError, run
from evidrift.foreign.files import load_model_file
from tools.formats import model_kinds, no_models
from tools.formats.model_kinds import Kind, Made, film
from tools.marked import write_between

PAGE = Path("docs/formats.md")
KEPT = Path(__file__).parents[2] / "tests" / "foreign" / "reading" / "files"
LABELS = {
    "caffe": "preprocess_input inside, caffe",
    "torch": "preprocess_input inside, torch",
    "preprocessed": "preprocess_input inside, tf, before a nested backbone",
    "concat": "tf.concat on the input",
    "densenet": "slashes in names",
    "division": "x / 255 on the input",
    "excited": "squeeze and excitation by tf functions",
    "grey": "tf.image.grayscale_to_rgb",
    "leaky": "LeakyReLU",
    "local": "LocallyConnected2D",
    "nested": "backbone nested in a Sequential",
    "nested_head": "head nested as a Sequential",
    "resize": "tf.image.resize",
    "separable": "SeparableConv2D",
    "standardised": "tf.image.per_image_standardization",
    "teachable": "Teachable Machine",
    "tf_nn": "tf.nn.softmax as activation",
}
TOLERANCE = 1e-5
OF_HALF = 5e-3  # bfloat16 has three decimal digits


def main() -> None:
    """Make and read every kind and write the tables; a kind that is read wrongly is an error."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("page", type=Path, nargs="?", default=PAGE, help="whose section is renewed")
    write_between(parser.parse_args().page, "models", section(all_kinds()))


def all_kinds() -> list[Kind]:
    """Every kind, in the order of the page."""
    return [*model_kinds.kinds(), *_kept(), *no_models.kinds()]


def _kept() -> Iterator[Kind]:
    """Files of older versions, kept with the probabilities that those gave."""
    for name, outputs in json.loads((KEPT / "expected.json").read_text()).items():
        stem, _, version = name.rpartition(".")[0].rpartition("-")
        kind = f"{LABELS.get(stem, stem.replace('_', ' '))}, .{name.rpartition('.')[2]}"
        made = Made(KEPT / name, np.array(outputs), logits=False)
        group = f"Keras {version.partition('.')[0]}"
        yield Kind(kind, group, f"Keras {version}", partial(_as_kept, made), half="float16" in name)


def _as_kept(made: Made, folder: Path) -> Made:
    return made


def section(kinds: list[Kind]) -> str:
    """The tables, one a group, with how many there are."""
    rows = [(kind, *outcome(kind)) for kind in kinds]
    n_read = sum(read for _, read, _ in rows)
    lines = [
        f"{len(kinds)} kinds, made by `python -m tools.formats.models` or kept in "
        f"tests/foreign/reading/files: {n_read} are read, {len(kinds) - n_read} are refused with their "
        "sentence.",
        "",
    ]
    for group, members in groupby(rows, key=lambda row: row[0].group):
        lines += [f"### {group}", "", "| kind | made with | | difference of probabilities, or the sentence |"]
        lines += ["|---|---|---|---|"]
        lines += [
            f"| {kind.name} | {kind.made_with} | {'read' if read else 'refused'} | {text} |"
            for kind, read, text in members
        ]
        lines += [""]
    return "\n".join(lines)


def outcome(kind: Kind) -> tuple[bool, str]:
    """Whether a kind is read, and how far its probabilities are from its maker's; or why not.

    Raises:
        ValueError: it is read with other probabilities.
    """
    with tempfile.TemporaryDirectory() as folder:
        made = kind.make(Path(folder))
        try:
            file = load_model_file(made.path)
        except UserError as error:
            told = str(error).replace(str(made.path.parent) + "/", "")
            return False, told.replace("|", "\\|")
        raw = file.bare(film(file.shape.height, file.shape.width, file.channels), training=False)
        given = file.probabilities(np.asarray(raw, np.float64))[0]
    expected = made.probabilities
    difference = float(np.abs(given - expected).max()) if given.shape == expected.shape else np.inf
    if not difference <= (OF_HALF if kind.half else TOLERANCE):
        raise ValueError(f"{kind.name} ({kind.made_with}) gives {given}, and {expected} where it was made")
    least = 1e-7  # what rounding alone makes of it differs from machine to machine
    most = f"< {10 ** np.ceil(np.log10(max(difference, least))):.0e}"
    return True, most + " (half precision where it was made)" * kind.half


if __name__ == "__main__":
    run(main)
