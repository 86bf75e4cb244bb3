"""The answers and the points of a sweep as tables of a page."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from evidrift.tradeoff.points import Point
from tools.strategies.answers import VERSION_NAMES, Answer, Condition

QUESTIONS = {
    "T1": "a tenth of the rate takes at least half, for at most one point of accuracy",
    "T2": "some share of `wise` lies below the dials",
    "T3": "`features` or `maps` takes half of LayerCAM's and a quarter of occlusion's, within one point",
    "T4": "`focal` halves negative flips and leaves drift as it was",
    "T7": "the ranking of the architectures changes with the strategy",
}
WORDS = {"": "-", "not below": "refuted", "below": "**below**", "cosmetic": "**cosmetic**"}
MISSING = "-"


def answers_table(answers: Sequence[Answer], architectures: Sequence[str]) -> str:
    """The verdicts: a row a question and version, a column an architecture; those of all stand below."""
    lines = [_line(["", "question", "of", *architectures]), _line(["---"] * (3 + len(architectures)))]
    below: list[str] = []
    for question, version in dict.fromkeys((each.question, each.version) for each in answers):
        own = {each.arch: each for each in answers if (each.question, each.version) == (question, version)}
        if "" in own:  # of all architectures
            below.append(f"{question}, {QUESTIONS[question]}: {_verdict(own[''])}")
            continue
        cells = [_verdict(own[arch]) if arch in own else MISSING for arch in architectures]
        lines.append(_line([question, QUESTIONS[question], VERSION_NAMES[version], *cells]))
    return "\n".join([*lines, *(f"\n{each}" for each in below)]) + "\n"


def conditions_table(answers: Sequence[Answer]) -> str:
    """What each verdict rests on: the candidates with their conditions, and what stands beside."""
    heads = ["", "architecture", "point", "condition", "figure", "met"]
    rows = (
        _line(
            [each.question, each.arch, candidate.point, condition.what, _figure(condition), condition.verdict]
        )
        for each in answers
        for candidate in each.candidates
        for condition in (*candidate.conditions, *candidate.beside)
    )
    # both versions of a question ask some conditions alike
    return "\n".join(dict.fromkeys([_line(heads), _line(["---"] * len(heads)), *rows])) + "\n"


def folded(summary: str, content: str) -> str:
    """A long table that a reader unfolds."""
    return f"<details><summary>{summary}</summary>\n\n{content}\n</details>\n"


def orders_table(orders: Mapping[str, Sequence[tuple[str, float]]]) -> str:
    """By point, the architectures from the most to the least stable, as observed."""
    lines = [
        _line(["point", "most stable first: drift on the images that all get right"]),
        _line(["---"] * 2),
    ]
    lines += [
        _line([point, " < ".join(f"{arch} {drift:.2f}" for arch, drift in own)])
        for point, own in orders.items()
    ]
    return "\n".join(lines) + "\n"


def points_table(points: pd.DataFrame) -> str:
    """All points of one architecture: what they keep, move and flip, and what the judges say."""
    columns = {
        "accuracy": ("accuracy", 3),
        "less plain's": ("to_plain", 3),
        "gain kept": ("kept", 2),
        "drift": ("drift", 2),
        "of plain's": ("of_plain", 2),
        "shared, of plain's": ("shared_of_plain", 2),
        "below the dials by": ("below_dials", 2),
        "negative flips": ("flips", 3),
    }
    heads = ["point", *columns, "ahead by at least", "films", "drift of all films", "floor of tl, of it"]
    heads += ["verdict", "faithful", "sane"]
    lines = [_line(heads), _line(["---", *["---:"] * (len(columns) + 4), "---", "---", "---"])]
    for row in points.to_dict("records"):
        lines.append(
            _line(
                [
                    str(Point(row["strategy"], row["strength"])),
                    *(_interval(row, name, digits) for name, digits in columns.values()),
                    MISSING if pd.isna(row["ahead_low"]) else f"{row['ahead_low']:z.3f}",
                    str(row["n_images"]),
                    _number(row["drift_all"]),
                    f"{_number(row['floor_tl'])}, {_number(row['floor_ft'])}",
                    WORDS.get(row["standing"], row["standing"]),
                    row["faithful"] or MISSING,
                    row["sane"] or MISSING,
                ]
            )
        )
    return "\n".join(lines) + "\n"


def judges_table(judges: pd.DataFrame) -> str:
    """What is left of plain's drift, a row a point and a column a judge."""
    keys = list(dict.fromkeys(zip(judges["layer"], judges["method"], strict=True)))
    heads = ["point", *(f"{method}, {layer}" for layer, method in keys)]
    lines = [_line(heads), _line(["---", *["---:"] * len(keys)])]
    for (strategy, strength), own in judges.groupby(["strategy", "strength"], sort=False, observed=True):
        by_key = {(row["layer"], row["method"]): row for row in own.to_dict("records")}
        cells = [
            f"{_interval(by_key[key], 'of_plain', 2)}{SIGNS[by_key[key]['below']]}"
            if key in by_key
            else MISSING
            for key in keys
        ]
        lines.append(_line([str(Point(strategy, strength)), *cells]))
    return "\n".join(lines) + "\n"


def places_table(points: pd.DataFrame) -> str:
    """Where the evidence lies, as the change of its share there from tl."""
    names = [name for name in ("finding", "lungs", "border", "corners") if points[name].notna().any()]
    lines = [_line(["point", *names]), _line(["---", *["---:"] * len(names)])]
    for row in points[points["role"] != "origin"].to_dict("records"):
        cells = [_interval(row, name, 3, sign="+") for name in names]
        lines.append(_line([str(Point(row["strategy"], row["strength"])), *cells]))
    return "\n".join(lines) + "\n"


SIGNS = {"supported": " ↓", "refuted": " =", "not decidable": "", "": ""}


def _verdict(answer: Answer) -> str:
    meeting = [each.point for each in answer.candidates if each.verdict == "supported"]
    told = f" ({', '.join(dict.fromkeys(meeting))})" if meeting else ""
    if answer.cosmetic:
        told += f"; cosmetic: {', '.join(answer.cosmetic)}"
    return f"**{answer.verdict}**{told}"


def _figure(condition: Condition) -> str:
    if pd.isna(condition.value):
        return MISSING
    if pd.isna(condition.low):
        return f"{condition.value:z.3f}"
    if np.isinf(condition.high):
        return f"{condition.value:z.3f}, at least {condition.low:z.3f}"
    return f"{condition.value:z.3f} [{condition.low:z.3f}, {condition.high:z.3f}]"


def _interval(row: Mapping[str, Any], name: str, digits: int, sign: str = "") -> str:
    value, low, high = (row[f"{name}{end}"] for end in ("", "_low", "_high"))
    if pd.isna(value):
        return MISSING
    ends = "" if pd.isna(low) else f" [{low:{sign}z.{digits}f}, {high:{sign}z.{digits}f}]"
    return f"{value:{sign}z.{digits}f}{ends}"


def _number(value: float) -> str:
    return MISSING if pd.isna(value) else f"{value:z.2f}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
