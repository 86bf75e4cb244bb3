"""Draw docs/phantoms.png: patients of each class, the film alone and beside it with its findings outlined.

Usage: python -m tools.phantom_sheet [recipe] [out]
"""

import argparse
from pathlib import Path

import cv2
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from evidrift.prepare.phantoms.draw import draw
from evidrift.prepare.phantoms.recipe import CLASSES, load_recipe, patients

SIZE = 256
N_PATIENTS = 3
COLOUR = "#ff9a1f"
LOOK_FOR = {
    "bacterial_pneumonia": (
        "One lobe is white and cloudy,",
        "with dark branches of air in it.",
        "A fissure may cut it off sharply.",
    ),
    "covid19": (
        "Hazy grey patches on both sides,",
        "along the chest wall, mostly low;",
        "vessels still show through.",
    ),
    "normal": ("Clear lungs: vessels fan out from", "the hila and thin towards the wall."),
    "tuberculosis": (
        "In the upper third: thick-walled",
        "holes, spots, and strands that",
        "draw to the hilum.",
    ),
    "viral_pneumonia": ("A soft net over both lungs and", "thickened branches, densest", "near the hila."),
}


def main() -> None:
    """Draw the first test patients of each class of a recipe."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", type=Path, nargs="?", default=Path("phantoms/default.yaml"))
    parser.add_argument("out", type=Path, nargs="?", default=Path("docs/phantoms.png"))
    args = parser.parse_args()
    save_small(sheet(args.recipe), args.out)


def sheet(recipe_path: Path) -> Figure:
    """A row per class: what to look for, then pairs of films; nobody picked the patients."""
    recipe = load_recipe(recipe_path)
    shown = [label for label in CLASSES if label in recipe.classes]
    widths = [1.15, *(1.0, 1.0, 0.04) * N_PATIENTS]
    figure, axes = plt.subplots(
        len(shown), len(widths), figsize=(15.6, 2.2 * len(shown) + 0.3), dpi=100, width_ratios=widths
    )
    figure.subplots_adjust(0, 0, 1, 1 - 0.3 / figure.get_figheight(), wspace=0, hspace=0.02)
    for axis in axes.flat:
        axis.axis("off")
    for row, label in zip(axes, shown, strict=True):
        row[0].text(0.04, 0.72, label, fontsize=11, fontweight="bold")
        row[0].text(0.04, 0.66, "\n".join(LOOK_FOR[label]), fontsize=8.5, va="top", linespacing=1.5)
        of_class = [patient for patient, of, split in patients(recipe) if of == label and split == "test"]
        for number, patient in enumerate(of_class[:N_PATIENTS]):
            phantom = draw(recipe, label, patient, SIZE)
            for axis in row[1 + 3 * number : 3 + 3 * number]:
                axis.imshow(phantom.image, cmap="gray", vmin=0, vmax=255, interpolation="antialiased")
            _outline(row[2 + 3 * number], phantom.findings)
    for number in range(N_PATIENTS):
        axes[0][1 + 3 * number].set_title("film", fontsize=10, pad=4)
        axes[0][2 + 3 * number].set_title("finding outlined", fontsize=10, pad=4)
    return figure


def save_small(figure: Figure, out: Path) -> None:
    """A PNG of greys and the outline's colour without dithering, so that noisy films stay small."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    greys = np.repeat(np.linspace(0, 255, 112)[:, None], 3, axis=1)
    orange = 255 * np.array(to_rgb(COLOUR))
    # The outline's edge is blended with the film.
    blends = [share * orange + (1 - share) * grey for share in (0.25, 0.5, 0.75, 1) for grey in greys[::37]]
    palette = Image.new("P", (1, 1))
    palette.putpalette(np.concatenate([greys, blends]).round().astype(int).ravel().tolist())
    pixels = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
    pixels.quantize(palette=palette, dither=Image.Dither.NONE).save(out, optimize=True)
    plt.close(figure)


def _outline(axis: Axes, findings: np.ndarray) -> None:
    outlines, _ = cv2.findContours(findings.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    for outline in outlines:
        closed = np.concatenate([outline, outline[:1]])[:, 0]
        axis.plot(closed[:, 0], closed[:, 1], color=COLOUR, linewidth=1.1)


if __name__ == "__main__":
    main()
