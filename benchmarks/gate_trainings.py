"""Do unchanged retrainings pass a gate that was derived, and do trainings on a planted letter fail it?

    python -m benchmarks.gate_trainings [--trainings 6] [--letters 3] [--architectures resnetv2_mini ...]

Miniatures are trained on films of three classes, as they are and with a letter of lead in the corner of every
`normal`. In every way to take three of the former as trusted, a gate is derived from these on 50 test films a
class, as `evidrift gate` does, and the other three stand before it, three a side. Then each training with the
letter stands before the first of these gates, against a trusted one, on films that carry it and on the same
without it. Prints how many pass and fail, and by which limits.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations
from pathlib import Path

import numpy as np
from scipy import stats

from benchmarks.gate import told
from evidrift.auditing.films.images import AuditImages, read_images
from evidrift.auditing.gate.check import Check, outcome
from evidrift.auditing.gate.derive import as_yaml, derive
from evidrift.auditing.gate.films import Films, films_of
from evidrift.auditing.gate.judge import judge
from evidrift.auditing.gate.knowledge import known_of
from evidrift.auditing.gate.limits import Gate
from evidrift.auditing.methods import families_of
from evidrift.auditing.models import Given
from evidrift.auditing.relying import measure_models, of_pairs
from evidrift.auditing.runs import explain_all
from evidrift.auditing.study import Run, labelled, measure
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
    "patients": {"train": 40, "validation": 10, "test": 50},
    "classes": ["covid19", MARKED, "tuberculosis"],
}
TRUSTED = 3
Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, eq=False)
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
        each = [self._pair(*pair) for pair in pairs]
        places = {name: np.concatenate([one.places[name] for one in each], axis=1) for name in each[0].places}
        right = np.concatenate([one.right for one in each], axis=1)
        moved, unusable = (
            np.concatenate([vars(one)[name] for one in each]) for name in ("moved", "unusable")
        )
        return replace(each[0], moved=moved, unusable=unusable, places=places, right=right)

    @cache  # noqa: B019 - as long as the process
    def _pair(self, before: str, after: str) -> Films:
        runs = [(self.runs[before], self.runs[after])]
        return films_of(measure(self.images, self.audited, runs, FAMILIES, LAYER).study, METHOD, True)

    def hangs(self, pairs: Pairs) -> Asked:
        """What the predictions hang on."""
        return of_pairs(self.reliance, list(self.runs), pairs)

    def judged(self, gate: Gate, pairs: Pairs) -> tuple[Check, ...]:
        """What comes of a gate."""
        images = self.images
        known = {
            name: known_of(self.runs[name].probabilities, images.labels, images.patient_ids, images.classes)
            for pair in pairs
            for name in pair
        }
        return judge(gate, self.films(pairs), METHOD, known, self.hangs(pairs))


def main() -> None:
    """Train, judge and print."""
    args = parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or Path(scratch)
        for architecture in args.architectures:
            plain = train(architecture, "without", args.trainings, folder)
            marked = train(architecture, "with", args.letters, folder) if args.letters else {}
            bare = try_models(plain | marked, folder / "films-without")
            gate = unchanged(architecture, bare, list(plain))
            if marked:
                trusted = dict(list(plain.items())[:TRUSTED])
                films = try_models(trusted | marked, folder / "films-with")
                for tried, kind in ((films, "with"), (bare, "without")):
                    with_letter(f"{architecture}, films {kind} it", gate, tried, list(trusted), list(marked))


def unchanged(architecture: str, tried: Tried, names: Sequence[str]) -> Gate:
    """How often retrainings pass the gate of others; the first of these gates."""
    outcomes, gates, causes = [], [], Counter()
    for trusted in combinations(names, TRUSTED):
        new = [name for name in names if name not in trusted][:TRUSTED]
        between = list(combinations(trusted, 2))
        facts = {"models": {}, "layer": LAYER}
        gates.append(derive(tried.films(between), METHOD, tried.hangs(between), facts))
        checks = tried.judged(gates[-1], list(zip(trusted, new, strict=True)))
        outcomes.append(outcome(checks))
        causes.update(check.name for check in checks if check.verdict != "passed")
    print(f"\n{architecture}, unchanged: passed / failed / not judged {told(outcomes)} %, n {len(outcomes)}")
    print(f"not passed: {dict(causes)}")
    print(as_yaml(gates[0]), flush=True)
    return gates[0]


def with_letter(
    heading: str, gate: Gate, tried: Tried, trusted: Sequence[str], marked: Sequence[str]
) -> None:
    """What comes of trainings on the letter, each against a trusted one in turn."""
    outcomes, causes = [], Counter()
    for number, name in enumerate(marked):
        checks = tried.judged(gate, [(trusted[number % len(trusted)], name)])
        outcomes.append(outcome(checks))
        causes.update(check.name for check in checks if check.verdict == "failed")
    failed = outcomes.count("failed")
    low, high = stats.binomtest(failed, len(outcomes)).proportion_ci(method="exact")
    print(f"{heading}: {failed} of {len(outcomes)} letters fail [{low:.2f}, {high:.2f}], by {dict(causes)}")


def train(architecture: str, kind: str, n: int, folder: Path) -> dict[str, Path]:
    """Models `with` or `without` the letter, and the test films; what is there is not trained again."""
    store_folder = folder / f"store-{kind}"
    store_folder.mkdir(parents=True, exist_ok=True)
    store = prepared(store_folder, RECIPE, MARKED if kind == "with" else None)
    test = store.split("test")
    for image_id, label, pixels in zip(test.ids, test.labels, test.pixels, strict=True):
        save(folder / f"films-{kind}" / store.classes[label] / Path(image_id).name, pixels)
    paths = {f"{kind}-{seed}": folder / f"{architecture}-{kind}-{seed}.keras" for seed in range(1, n + 1)}
    network = None
    for seed, path in enumerate(paths.values(), start=1):
        if not path.exists():
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
    reliance = measure_models(files, images, 64, True)
    return Tried(images, audited, dict(zip(paths, runs.values(), strict=True)), reliance)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trainings", type=int, default=6, help="without the letter; six at least")
    parser.add_argument("--letters", type=int, default=3, help="trainings with it")
    parser.add_argument(
        "--architectures", nargs="+", default=["densenet_mini", "resnetv2_mini", "inception_mini"]
    )
    parser.add_argument("--keep", type=Path, help="folder for films and models, which are used again")
    return parser.parse_args()


if __name__ == "__main__":
    main()
