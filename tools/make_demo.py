"""Train the two models of `evidrift demo`, and derive its gate from trainings that are trusted.

    python -m tools.make_demo [--trained FOLDER]

Three miniatures are trained on phantoms, and one more on the same phantoms with a letter of lead in the
corner of every `normal`. The first is the model in use, the last the one that is to replace it; the gate is
derived from the three, on films of other patients. A model that is in the folder is not trained again.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

import yaml

import evidrift.networks.start_tensorflow  # noqa: F401 - first, before TensorFlow
from evidrift.auditing.deriving import derive_gate
from evidrift.auditing.gate.derive import as_yaml
from evidrift.demo.films import FILES, GATE, MODELS, RECIPE, SIZE, write_films
from evidrift.foreign.export import exported
from evidrift.prepare.phantoms.recipe import PhantomRecipe
from tests.planted import accuracy, miniature, prepared

ARCHITECTURE = "resnetv2_mini"
SEEDS = (1, 2, 3)
TRAINING = {"train": 60, "validation": 12, "test": 20}
# Of other patients than the demo's: limits are written down before the films that they judge are seen.
GATE_SEED = 6


def main() -> None:
    """Train, derive, and put the files where the package has them."""
    args = parse_args()
    recipe = yaml.safe_load(RECIPE.read_text(encoding="utf-8"))
    marked = recipe["shortcut"]["class"]
    args.trained.mkdir(parents=True, exist_ok=True)
    train(recipe | {"patients": TRAINING}, None, SEEDS, args.trained)
    train(recipe | {"patients": TRAINING}, marked, SEEDS[:1], args.trained)
    with tempfile.TemporaryDirectory() as folder:
        films = Path(folder)
        write_films(films, PhantomRecipe(**recipe | {"seed": GATE_SEED, "shortcut": None}))
        trusted = [file_of(args.trained, None, seed) for seed in SEEDS]
        gate = as_yaml(derive_gate(trusted, films, quiet=True))
    (FILES / GATE).write_text(gate, encoding="utf-8")
    for name, learned in zip(MODELS, (None, marked), strict=True):
        shutil.copy(file_of(args.trained, learned, SEEDS[0]), FILES / name)


def train(recipe: dict, marked: str | None, seeds: tuple[int, ...], folder: Path) -> None:
    """One training a seed, as an ordinary Keras model; those that are there already are left out."""
    missing = [seed for seed in seeds if not file_of(folder, marked, seed).exists()]
    if not missing:
        return
    with tempfile.TemporaryDirectory() as scratch:
        store = prepared(Path(scratch), recipe, marked, SIZE)
        network = miniature(ARCHITECTURE, store)
        for seed in missing:
            tuned = network.tuned(network.transferred(seed), store, seed)
            test = store.split("test")
            right = accuracy(network.logits({"ft": tuned}, test)["ft"], test)
            print(f"{file_of(folder, marked, seed)}: accuracy {right:.2f} on {len(test.ids)} test films")
            network.classifier.set_weights(tuned)
            exported(network.classifier, network.zoo).save(file_of(folder, marked, seed))


def file_of(folder: Path, marked: str | None, seed: int) -> Path:
    """The file of one training."""
    return folder / f"{'letter' if marked else 'clean'}-{seed}.keras"


def parse_args() -> argparse.Namespace:
    """Where the trained models lie."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.make_demo",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--trained", type=Path, default=Path("scratch/demo"), help="folder of trained models")
    return parser.parse_args()


if __name__ == "__main__":
    main()
