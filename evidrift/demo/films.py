"""What the demo is made of: two models, a gate, and sixty films that are drawn by a program."""

import csv
import io
from pathlib import Path

from PIL import Image

from evidrift.base.errors import UserError
from evidrift.base.files.writing import write_bytes
from evidrift.base.sentence import parameter, say
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
        film = io.BytesIO()
        Image.fromarray(draw(recipe, label, patient, SIZE).image).save(film, "png")
        put(path, film.getvalue())
        site = SITES[has_marker(recipe, label, patient)]
        rows.append((path.relative_to(folder).as_posix(), label, patient, site))
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(("path", "label", "patient_id", "site"))
    writer.writerows(rows)
    put(folder / MANIFEST, table.getvalue().encode())
    return len(rows)


def put(path: Path, data: bytes) -> None:
    """Write a file of the demo, unless it is there.

    Raises:
        UserError: another file has its name.
    """
    if path.is_symlink() or path.exists():
        if path.is_symlink() or not path.is_file() or path.read_bytes() != data:
            told = "{path} is not the demo's, or was changed. Give a new folder ({out}), or move it away."
            raise UserError(say(told, path=path, out=parameter("out")))
        return
    write_bytes(path, data)
