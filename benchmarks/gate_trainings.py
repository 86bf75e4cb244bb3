"""Do unchanged retrainings pass a gate that was derived, and do trainings on a planted letter fail it?

    python -m benchmarks.gate_trainings [--trainings 6] [--architectures resnetv2_mini ...] [--keep FOLDER]

Miniatures are trained on films of three classes, as they are and with a letter of lead in the corner of every
`normal`. A gate is derived, as `evidrift gate` does, from the first three trainings without the letter, on 50
films a class. Then come
- all choices of three of the other trainings without it, beside those three: three a side, the same films;
- each training with the letter against one without, on films that carry it.
The former is repeated on other films, drawn from 100 a class. Prints rates, and which limits decided.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np
from scipy import stats

from benchmarks.gate import told
from evidrift.auditing.deriving import REGIONS
from evidrift.auditing.gate.check import Check, outcome
from evidrift.auditing.gate.derive import as_yaml, derive
from evidrift.auditing.gate.films import Films, films_of
from evidrift.auditing.gate.judge import judge
from evidrift.auditing.gate.knowledge import known_of
from evidrift.auditing.gate.limits import Gate
from evidrift.auditing.images import AuditImages, read_images
from evidrift.auditing.methods import families_of
from evidrift.auditing.models import Given
from evidrift.auditing.relying import measure_models, of_pairs
from evidrift.auditing.runs import explain_all
from evidrift.auditing.study import Run, labelled, measure
from evidrift.base.seeds import stream
from evidrift.compare.findings.reliance import Asked
from evidrift.foreign.export import exported
from evidrift.foreign.files import load_model_file
from evidrift.images.store import Images
from evidrift.reliance.measuring import Reliance
from tests.planted import miniature, prepared
from tests.prepare.films import save

METHOD, LAYER = "layer_cam", "penultimate"
FAMILIES = families_of([METHOD], LAYER, 64)
MARKED = "normal"
RECIPE = {
    "seed": 5,
    "contrast": 1.0,
    "patients": {"train": 40, "validation": 10, "test": 100},
    "classes": ["covid19", MARKED, "tuberculosis"],
}
A_CLASS = 50  # films that an audit has
TRUSTED = 3
Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Tried:
    """Models on a folder of films.

    Attributes:
        images: the films.
        audited: what was read.
        runs: by model.
        reliance: of each model by itself, its number in place of a pair's.
    """

    images: Images
    audited: AuditImages
    runs: dict[str, Run]
    reliance: Reliance

    def films(self, pairs: Pairs) -> Films:
        """As a gate sees them under these pairs."""
        runs = [(self.runs[one], self.runs[other]) for one, other in pairs]
        study = measure(self.images, self.audited, runs, FAMILIES, LAYER).study
        return films_of(study, METHOD, True)

    def hangs(self, pairs: Pairs, chosen: np.ndarray) -> Asked:
        """What the predictions for some of the films hang on."""
        whole = of_pairs(self.reliance, list(self.runs), pairs)
        ids = self.images.ids[chosen]
        return Asked(*(each[each["image_id"].isin(ids)] for each in (whole.regions, whole.spikes)))

    def judged(self, gate: Gate, films: Films, pairs: Pairs, chosen: np.ndarray) -> tuple[Check, ...]:
        """What comes of a gate on some of the films."""
        images = self.images
        known = {
            name: known_of(
                self.runs[name].logits[chosen],
                images.labels[chosen],
                images.patient_ids[chosen],
                images.classes,
            )
            for pair in pairs
            for name in pair
        }
        return judge(gate, some(films, chosen), METHOD, known, self.hangs(pairs, chosen))


def main() -> None:
    """Train, judge and print."""
    args = parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or Path(scratch)
        for architecture in args.architectures:
            paths = train(architecture, args.trainings, folder)
            gate = unchanged(architecture, paths, folder / "films-without", args.rounds)
            with_letter(architecture, gate, paths, folder / "films-with")


def unchanged(architecture: str, paths: Mapping[str, Path], folder: Path, rounds: int) -> Gate:
    """How often retrainings pass the gate of others; the last gate."""
    tried = try_models({name: path for name, path in paths.items() if name.startswith("without")}, folder)
    names = list(tried.runs)
    trusted = list(combinations(names[:TRUSTED], 2))
    others = [
        list(zip(names[:TRUSTED], three, strict=True)) for three in combinations(names[TRUSTED:], TRUSTED)
    ]
    between, later = tried.films(trusted), [tried.films(pairs) for pairs in others]
    outcomes, causes = [], Counter()
    for number in range(rounds):
        chosen = drawn(tried.images, number)
        facts = {"models": {}, "layer": LAYER}
        gate = derive(some(between, chosen), METHOD, tried.hangs(trusted, chosen), facts)
        for pairs, films in zip(others, later, strict=True):
            checks = tried.judged(gate, films, pairs, chosen)
            outcomes.append(outcome(checks))
            causes.update(check.name for check in checks if check.verdict != "passed")
    print(f"\n{architecture}, unchanged: passed / failed / not judged {told(outcomes)} %, n {len(outcomes)}")
    print(f"not passed: {dict(causes)}")
    print(as_yaml(gate))
    return gate


def with_letter(architecture: str, gate: Gate, paths: Mapping[str, Path], folder: Path) -> None:
    """What comes of trainings on the letter."""
    tried = try_models(paths, folder)
    chosen = drawn(tried.images, 0)
    outcomes, causes = [], Counter()
    for number in range(1, len(paths) // 2 + 1):
        pairs = [(f"without-{number}", f"with-{number}")]
        checks = tried.judged(gate, tried.films(pairs), pairs, chosen)
        outcomes.append(outcome(checks))
        causes.update(check.name for check in checks if check.verdict == "failed")
    failed = outcomes.count("failed")
    low, high = stats.binomtest(failed, len(outcomes)).proportion_ci(method="exact")
    print(
        f"{architecture}, letter: {failed} of {len(outcomes)} fail [{low:.2f}, {high:.2f}], by {dict(causes)}"
    )


def train(architecture: str, n: int, folder: Path) -> dict[str, Path]:
    """Models and films in a folder; a model that is there is not trained again."""
    paths = {}
    for kind, marked in (("without", None), ("with", MARKED)):
        store_folder = folder / f"store-{kind}"
        store_folder.mkdir(parents=True, exist_ok=True)
        store = prepared(store_folder, RECIPE, marked)
        test = store.split("test")
        for image_id, label, pixels in zip(test.ids, test.labels, test.pixels, strict=True):
            save(folder / f"films-{kind}" / store.classes[label] / Path(image_id).name, pixels)
        network = None
        for seed in range(1, n + 1):
            path = paths[f"{kind}-{seed}"] = folder / f"{architecture}-{kind}-{seed}.keras"
            if path.exists():
                continue
            network = network or miniature(architecture, store)
            network.tuned(network.transferred(seed), store, seed)
            exported(network.classifier, network.zoo).save(path)
    return paths


def try_models(paths: Mapping[str, Path], folder: Path) -> Tried:
    """Explain the films under every model, and replace regions of them."""
    files = {Given(path, "none"): load_model_file(path) for path in paths.values()}
    first = next(iter(files.values()))
    audited = read_images(folder, first.size, first.n_classes, quiet=True)
    runs, explained = explain_all(files, FAMILIES, LAYER, audited, True)
    images = labelled(audited, explained)
    reliance = measure_models(files, images, REGIONS, 64, True)
    return Tried(images, audited, dict(zip(paths, runs.values(), strict=True)), reliance)


def drawn(images: Images, number: int) -> np.ndarray:
    """Indices of films of each class."""
    random = stream("gate", number)
    chosen = [
        random.choice(np.flatnonzero(images.labels == label), A_CLASS, replace=False)
        for label in range(len(images.classes))
    ]
    return np.sort(np.concatenate(chosen))


def some(films: Films, chosen: np.ndarray) -> Films:
    """Some of the films."""
    return replace(
        films,
        patients=films.patients[chosen],
        classes=films.classes[chosen],
        moved=films.moved[:, chosen],
        places={name: each[..., chosen] for name, each in films.places.items()},
        unusable=films.unusable[:, chosen],
        right=films.right[..., chosen],
    )


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trainings", type=int, default=6, help="of each kind; six at least")
    parser.add_argument("--rounds", type=int, default=20, help="sets of films")
    parser.add_argument(
        "--architectures", nargs="+", default=["densenet_mini", "resnetv2_mini", "inception_mini"]
    )
    parser.add_argument("--keep", type=Path, help="folder for films and models, which are used again")
    return parser.parse_args()


if __name__ == "__main__":
    main()
