"""An audit against the two forward passes that it cannot do without."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from benchmarks.performance.films import CLASSES
from benchmarks.performance.measuring import Line, Seconds, timed
from benchmarks.performance.networks import LARGE, MINIATURES, Measured
from benchmarks.performance.preparing import write_films
from evidrift.auditing.audit import audit
from evidrift.auditing.films.images import read_images
from evidrift.foreign.files import load_model_file
from evidrift.networks.classifier import build_classifier
from evidrift.training.loop import compile_forward

LAYERS = ("last", "penultimate")
NAMES = [f"class{number}" for number in range(CLASSES)]
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
        """Write the files; the two checkpoints, the later of which hardly differs.

        Films are labelled as the first calls them: of a model that knows nothing of its films an audit tries
        whether it would know more on another range of input, which is no part of its usual work.
        """
        before, after = (build_classifier(self.measured.backbone(), CLASSES, dropout=0) for _ in range(2))
        after.set_weights([values * np.float32(1.001) for values in before.get_weights()])
        for name, classifier in (("before", before), ("after", after)):
            classifier.save(self.root / f"{name}.keras")
        films, batch = self.root / "films", self.root / "batch"
        write_films(films, self.measured.n, self.measured.size)
        read = read_images(films, self.measured.size, CLASSES, labels=False, quiet=True).images
        file = load_model_file(self.root / "before.keras", preprocessing=self.measured.architecture)
        called = file.model.predict(file.prepare(read.pixels), batch_size=self.measured.batch, verbose=0)
        rows = [f"{path},{NAMES[label]}" for path, label in zip(read.ids, called.argmax(axis=1), strict=True)]
        for folder, chosen in ((films, rows), (batch, rows[: self.measured.batch])):
            for path in (row.partition(",")[0] for row in chosen):
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                if folder is batch:
                    shutil.copy(films / path, folder / path)
            (folder / "manifest.csv").write_text("\n".join(["path,label", *chosen]) + "\n", encoding="utf-8")
        return [before, after]

    def run(self, layer: str, films: str) -> None:
        """Audit a folder, with the default methods and the report."""
        audit(
            self.root / "before.keras",
            self.root / "after.keras",
            self.root / films,
            layer=layer,
            classes=NAMES,
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
