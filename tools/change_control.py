"""Fill the performance section of a change-control file from audit.json alone, and write it into a page.

    python -m tools.change_control demo/audit.json docs/change_control.md

The page has two marks, between which the text goes.
"""

import argparse
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from evidrift.base.errors import run
from tools.marked import write_between

MEASURES = {
    "accuracy": "accuracy",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "auc": "AUC",
    "calibration_error": "calibration error",
}
# What a page has room for, of all films, of a class and of a subgroup; audit.json has all of it.
OF_ALL = ("accuracy", "auc", "calibration_error")
OF_LABEL, OF_GROUP = ("sensitivity", "specificity", "auc"), ("accuracy",)
Audit = dict[str, Any]
Cells = Sequence[str]


def main() -> None:
    """Write it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("audit", type=Path, help="audit.json")
    parser.add_argument("page", type=Path, help="Markdown with the two marks")
    args = parser.parse_args()
    audit = json.loads(args.audit.read_text(encoding="utf-8"))
    write_between(args.page, "filled", filled(audit))


def filled(audit: Audit) -> str:
    """The section in Markdown."""
    parts = (_modification(audit), _criteria(audit), _data(audit), _performance(audit), _flips(audit))
    told = (*parts, _evidence(audit), _limits(audit), _service(audit))
    return "\n" + "\n\n".join(part for part in told if part) + "\n\n"


def _modification(audit: Audit) -> str:
    rows = [
        (part, each["file"], f"`{each['sha256'][:12]}…`", each["format"], str(each["keras"] or "not said"))
        for part, each in audit["models"].items()
    ]
    return f"**Versions**\n\n{_table(('model', 'file', 'sha256', 'format', 'Keras'), rows)}"


def _criteria(audit: Audit) -> str:
    gate = audit["gate_file"]
    if gate is None:
        return "**Acceptance criteria.** None were given."
    broken = [limit for limit in audit["gate"] if limit["verdict"] == "failed"]
    n_open = sum(limit["verdict"] == "not judged" for limit in audit["gate"])
    told = (
        f"**Acceptance criteria.** {gate['file'] or 'A gate'}, sha256 `{gate['sha256'][:12]}…`, last changed "
        f"{gate['changed'] or 'at a time that is not known'}: {len(audit['gate'])} limits. "
        f"**Outcome: {audit['outcome']}**, {len(broken)} broken, {n_open} that could not be judged."
    )
    if not broken:
        return told
    rows = [
        (
            limit["what"].replace("|", "\\|"),
            limit["against"],
            _interval(limit),
            f"{'more than' if limit['least'] else 'at most'} {limit['limit']:g}",
        )
        for limit in broken
    ]
    return f"{told}\n\n{_table(('broken limit', 'against', 'found', 'asked'), rows)}"


def _data(audit: Audit) -> str:
    images = audit["images"]
    reasons = ", ".join(f"{n} {reason.replace('_', ' ')}" for reason, n in images["reasons"].items())
    known = "given" if images["patients_known"] else "not given: each film counts as a patient"
    return (
        f"**Test data.** {images['listed']} films, {images['audited']} audited, {images['excluded']} left out"
        f"{f' ({reasons})' if reasons else ''}. Labels {'' if images['labels_known'] else 'not '}given, "
        f"patients {known}."
    )


def _performance(audit: Audit) -> str:
    if not audit["performance"]:
        return "**Performance.** Not known: no labels were given."
    known = {each["part"] for each in audit["performance"]}
    parts = [part for part in audit["models"] if part in known]
    pairs = list(dict.fromkeys((each["reference"], each["candidate"]) for each in audit["differences"]))
    single = {(each["part"], _key(each)): each for each in audit["performance"]}
    paired = {(each["reference"], each["candidate"], _key(each)): each for each in audit["differences"]}
    groups = dict.fromkeys(_key(each) for each in audit["performance"])
    rows = []
    for label, column, value in groups:
        if label is not None and column is not None:
            continue
        key = (label, column, value)
        for name in OF_LABEL if label else OF_GROUP if column else OF_ALL:
            found = [single.get((part, key), {}).get(name) for part in parts]
            if any(found):
                less = [paired.get((*pair, key), {}).get(name) for pair in pairs]
                about = label or (f"{column}: {value}" if column else "all films")
                rows.append((about, MEASURES[name], *map(_interval, (*found, *less))))
    heads = ("films", "measure", *parts, *(f"{candidate} less {reference}" for reference, candidate in pairs))
    return f"**Performance**, with 95 % intervals over patients\n\n{_table(heads, rows)}"


def _key(row: Audit) -> tuple[str | None, str | None, str | None]:
    group = row["group"]
    return group["label"], group["column"], group["value"]


def _flips(audit: Audit) -> str:
    lines = []
    for each in audit["flips"]:
        about = f", {each['label']}" if each["label"] else ""
        p = "< 0.001" if each["p"] < 0.001 else f"= {each['p']:.3f}"
        lines.append(
            f"- {each['candidate']} against {each['reference']}{about}: {len(each['negative'])} films became "
            f"wrong, {len(each['positive'])} became right (McNemar, exact: p {p})"
        )
    return _list("**Flips**", lines)


def _evidence(audit: Audit) -> str:
    lines = [
        f"- {each['candidate']} against {each['reference']}: {each['answer']}"
        for each in audit["comparisons"]
    ]
    return _list("**Evidence**", lines)


def _limits(audit: Audit) -> str:
    return _list("**Not checked**", [f"- {sentence}" for sentence in audit["not_checked"]])


def _service(audit: Audit) -> str:
    rows = [(each["what"], _interval(each["expected"])) for each in audit["watch"]]
    return f"**To count in service**\n\n{_table(('what', 'here'), rows)}" if rows else ""


def _list(heading: str, lines: list[str]) -> str:
    return "\n".join([heading, "", *lines]) if lines else ""


def _interval(found: Audit | None) -> str:
    """`0.61 [0.50, 0.71]`."""
    if found is None or found["value"] is None:
        return "-"
    ends = (found["low"], found["high"])
    told = "" if None in ends else f" [{ends[0]:z.2f}, {ends[1]:z.2f}]"
    return f"{found['value']:z.2f}{told}"


def _table(heads: Cells, rows: Iterable[Cells]) -> str:
    return "\n".join(_lines(heads, rows))


def _lines(heads: Cells, rows: Iterable[Cells]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


if __name__ == "__main__":
    run(main)
