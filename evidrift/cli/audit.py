"""Has the evidence moved between two checkpoints of a classifier, and may the new one take its place?"""

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from evidrift.cli.options import add_explaining, add_images, add_reading, names, read_as

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console
    from rich.table import Table

    from evidrift.auditing.gate.check import Check
    from evidrift.auditing.result import AuditResult
    from evidrift.report.words.view import Row

HELP = "compare the evidence of two checkpoints on a folder of films, and judge by a gate"
EPILOG = """\
examples:
  Two checkpoints on a folder of class folders; the report is audit/report.html:
    evidrift audit --before old.keras --after new.keras --images films/ --out audit/

  Stop a release: exit code 0 passed, 1 failed, 2 could not be judged:
    evidrift audit --before old.keras --after new.keras --images films/ --gate gate.yaml --out audit/

  Three trainings of the new recipe, each of which must keep to the limits:
    evidrift audit --before old.keras --after new1.keras new2.keras new3.keras \\
        --images films/ --gate gate.yaml --out audit/

  Hold the new model against the one that was approved first as well, and tell performance by sex and site:
    evidrift audit --original v1.keras --before v3.keras --after v4.keras --images films/manifest.csv \\
        --subgroups sex,site --gate gate.yaml --out audit/

  Images without labels, networks that want values from 0 to 1, the answer for a machine:
    evidrift audit --before old.h5 --after new.h5 --images inbox/ --preprocessing unit --out audit/ --json

  The old model wants values from -1 to 1, the new one scales them itself:
    evidrift audit --before old.h5 --after new.keras --images films/ --preprocessing before:tf after:none \\
        --out audit/

  A gate file (all limits may be left out but one; `evidrift gate` derives it from trainings you trust):
    reliance: {corners: {at_most: 0.1}, spike_flips_at_most: 0.1}    # predictions that change
    drift: {mean_at_most: 0.4, class_at_most: 0.5}    # share of the evidence that lies elsewhere
    corners: {growth_at_most: 0.05}    # share of the evidence there
    regressed: {at_most: 0.05}         # share of films right before, wrong after
    sensitivity_drop_at_most: 0.05     # of every class; likewise specificity, auc, accuracy
    subgroups: {columns: [sex], accuracy_drop_at_most: 0.1}          # of every group

docs/audit.md explains every option, and what a gate can and cannot promise.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    models = parser.add_argument_group("models")
    models.add_argument(
        "--before",
        type=Path,
        nargs="+",
        action="extend",
        required=True,
        metavar="FILE",
        help="the model in use: .keras, .h5, or .weights.h5 with --architecture; several are trainings of "
        "one recipe",
    )
    models.add_argument(
        "--after",
        type=Path,
        nargs="+",
        action="extend",
        required=True,
        metavar="FILE",
        help="the model to take its place",
    )
    models.add_argument(
        "--original",
        type=Path,
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE",
        help="the model that was approved first, if it is not the one in use: changes add up",
    )
    add_reading(models, sides=True)
    images = parser.add_argument_group("images")
    add_images(images)
    images.add_argument(
        "--subgroups",
        metavar="A,B,...",
        help="columns of the manifest to tell performance by; default: all that tell groups apart",
    )
    add_explaining(parser.add_argument_group("measures"))
    result = parser.add_argument_group("result")
    result.add_argument("--gate", type=Path, metavar="FILE", help="limits to judge by, see below")
    result.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write to")
    result.add_argument("--json", action="store_true", help="print the result as JSON and nothing else")
    parser.set_defaults(words=["audit"])  # as they were typed, where `main` has them


def run(args: argparse.Namespace) -> int:
    """Audit; the exit code is the gate's."""
    from evidrift.foreign.apart.reading import prepare

    prepare()
    from evidrift.auditing.audit import audit
    from evidrift.auditing.gate.check import EXIT_CODES

    quiet = args.quiet or args.json
    found = audit(
        args.before,
        args.after,
        args.images,
        methods=names(args.methods),
        layer=args.layer,
        gate=args.gate,
        original=args.original,
        subgroups=names(args.subgroups) if args.subgroups else None,
        preprocessing=args.preprocessing or "none",
        **read_as(args),
        out=args.out,
        quiet=quiet,
        command=shlex.join(["evidrift", *args.words]),
    )
    if args.json:
        sys.stdout.write(found.to_json())
    else:
        from evidrift.report.terminal.tables import console

        print_audit(found, console(), args.quiet)
    return EXIT_CODES[found.outcome] if found.outcome else 0


def print_audit(found: "AuditResult", to: "Console", quiet: bool) -> None:
    """Print the answer, the gate and the warnings; `quiet` leaves the answer and the gate's outcome."""
    from evidrift.base.sentence import spelled
    from evidrift.base.shown import shown
    from evidrift.cli.performance import in_short, performance_tables
    from evidrift.cli.spelling import FLAGS

    if not quiet:
        n_images, n_patients = len(found.result.cohort.image_ids), found.result.cohort.n_patients
        counting = "right in all models" if found.audited.labels_known else "of one prediction in all models"
        of = "findings" if found.several else "images"
        if found.several:
            counting = "called by all models"
        to.print(
            f"{len(found.audited.images.ids)} of {found.audited.n_listed} images audited. {n_images} {of} of "
            f"{n_patients} patients count: {counting}.",
            style="bold",
        )
        if found.audited.ignored:
            others = ", ".join(f"{n} {kind}" for kind, n in found.audited.ignored.items())
            to.print(f"Other files, ignored: {shown(others)}.")
        outputs = ", ".join(f"{at} {name}" for at, name in enumerate(found.audited.images.classes))
        to.print(shown(f"{'Findings' if found.several else 'Classes'} by output: {outputs}."))
        to.print(model_table(found))
        for table in performance_tables(found.record):
            to.print(table)
        to.print(drift_table(found))
    to.print(shown(spelled(found.told.answer, FLAGS)))
    if found.checks:
        if not quiet:
            to.print(gate_table(found))
        to.print(f"Gate: {found.outcome}.", style="bold green" if found.outcome == "passed" else "bold red")
        for verdict in ("failed", "not judged"):
            for check in (each for each in found.checks if each.verdict == verdict):
                what, reason = (shown(spelled(each, FLAGS)) for each in (check.what, check.reason))
                to.print(f"  {check.verdict}: {what} ({check.name}{against(check)}): {reason}")
    if not quiet:
        for sentence in in_short(found.record):
            to.print(shown(sentence))
        told = found.record.not_checked
        for caveat in (each for each in found.result.caveats if each.sentence not in told):
            to.print(f"Note: {shown(spelled(caveat.sentence, FLAGS))}", style="yellow")
        if found.report is not None:
            to.print(f"Report: {found.report}", soft_wrap=True)


def against(check: "Check") -> str:
    """Said where it is not the model before."""
    return "" if check.against == "before" else f" against the {check.against}"


def model_table(found: "AuditResult") -> "Table":
    """What each model makes of the films."""
    from evidrift.report.terminal.plain import plain_table
    from evidrift.report.words.view import Cell, Column, table

    view = table(
        "Models on these films",
        found.record.models,
        [
            Column("model", lambda row: Cell(row.part)),
            Column("file", lambda row: Cell(row.file)),
            Column("Keras", lambda row: Cell(row.keras or "-")),
            Column(
                "predicts", lambda row: Cell(", ".join(f"{n} {name}" for name, n in row.predicted.items()))
            ),
        ],
    )
    return plain_table(view)


def drift_table(found: "AuditResult") -> "Table":
    """Drift, what of it all trainings share, and drift over scale, by method."""
    from evidrift.measures.of_pairs import MOVED_SHARE
    from evidrift.report.terminal.plain import plain_table
    from evidrift.report.words.view import Cell, Column, methods, table

    drift = found.drift
    rows = drift[(drift["layer"] == found.study.layer) & (drift["measure"] == MOVED_SHARE)].set_index(
        "method"
    )

    def cell(name: str, low: str, high: str) -> "Callable[[Row], Cell]":
        def of(row: "Row") -> Cell:
            if row["method"] not in rows.index:
                return Cell("not defined at this layer")
            return Cell(row[name], "number", (row[low], row[high]))

        return of

    over = ("over_scale", "fixed_over_scale_low", "fixed_over_scale_high")
    shared = ("shared", "fixed_shared_low", "fixed_shared_high")
    view = table(
        "Share of the strongest 20 % that lies elsewhere; scale: another patient's under the same model",
        rows.reindex(list(found.methods)).reset_index(),
        [
            methods("method"),
            Column("drift", cell("mean", "fixed_low", "fixed_high"), kind="number"),
            Column("shared by all trainings", cell(*shared), kind="number"),
            Column("drift / scale", cell(*over), kind="number"),
        ],
    )
    return plain_table(view)


def gate_table(found: "AuditResult") -> "Table":
    """Every limit of the gate and what came of it."""
    from evidrift.auditing.context import value_text
    from evidrift.report.terminal.plain import plain_table
    from evidrift.report.words.view import Cell, Column, table

    view = table(
        "Gate",
        found.checks,
        [
            Column("limit", lambda check: Cell(f"{check.name}{against(check)}")),
            Column("found", lambda check: Cell(value_text(check)), kind="number"),
            Column("asked", lambda check: Cell(check.asked)),
            Column("verdict", lambda check: Cell(check.verdict), kind="verdict"),
        ],
    )
    return plain_table(view)
