"""The first screen's tables, and those behind the ranking."""

import pandas as pd

from evidrift.compare.findings.signs import MEANING
from evidrift.report.page.material import Material
from evidrift.report.words import view
from evidrift.report.words.cells import MEASURES
from evidrift.report.words.shares import UNKNOWN, Movement, led_by, movements


def headline_table(material: Material) -> view.TableView:
    """What carries the answer: of a study by method and architecture, of an audit by method."""
    return _audit_table(material) if material.summary.kind == "audit" else _study_table(material)


def _study_table(material: Material) -> view.TableView:
    summary = material.summary
    drift = material.at_layer("drift")
    rows = drift[drift["measure"] == "overlap"]
    several = len(summary.architectures) > 1
    firsts, known = _first_places(material), movements(material.table("claims"), "study")

    def share_of(arch: str) -> view.Column:
        def cell(row: view.Row) -> view.Cell:
            sign = summary.signs.get(arch, {}).get(row["method"], "")
            return _share(row.get(arch, {}), known.get((arch, row["method"]), UNKNOWN), sign)

        return view.Column(arch, cell, "", "number")

    def last(row: view.Row) -> view.Cell:
        if several:
            return firsts.get(row["method"], view.Cell(None))
        return view.Cell(known.get((summary.architectures[0], row["method"]), UNKNOWN).verdict, "verdict")

    lines = [
        {"method": method, **own.set_index("arch").to_dict("index")}
        for method, own in rows.groupby("method", sort=False)
    ]
    return view.table(
        "How far the evidence moved: 0 is no further than between two trainings of the same recipe "
        "(floor), 1 is as far as to another patient's map (chance). Smaller is more stable; 95 % "
        "intervals.",
        lines,
        [
            view.methods("Attribution method"),
            *map(share_of, summary.architectures),
            view.Column("Shown to be most stable" if several else "Moved beyond the floor", last, "verdict"),
        ],
        _sign_note(material),
    )


def _share(row: view.Row, known: Movement, sign: str = "") -> view.Cell:
    """Share of the way from floor to chance."""
    if pd.isna(row.get("normalised")):
        drift = row.get("mean")
        return view.Cell(None, "number", note="" if pd.isna(drift) else f"drift {drift:.2f}, no floor")
    return view.Cell(row["normalised"], "number", known.interval(row), sign=sign)


def _audit_table(material: Material) -> view.TableView:
    summary = material.summary
    drift = material.at_layer("drift")
    rows = drift[drift["measure"] == "overlap"]
    floor = [view.numbers("Floor", "floor", "floor", 3)]
    known = movements(material.table("claims"), "audit")
    of_row = [known.get((row["arch"], row["method"]), UNKNOWN) for row in rows.to_dict("records")]
    share = [view.Column("Share of the way", lambda row: _share(row, row["known"]), "share", "number")]
    has_floor = bool(rows["floor"].notna().any())
    patients = f" of {summary.cohort.patients:,} patients" if summary.patients_known else ""
    return view.table(
        f"How far the evidence moved from before to after; {summary.cohort.images:,} images{patients} count.",
        rows.assign(known=of_row, verdict=[each.verdict for each in of_row]),
        [
            view.methods("Attribution method"),
            view.numbers("Drift", "mean", "drift", 3),
            *floor * has_floor,
            view.numbers("Chance", "chance", "chance", 3),
            *share * has_floor,
            view.verdicts("Moved beyond the floor"),
        ],
        ""
        if has_floor
        else "Without a second training there is no floor: the drift holds the noise between trainings",
    )


def _first_places(material: Material) -> dict[str, view.Cell]:
    """By method, the most stable architecture where each of its leads is shown."""
    found = {}
    for method, own in led_by(material.table("claims")).groupby("method", sort=False):
        found[str(method)] = view.Cell("not decidable", "verdict")
        shown = own[own["verdict"] == "supported"]
        for arch in material.summary.architectures:
            among = (own["first"] == arch) | (own["second"] == arch)
            if among.any() and (shown["first"] == arch).sum() == among.sum():
                found[str(method)] = view.Cell(arch, "first")
    return found


def _sign_note(material: Material) -> str:
    signs = "".join(sign for own in material.summary.signs.values() for sign in own.values())
    return "; ".join(f"{sign} {meaning}" for sign, meaning in MEANING.items() if sign in signs)


def gate_table(material: Material) -> view.TableView | None:
    """The gate's limits and what came of each."""
    gate = material.summary.gate
    if gate is None:
        return None

    return view.table(
        "The gate's limits and what came of each",
        map(vars, gate.lines),
        [
            view.Column("What", lambda row: view.Cell(row["what"], note=row["name"])),
            view.Column("Found", lambda row: view.Cell(row["value"], "number"), "", "number"),
            view.Column("Limit", lambda row: view.Cell(row["limit"], "number"), "", "number"),
            view.verdicts("Verdict"),
            view.words("Why", "reason"),
        ],
    )


def levels_table(material: Material) -> view.TableView:
    """Every measure with its floor and chance."""
    rows = material.at_layer("drift")
    return view.table(
        f"Drift at layer {material.summary.layer}, with 95 % intervals",
        rows[rows["measure"].isin(list(MEASURES))],
        [
            *view.WHERE,
            view.words("Measure", "measure", names=MEASURES),
            view.numbers("Mean", "mean", digits=3),
            view.numbers("Spread over seeds", "sd", "seed", 3),
            view.numbers("Floor", "floor", "floor", 3),
            view.numbers("Chance", "chance", "chance", 3),
            view.intervals("Share of the way, recipe", "normalised", "low", "high", "recipe"),
            view.intervals("The same, these checkpoints", "normalised", "fixed_low", "fixed_high", "fixed"),
            view.counts("Images", "n_images", "common"),
        ],
    )


def difference_table(material: Material) -> view.TableView | None:
    """Who is the more stable of two architectures, by method."""
    rows = led_by(material.table("claims"))
    if rows.empty:
        return None
    return view.table(
        "Which of two architectures is the more stable?",
        rows,
        [
            view.methods("Method"),
            view.words("More stable", "first"),
            view.words("Less stable", "second"),
            view.intervals("Lead", "lead", "lead_low", "lead_high", "share"),
            view.p_values("p after Holm"),
            view.verdicts("Verdict"),
        ],
    )
