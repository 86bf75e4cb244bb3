"""The price of keeping the evidence: a letter that is learned in fine-tuning, and one that tl learned before.

    python -m benchmarks.price --seeds 1 2 3 4 5 --keep price --out docs/results

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

Fixed before the run, with 95 % intervals over patients and seeds, at the strength `high`, which for `maps` is
gamma 100 at every step (the sweep of studies goes to gamma 64 at every fourth):

- T5, side learned: reliance under `maps` is shown below 0.3, that under `plain` above. The limit is
  spike_flips_at_most of docs/release/gate.yaml, derived from trainings of this architecture that saw no
  letter; trainings that learned it reach 0.6 and more (docs/reliance.md, Does it find a planted shortcut?).
  Refuted where `maps` is shown above, or `plain` below. Added after the run: whoever always says `normal`
  follows nothing, so *guarded*, it must also be shown to keep half of plain's lead over guessing on clean
  films.
- T6, side inherited: reliance under `maps` is shown to be at least half of that of tl; refuted where it is
  shown to be less. Nothing is decided unless tl's is shown above 0.3. The same of the side absent, where the
  films of fine-tuning are clean: there the harm is what `maps` keeps beyond plain.

The same verdicts are printed for all other strategies and strengths; they are exploratory. Recipe, limit and
the strengths of `maps` were chosen with seed 101 at hand, which is not among those counted; at 0.2, the limit
of the first draft, T5 would not be decidable. `high` holds harder here than in the profiles of studies: it is
to show the price, not to be recommended. Prints tables, and writes price.png.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from evidrift.base.compute import Compute, pin
from evidrift.base.progress import Progress

if TYPE_CHECKING:
    from benchmarks.price.findings import Row

# By strategy: what its strengths are. `wise` costs nothing: it mixes tl and plain.
STRENGTHS: dict[str, dict[str, dict]] = {
    "maps": {
        "low": {"gamma": 10.0, "layer": "penultimate", "every": 1},
        "high": {"gamma": 100.0, "layer": "penultimate", "every": 1},
    },
    "features": {"high": {"beta": 300.0, "layer": "penultimate"}},
    "wise": {"low": {"share": 0.75}, "mid": {"share": 0.5}, "high": {"share": 0.25}},
    "rate": {"high": {"factor": 0.1}},
    "focal": {"high": {"base": 1.0, "focus": 5.0, "temperature": 100.0}},
    "l2_sp": {"high": {"alpha": 10.0, "selective": False}},
}


def main() -> None:
    """Train, ask, print, draw."""
    args = parse_args()
    pin(Compute(threads=1, instructions="portable"))  # before numpy and TensorFlow are imported
    import evidrift.networks.start_tensorflow  # noqa: F401 - first, before TensorFlow
    from benchmarks.price import findings
    from benchmarks.price.figure import draw_price

    with tempfile.TemporaryDirectory() as scratch:
        sides = try_all(args.architecture, args.seeds, args.keep or Path(scratch))
    for side, rows in sides.items():
        print(f"\n{args.architecture}, {side}, seeds {args.seeds}")
        print(findings.table(rows, "plain").to_string())
    print("\nT5 (learned: below the limit, plain above) and T6 (inherited, absent: at least half kept)")
    print(findings.verdicts(**sides).to_string(), flush=True)
    if args.out:
        draw_price(args.out / "price.png", sides, STRENGTHS)


def try_all(architecture: str, seeds: Sequence[int], folder: Path) -> dict[str, dict[str, "Row"]]:
    """What is known of every checkpoint, by side and name; one strategy after the other for all seeds."""
    from benchmarks.price import trainings
    from benchmarks.price.findings import measured

    store = trainings.prepared_films(folder)
    networks = {side.name: trainings.network_for(architecture, store, side) for side in trainings.SIDES}
    treatments = {"plain": trainings.PLAIN} | {
        f"{name} {strength}": trainings.strategy_named(name, each[strength], "", (name, strength))
        for name, each in STRENGTHS.items()
        for strength in each
    }
    tried = {side.name: treatments for side in trainings.SIDES}
    tried["absent"] = {name: treatments[name] for name in ("plain", "maps high")}
    runs = [
        (name, seed, side)
        for name in treatments
        for seed in seeds
        for side in trainings.SIDES
        if name in tried[side.name]
    ]
    for name, seed, side in Progress(runs, unit="training"):
        trainings.checkpoint(networks[side.name], store, side, seed, treatments[name], folder)
    films = store.split("test")
    marked = films.classes.index(trainings.MARKED)
    found = {}
    for side in trainings.SIDES:
        said = [
            trainings.answers(networks[side.name], store, side, seed, tried[side.name], folder)
            for seed in seeds
        ]
        found[side.name] = {
            name: measured([each[name] for each in said], films.labels, marked) for name in said[0]
        }
    return found


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--architecture", default="resnetv2_mini")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--keep", type=Path, help="folder for films, checkpoints and answers, used again")
    parser.add_argument("--out", type=Path, help="folder for price.png")
    return parser.parse_args()


if __name__ == "__main__":
    main()
