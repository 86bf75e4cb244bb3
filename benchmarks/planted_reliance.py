"""Does reliance find a planted shortcut? Miniatures trained with a letter in one class's corner, and without.

    python -m benchmarks.planted_reliance --seeds 5

The films are those of tests/test_shortcut.py: three classes, 60 test patients; for one training every
`normal` carries a letter in its upper left corner, for the other none does. Each network is asked on the test
films that carry it: by how much more than random places the corner lowers the score of `normal` where it is
replaced, and how many of the clean films turn to `normal` when the letter is painted into them.

Prints a row a network, and how many of each kind are found: `reliance` by intervals above 0 under both fills,
`spike` by a share of turned films whose exact interval lies above 5 %, in the planted corner and elsewhere.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

import evidrift.networks.start_tensorflow  # noqa: F401 - first, before TensorFlow
from evidrift.base.progress import Progress
from evidrift.images.marker import CORNERS
from evidrift.images.store import ImageStore
from evidrift.reliance.measuring import Reliance
from evidrift.reliance.summary import ALL, share_interval, summarise, summarise_spikes
from tests.planted import LEARNING_RATES, miniature, prepared

MARKED, CORNER = "normal", "upper_left"
RECIPE = {
    "seed": 5,
    "contrast": 1.0,
    "patients": {"train": 40, "validation": 10, "test": 20},
    "classes": ["covid19", "normal", "tuberculosis"],
}
LIMIT = 0.05  # of the films that turn


def figures(found: Reliance) -> Iterator[dict]:
    """What is known of each checkpoint."""
    regions, spikes = summarise(found.regions), summarise_spikes(found.spikes)
    for checkpoint in ("tl", "ft"):
        row = {"checkpoint": checkpoint}
        for corner in CORNERS:
            own = regions[
                (regions["checkpoint"] == checkpoint)
                & (regions["label"] == MARKED)
                & (regions["region"] == f"{corner}_corner")
            ]
            turned = spikes[
                (spikes["checkpoint"] == checkpoint)
                & (spikes["label"] == ALL)
                & (spikes["corner"] == corner)
                & (spikes["towards"] == MARKED)
            ]
            row |= {
                f"{corner} reliance": own["reliance"].min(),
                f"{corner} low": own["low"].min(),
                f"{corner} flipped": own["flipped"].min(),
                f"{corner} turned": turned["flipped"].item(),
                f"{corner} turned_low": turned["flipped_low"].item(),
                f"{corner} rise": turned["change"].item(),
            }
        yield row


def trained(name: str, stores: dict[str, ImageStore], seed: int) -> Iterator[dict]:
    """Both trainings of one architecture and seed, asked on the films with the letter."""
    films = {kind: store.split("test") for kind, store in stores.items()}
    for kind, store in stores.items():
        network = miniature(name, store)
        transferred = network.transferred(seed)
        checkpoints = {"tl": transferred, "ft": network.tuned(transferred, store, seed)}
        right = {
            f"right {other}": float(np.mean(logits.argmax(axis=1) == films[other].labels))
            for other in films
            for logits in [network.logits({"ft": checkpoints["ft"]}, films[other])["ft"]]
        }
        for row in figures(network.reliance(checkpoints, films["with"], seed)):
            yield {"arch": name, "seed": seed, "trained": kind} | right | row


def verdicts(rows: pd.DataFrame) -> pd.DataFrame:
    """Shares of trainings in which reliance and spikes point at the planted corner, and at any other."""
    others = [corner for corner in CORNERS if corner != CORNER]
    said = rows.assign(
        reliance=rows[f"{CORNER} low"] > 0,
        spike=rows[f"{CORNER} turned_low"] > LIMIT,
        reliance_elsewhere=(rows[[f"{corner} low" for corner in others]] > 0).any(axis=1),
        spike_elsewhere=(rows[[f"{corner} turned_low" for corner in others]] > LIMIT).any(axis=1),
    )
    keys = ["arch", "trained", "checkpoint"]
    names = ["reliance", "spike", "reliance_elsewhere", "spike_elsewhere"]
    shares = said.groupby(keys)[names].mean()
    n = said.groupby(keys).size()
    for name in names:
        low, high = share_interval(shares[name], n)
        shares[name] = [
            f"{share:.2f} [{one:.2f}, {other:.2f}]"
            for share, one, other in zip(shares[name], low, high, strict=True)
        ]
    return shares


def main() -> None:
    """Train, ask, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("architectures", nargs="*", default=list(LEARNING_RATES))
    parser.add_argument("--seeds", type=int, default=5, help="trainings of each architecture and kind")
    args = parser.parse_args()
    rows: list[dict] = []
    with tempfile.TemporaryDirectory() as scratch:
        stores = {}
        for kind, marked in (("with", MARKED), ("without", None)):
            (Path(scratch) / kind).mkdir()
            stores[kind] = prepared(Path(scratch) / kind, RECIPE, marked)
        runs = [(name, seed) for seed in range(1, args.seeds + 1) for name in args.architectures]
        for name, seed in Progress(runs, unit="training pair"):
            new = list(trained(name, stores, seed))
            rows += new
            print(pd.DataFrame(new).round(2).T.to_string(), flush=True)
    print(verdicts(pd.DataFrame(rows)).to_string())


if __name__ == "__main__":
    main()
