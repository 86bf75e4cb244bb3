"""Write docs/results/localisation.md from the tables of a study on phantoms.

python -m tools.localisation_page data/compare docs/results/localisation.md
"""

import argparse
from pathlib import Path

import pandas as pd

from evidrift.compare.findings.localisation import markdown

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
    localised, moved = (pd.read_csv(args.tables / f"{name}.csv") for name in ("localisation", "moves"))
    tables = {name: markdown(localised, moved, LAYER, name) for name in ("hit", "finding")}
    old = args.page.read_text(encoding="utf-8") if args.page.exists() else ""
    at = old.find("## What this says")
    text = PAGE.format(layer=LAYER, **tables, reading=old[at:] if at >= 0 else "")
    args.page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
