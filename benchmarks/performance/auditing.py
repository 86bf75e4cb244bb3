"""An audit against the two forward passes that it cannot do without."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras

from benchmarks.performance.measuring import Line, Seconds, timed
from benchmarks.performance.networks import LARGE, MINIATURES, Measured
from benchmarks.performance.preparing import write_films
from evidrift.auditing.audit import audit
from evidrift.networks.classifier import build_classifier
from evidrift.training.loop import compile_forward

LAYERS = ("last", "penultimate")
NETWORKS = (MINIATURES[1]._replace(n=416), LARGE._replace(n=208))


@dataclass(frozen=True)
class Audited:
    """Two checkpoints, a folder of films and one of a single batch of them.

    Attributes:
        measured: the network; `n` films.
        root: the folder of all.
    """

    measured: Measured
    root: Path

    def write(self) -> list[keras.Model]:
        """Write the files; the two checkpoints."""
        classifiers = []
        for seed, name in enumerate(("before", "after")):
            classifier = build_classifier(self.measured.backbone(), 5, dropout=0, seed=seed)
            classifier.save(self.root / f"{name}.keras")
            classifiers.append(classifier)
        write_films(self.root / "films", self.measured.n, self.measured.size)
        for path in sorted((self.root / "films").rglob("*.*"), key=lambda path: path.name)[
            : self.measured.batch
        ]:
            copy = self.root / "batch" / path.relative_to(self.root / "films")
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
        return classifiers

    def run(self, layer: str, films: str) -> None:
        """Audit a folder, with the default methods and the report."""
        audit(
            self.root / "before.keras",
            self.root / "after.keras",
            self.root / films,
            layer=layer,
            preprocessing=self.measured.architecture,
            size=self.measured.size,
            batch_size=self.measured.batch,
            out=self.root / "out",
            quiet=True,
        )


def against_two_forward_passes(rounds: int, networks: Sequence[Measured] = NETWORKS) -> Iterator[Line]:
    """Beyond start-up, which is what one batch of films costs: imports, reading the files, compiling."""
    for measured in networks:
        yield from _against_two_forward_passes(measured, rounds)
        keras.backend.clear_session()


def _against_two_forward_passes(measured: Measured, rounds: int) -> Iterator[Line]:
    with tempfile.TemporaryDirectory() as folder:
        audited = Audited(measured, Path(folder))
        classifiers = audited.write()
        forwards = [compile_forward(classifier) for classifier in classifiers]
        pixels = measured.pixels()

        def passes(n: int) -> None:
            for forward in forwards:
                for first in range(0, n, measured.batch):
                    forward(measured.inputs(pixels[first : first + measured.batch])).numpy()

        passes(measured.batch)  # compiles
        for layer in LAYERS:
            ratios = []
            for _ in range(rounds):
                there = timed(lambda: passes(measured.n - measured.batch))
                whole = timed(lambda layer=layer: audited.run(layer, "films"))
                start = timed(lambda layer=layer: audited.run(layer, "batch"))
                ratios.append(
                    Seconds(there.wall / (whole.wall - start.wall), there.cpu / (whole.cpu - start.cpu))
                )
            yield Line(
                "audit",
                f"audit at `{layer}` beyond start-up, {measured.n} films: {measured}",
                "two compiled forward passes",
                *zip(*ratios, strict=True),
            )
