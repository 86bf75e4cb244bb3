"""Write docs/results/localisation.md from the tables of a study on phantoms.

python -m tools.localisation_page data/compare docs/results/localisation.md
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from evidrift.base.errors import run
from evidrift.compare.summary import read_summary

LAYER = "penultimate"
PAGE = """# Which methods see the finding?

On phantoms the place of every finding is known. Below is the default study (`make repro`), at layer
`{layer}`, on the images with a finding that every checkpoint gets right, averaged over seeds. Class
normal has no finding and is left out. Nothing here is about patients.

Means are given with their 95 % interval over patients. They are bold where a mean is shown to lie above
random, or a change to differ from 0. Each is judged by itself, without a correction for their number, and
seeds are fixed, so this is about these checkpoints. `random` is what a map that knows nothing about the image
would have on average.

## Does the strongest cell touch the finding? (pointing game)

{hit}
## What share of the evidence lies inside the finding?

{finding}
{reading}"""


def main() -> None:
    """Read the tables, write the page; what people read out of it is kept."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tables", type=Path, help="compare's folder of CSV tables")
    parser.add_argument("page", type=Path, help="to write; its last section is kept")
    args = parser.parse_args()
    summary = read_summary(args.tables)
    localised, moved = (
        pd.read_csv(summary.table(args.tables, f"{name}.csv")) for name in ("localisation", "moves")
    )
    tables = {name: markdown(localised, moved, LAYER, name) for name in ("hit", "finding")}
    old = args.page.read_text(encoding="utf-8") if args.page.exists() else ""
    at = old.find("## What this says")
    text = PAGE.format(layer=LAYER, **tables, reading=old[at:] if at >= 0 else "")
    args.page.write_text(text, encoding="utf-8")


def markdown(localised: pd.DataFrame, changed: pd.DataFrame, layer: str, measure: str) -> str:
    """A table for people: one measure at one layer, each architecture and method a line.

    Means and intervals stand as `0.62 [0.57, 0.67]`. Bold are means of which it is shown that they lie above
    random, and changes whose interval excludes 0.

    Args:
        localised: from `localisation`.
        changed: from `changes`, of the same maps.
        layer: target layer.
        measure: `hit`, `finding`, `lungs`, `border` or `corners`.
    """
    heads = (
        "architecture",
        "method",
        "random",
        "tl",
        "ft",
        "tl / random",
        "ft / random",
        "ft - tl",
        "patients",
    )
    lines = [_line(heads), _line(["---"] * 2 + ["---:"] * (len(heads) - 2))]
    here = localised[(localised["layer"] == layer) & (localised["measure"] == measure)]
    there = changed[(changed["layer"] == layer) & (changed["measure"] == measure)].set_index(
        ["arch", "method"]
    )
    for key, both in here.groupby(["arch", "method"], sort=False):
        by_checkpoint = both.set_index("checkpoint")
        tl, ft, change = by_checkpoint.loc["tl"], by_checkpoint.loc["ft"], there.loc[key]
        moved = change["low"] > 0 or change["high"] < 0
        cells = [
            _number(ft["random"], 3),
            *(_cell(each["mean"], each["low"], each["high"], each["above_low"] > 0) for each in (tl, ft)),
            *(_number(each["ratio"], 2) for each in (tl, ft)),
            _cell(change["change"], change["low"], change["high"], moved, sign="+"),
            str(change["n_patients"]),
        ]
        lines.append(_line([*key, *cells]))
    return "\n".join(lines) + "\n"


def _line(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(mean: float, low: float, high: float, shown: bool, sign: str = "") -> str:
    if np.isnan(mean):
        return "-"
    interval = "" if np.isnan(low) else f" [{low:{sign}.3f}, {high:{sign}.3f}]"
    text = f"{mean:{sign}.3f}{interval}"
    return f"**{text}**" if shown else text


def _number(value: float, decimals: int) -> str:
    return "-" if np.isnan(value) else f"{value:.{decimals}f}"


if __name__ == "__main__":
    run(main)
