"""Write the tables of docs/results/strategies.md and its figure from a finished sweep.

    python -m tools.strategies                                        # the study at hand, as `phantoms`
    python -m tools.strategies --study cxr5 --figure docs/results/strategies_cxr5.png

Run it in the folder of the sweep, or name that folder: it reads params.yaml and data/tradeoff. The tables and
the figure stand between the page's marks `<!-- answers STUDY -->`, `<!-- figure STUDY -->` and
`<!-- points STUDY -->`; all else is kept.
"""

import argparse
from pathlib import Path

import pandas as pd

from evidrift.base.errors import run
from evidrift.base.schema import Schema
from evidrift.base.section import read_params
from evidrift.base.table import read_checked
from evidrift.claims.claim import Rules
from evidrift.compare.params import load_compare
from evidrift.report.figures.tradeoff import tradeoff_figure
from evidrift.tradeoff.curve import curve_of
from evidrift.tradeoff.evidence import FILE, STAGE, Evidence, read_evidence
from evidrift.tradeoff.params import load_tradeoff
from evidrift.tradeoff.points import Point
from evidrift.tradeoff.table import JUDGE_COLUMNS, JUDGES, POINT_COLUMNS, POINTS
from tools.marked import write_between
from tools.strategies import markdown
from tools.strategies.answers import Answer, answers_of
from tools.strategies.ranking import orders_of, ranking_answer

TENTH = 0.1  # of the learning rate, in T1


def main() -> None:
    """Read the tables, write the page's sections and the figure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, default=Path(), help="of the sweep")
    parser.add_argument("--study", default="phantoms", help="its name in the page's marks")
    parser.add_argument("--page", type=Path, default=Path("docs/results/strategies.md"))
    parser.add_argument("--figure", type=Path, default=Path("docs/results/strategies.png"))
    args = parser.parse_args()
    params, tables = args.folder / "params.yaml", args.folder / "data" / "tradeoff"
    architectures = load_tradeoff(params).architectures
    compare = load_compare(params)
    rules = Rules(compare.min_patients, compare.margin, compare.preserved)
    every = [read_evidence(tables / arch / FILE) for arch in architectures]
    answers = [
        answer
        for each in every
        for answer in answers_of(curve_of(each), tenth_of_the_rate(params, each.architecture), rules)
    ]
    if len(every) > 1:
        answers.append(ranking_answer(every, rules))
    write_between(args.page, f"answers {args.study}", answers_section(answers, every))
    points = [_read(tables / arch / POINTS, POINT_COLUMNS) for arch in architectures]
    judges = [_read(tables / arch / JUDGES, JUDGE_COLUMNS) for arch in architectures]
    write_between(args.page, f"points {args.study}", points_section(architectures, points, judges))
    write_between(args.page, f"figure {args.study}", shown(args.figure, args.page))
    tradeoff_figure(points, args.figure)


def tenth_of_the_rate(params: Path, architecture: str) -> Point | None:
    """The point of the dial `rate` that multiplies it by a tenth, with BatchNorm in inference mode.

    None where the sweep has none, or the architecture is fine-tuned with another mode.
    """
    sweep = load_tradeoff(params)
    if read_params(params)["finetune"][architecture]["batchnorm"] != "inference":
        return None
    strengths = read_params(params)["strategies"].get("rate", {}) if "rate" in sweep.strategies else {}
    found = [name for name in sweep.strengths if strengths.get(name, {}).get("factor") == TENTH]
    return Point("rate", found[0]) if found else None


def shown(figure: Path, page: Path) -> str:
    """The figure as the page links it."""
    place = figure.resolve().relative_to(page.resolve().parent).as_posix()
    return f"\n![Accuracy gained against drift, a panel an architecture]({place})\n\n"


def answers_section(answers: list[Answer], every: list[Evidence]) -> str:
    """The verdicts, what they rest on, and the orders of the architectures."""
    rests = markdown.folded(
        "What each verdict rests on. Intervals hold together for the candidates of a question; in T3 the "
        "dials stand beside and decide nothing.",
        markdown.conditions_table(answers),
    )
    parts = [markdown.answers_table(answers, [each.architecture for each in every]), rests]
    if len(every) > 1:
        parts += ["The order of the architectures:\n", markdown.orders_table(orders_of(every))]
    return "\n" + "\n".join(parts) + "\n"


def points_section(architectures: list[str], points: list[pd.DataFrame], judges: list[pd.DataFrame]) -> str:
    """Every architecture's points, what the judges leave of plain's drift, and where the evidence lies."""
    parts = []
    for arch, own, of_judges in zip(architectures, points, judges, strict=True):
        known = own[own["role"] == "plain"].iloc[0]
        parts += [
            f"**{arch}**: {known['n_test']} test images; drift of {known['n_images']} images of "
            f"{known['n_patients']} patients, right in tl, plain fine-tuning and the dials (a method's of "
            f"those that it gets right, too); {known['n_seeds']} seeds; scale "
            f"{known['scale']:.2f}\n",
            markdown.points_table(own),
            "Drift by each judge as a share of plain's (↓ below the dials, = no distance of the margin):\n",
            markdown.judges_table(of_judges),
            "Change from tl of the share of evidence in the finding, the lungs, the border, the corners:\n",
            markdown.places_table(own),
        ]
    return "\n" + "\n".join(parts) + "\n"


def _read(path: Path, schema: Schema) -> pd.DataFrame:
    frame = read_checked(path, schema, STAGE).to_pandas()
    return frame.astype({name: str for name, column in schema.items() if column.dtype is str})


if __name__ == "__main__":
    run(main)
