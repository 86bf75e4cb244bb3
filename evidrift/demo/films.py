"""What the demo is made of: two models, a gate, and sixty films that are drawn by a program."""

import csv
from pathlib import Path

from PIL import Image

from evidrift.prepare.phantoms.draw import draw, has_marker
from evidrift.prepare.phantoms.recipe import PhantomRecipe, patients

FILES = Path(__file__).parent / "files"
MODELS = ("in_use.keras", "candidate.keras")
GATE = "gate.yaml"
RECIPE = FILES / "recipe.yaml"
MANIFEST = "manifest.csv"
SIZE = 160  # side of a film and of the models' input, px
SITES = {False: "main building", True: "outpatients"}  # whose films carry a letter


def write_films(folder: Path, recipe: PhantomRecipe) -> int:
    """Draw the recipe's test patients; returns how many.

    Args:
        folder: one film a patient in class folders, and a manifest with path, label, patient_id and the site
            that took the film.
        recipe: of the patients.
    """
    rows = []
    for patient, label, split in patients(recipe):
        if split != "test":
            continue
        path = folder / label / f"{patient}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw(recipe, label, patient, SIZE).image).save(path)
        site = SITES[has_marker(recipe, label, patient)]
        rows.append((path.relative_to(folder).as_posix(), label, patient, site))
    with (folder / MANIFEST).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("path", "label", "patient_id", "site"))
        writer.writerows(rows)
    return len(rows)
