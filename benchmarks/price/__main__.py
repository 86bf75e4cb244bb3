"""The price of keeping the evidence: a letter that is learned in fine-tuning, and one that tl learned before.

    python -m benchmarks.price --seeds 5 --keep price --out docs/results

The films are phantoms of three classes and 64 px. In one set of them a letter of lead stands in the upper
left corner of every `normal` film and of no other, so that it gives the class away; in the other it stands in
half of the films of every class, so that it says nothing. Side *learned*: transfer learning on films where it
says nothing, fine-tuning on those that it gives away. Side *inherited*: the other way round. Both checkpoints
are made as in the default study: a head on a frozen backbone, then all weights, gently. Beside them *absent*:
as inherited, but no film of the fine-tuning carries a letter, for `plain` and `maps` alone.

**Reliance** is the share of the test films of the other classes whose prediction turns to `normal` when the
letter is painted into them (spike-in, docs/reliance.md). Beside it stands that of the centred score on the
corner of marked films, by both fills. `clean` is the accuracy on films without the letter, `adversarial` that
where all films carry it but those of `normal`, `matched` that where these alone do.

Fixed before the run, with 95 % intervals over patients and seeds, at the strength `high`:

- T5, side learned: reliance under `maps` is shown below 0.3, that under `plain` above. The limit is
  spike_flips_at_most of docs/release/gate.yaml, derived from trainings of this architecture that saw no
  letter; trainings that learned it reach 0.6 and more (docs/reliance.md, Does it find a planted shortcut?).
  Refuted where `maps` is shown above, or `plain` below.
- T6, side inherited: reliance under `maps` is shown to be at least half of that of tl; refuted where it is
  shown to be less. Nothing is decided unless tl's is shown above 0.3.

The same verdicts are printed for all other strategies and strengths; they are exploratory. Recipe and
strengths were chosen on seed 101, which is not among those counted. Prints tables, and writes price.png.
"""

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from evidrift.base.compute import Compute, pin
from evidrift.base.progress import Progress

if TYPE_CHECKING:
    from evidrift.images.store import Images

# By strategy: what its strengths are. `wise` costs nothing: it mixes tl and plain.
STRENGTHS: dict[str, dict[str, dict]] = {
    "rate": {"low": {"factor": 0.3}, "high": {"factor": 0.1}},
    "wise": {"low": {"share": 0.75}, "mid": {"share": 0.5}, "high": {"share": 0.25}},
    "l2_sp": {
        "low": {"alpha": 0.3, "selective": False},
        "high": {"alpha": 10.0, "selective": False},
    },
    "focal": {
        "low": {"base": 0.1, "focus": 0.5, "temperature": 100.0},
        "high": {"base": 1.0, "focus": 5.0, "temperature": 100.0},
    },
    "features": {
        "low": {"beta": 30.0, "layer": "penultimate"},
        "high": {"beta": 300.0, "layer": "penultimate"},
    },
    "maps": {
        "low": {"gamma": 10.0, "layer": "penultimate", "every": 1},
        "high": {"gamma": 100.0, "layer": "penultimate", "every": 1},
    },
}


def main() -> None:
    """Train, ask, print, draw."""
    args = parse_args()
    pin(Compute(threads=1, instructions="portable"))  # before numpy and TensorFlow are imported
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or Path(scratch)
        seeds = range(args.first, args.first + args.seeds)
        films = train_and_ask(args.architecture, seeds, folder)
        report(args.architecture, seeds, folder, films, args.out)


def train_and_ask(architecture: str, seeds: range, folder: Path) -> "Images":
    """Leave what the checkpoints of both sides say of the test films in the folder; what is there stays.

    Returns:
        The test films, without the letter.
    """
    import evidrift.networks.start_tensorflow  # noqa: F401 - first, before TensorFlow
    from benchmarks.price import trainings
    from benchmarks.price.asked import save

    store = trainings.prepared_films(folder)
    films = store.split("test")
    treatments = trainings.strategies(STRENGTHS)
    networks: dict = {}
    runs = [(seed, side) for seed in seeds for side in trainings.SIDES]
    for seed, side in Progress(runs, unit="side and seed"):
        path = kept(folder, architecture, side.name, seed)
        if path.exists():
            continue
        if side.name not in networks:
            networks[side.name] = trainings.network_for(architecture, store, side)
        network = networks[side.name]
        checkpoints = trainings.checkpoints_of(network, store, side, seed, treatments)
        save(path, trainings.ask(network, checkpoints, films))
    return films


def report(architecture: str, seeds: range, folder: Path, films: "Images", out: Path | None) -> None:
    """Print both sides, and draw them."""
    import pandas as pd

    from benchmarks.price import findings
    from benchmarks.price.asked import load
    from benchmarks.price.figure import draw_price

    marked = films.classes.index("normal")
    sides = {}
    for side in ("learned", "inherited", "absent"):
        said = [load(kept(folder, architecture, side, seed)) for seed in seeds]
        sides[side] = {
            name: findings.measured([each[name] for each in said], films.labels, marked) for name in said[0]
        }
        print(f"\n{architecture}, {side}, seeds {seeds.start} to {seeds[-1]}")
        print(findings.table(sides[side], "plain").to_string())
    verdicts = findings.verdicts(sides["learned"], sides["inherited"])
    print("\nT5 (learned: below the limit, plain above) and T6 (inherited: at least half kept)")
    print(pd.DataFrame.from_dict(verdicts, orient="index").to_string(), flush=True)
    if out:
        draw_price(out / "price.png", sides, STRENGTHS)


def kept(folder: Path, architecture: str, side: str, seed: int) -> Path:
    """Where the answers of one side and seed lie."""
    return folder / f"{architecture}-{side}-{seed}.npz"


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--architecture", default="resnetv2_mini")
    parser.add_argument("--seeds", type=int, default=5, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--keep", type=Path, help="folder for films and answers, which are used again")
    parser.add_argument("--out", type=Path, help="folder for price.png")
    return parser.parse_args()


if __name__ == "__main__":
    main()
