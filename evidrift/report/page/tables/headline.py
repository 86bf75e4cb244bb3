"""The first screen's table, and those behind the ranking."""

import numpy as np
import pandas as pd

from evidrift.compare.findings.signs import INSENSITIVE, UNFAITHFUL
from evidrift.report.page.material import Material
from evidrift.report.words.cells import (
    DASH,
    MEASURES,
    Cell,
    Column,
    TableView,
    count,
    interval,
    method_label,
    number,
    p_text,
    table,
    verdict,
)


def headline_table(material: Material) -> TableView:
    """What carries the answer: of a study by method and architecture, of an audit by method."""
    return _audit_table(material) if material.summary.kind == "audit" else _study_table(material)


def _study_table(material: Material) -> TableView:
    summary = material.summary
    drift = material.at_layer("drift")
    rows = drift[drift["measure"] == "overlap"].set_index(["method", "arch"])
    firsts = _first_places(material)
    several = len(summary.architectures) > 1
    columns = [Column("Attribution method", "method")]
    columns += [Column(arch, numeric=True) for arch in summary.architectures]
    columns += [Column("Shown to be most stable" if several else "Moved beyond the floor", "verdict")]
    lines = []
    for method in dict.fromkeys(method for method, _ in rows.index):
        cells = [Cell(method_label(method), "name")]
        for arch in summary.architectures:
            row = rows.loc[(method, arch)] if (method, arch) in rows.index else None
            cells.append(_share(row, summary.signs.get(arch, {}).get(method, "")))
        cells.append(firsts.get(method, Cell(DASH)) if several else verdict(_moved(material, method)))
        lines.append(cells)
    note = _sign_note(material)
    return table(
        "How far the evidence moved: 0 is no further than between two trainings of the same recipe "
        "(floor), 1 is as far as to another patient's map (chance). Smaller is more stable; 95 % "
        "intervals.",
        columns,
        lines,
        note,
    )


def _share(row: pd.Series | None, sign: str) -> Cell:
    """Share of the way from floor to chance; the recipe's interval, else that of these checkpoints."""
    if row is None or pd.isna(row["normalised"]):
        if row is None or pd.isna(row["mean"]):
            return Cell(DASH, "number")
        return Cell(DASH, "number", f"drift {row['mean']:.2f}, no floor")
    low, high = (row["low"], row["high"]) if pd.notna(row["low"]) else (row["fixed_low"], row["fixed_high"])
    cell = interval(row["normalised"], low, high)
    return Cell(f"{cell.text} {sign}".strip(), cell.kind, cell.note)


def _audit_table(material: Material) -> TableView:
    summary = material.summary
    drift = material.at_layer("drift")
    rows = drift[drift["measure"] == "overlap"]
    has_floor = bool(rows["floor"].notna().any())
    columns = [Column("Attribution method", "method"), Column("Drift", "drift", numeric=True)]
    columns += [Column("Floor", "floor", numeric=True)] * has_floor
    columns += [Column("Chance", "chance", numeric=True)]
    columns += [Column("Share of the way", "share", numeric=True)] * has_floor
    columns += [Column("Moved beyond the floor", "verdict")]
    lines = [
        [
            Cell(method_label(row["method"]), "name"),
            number(row["mean"], 3),
            *[number(row["floor"], 3)] * has_floor,
            number(row["chance"], 3),
            *[_share(row, "")] * has_floor,
            verdict(_moved(material, row["method"])),
        ]
        for row in rows.to_dict("records")
    ]
    patients = f" of {summary.cohort.patients:,} patients" if summary.patients_known else ""
    return table(
        f"How far the evidence moved from before to after; {summary.cohort.images:,} images{patients} count.",
        columns,
        lines,
        ""
        if has_floor
        else "Without a second training there is no floor: the drift holds the noise between trainings",
    )


def _moved(material: Material, method: str) -> str:
    """The verdict that the evidence moved; of the recipe where that is decided, else of these checkpoints."""
    claims = material.table("claims")
    own = claims[(claims["kind"] == "moved") & (claims["method"] == method)]
    recipe = own[(own["estimand"] == "recipe") & (own["verdict"] != "not decidable")]
    chosen = recipe if len(recipe) else own[own["estimand"] != "recipe"]
    if material.summary.kind == "study" and not len(recipe):
        return "not decidable"
    return str(chosen["verdict"].iloc[0]) if len(chosen) else "not decidable"


def _first_places(material: Material) -> dict[str, Cell]:
    """By method, the most stable architecture where each of its leads is shown."""
    claims = material.table("claims")
    claims = claims[(claims["kind"] == "difference") & (claims["estimand"] == "recipe")]
    found = {}
    for method, own in claims.groupby("method", sort=False):
        found[str(method)] = Cell("not decidable", "verdict")
        for arch in material.summary.architectures:
            mine = own[(own["arch"] == arch) | (own["other"] == arch)]
            leads = np.where(mine["arch"] == arch, -mine["estimate"], mine["estimate"])
            if len(mine) and (leads > 0).all() and (mine["verdict"] == "supported").all():
                found[str(method)] = Cell(arch, "first")
    return found


def _sign_note(material: Material) -> str:
    signs = "".join(sign for own in material.summary.signs.values() for sign in own.values())
    meanings = {
        UNFAITHFUL: "maps not shown to be more faithful than random ones",
        INSENSITIVE: "maps that survive random weights",
    }
    return "; ".join(f"{sign} {words}" for sign, words in meanings.items() if sign in signs)


def levels_table(material: Material) -> TableView:
    """Every measure with its floor and chance."""
    columns = [Column("Architecture", "architecture"), Column("Method", "method"), Column("Measure")]
    columns += [
        Column("Mean", numeric=True),
        Column("Spread over seeds", "seed", numeric=True),
        Column("Floor", "floor", numeric=True),
        Column("Chance", "chance", numeric=True),
        Column("Share of the way, recipe", "recipe", numeric=True),
        Column("The same, these checkpoints", "fixed", numeric=True),
        Column("Images", "common", numeric=True),
    ]
    rows = material.at_layer("drift")
    rows = rows[rows["measure"].isin(list(MEASURES))]
    lines = [
        [
            Cell(row["arch"], "name"),
            Cell(method_label(row["method"])),
            Cell(MEASURES[row["measure"]]),
            *(number(row[name], 3) for name in ("mean", "sd", "floor", "chance")),
            interval(row["normalised"], row["low"], row["high"]),
            interval(row["normalised"], row["fixed_low"], row["fixed_high"]),
            count(row["n_images"]),
        ]
        for row in rows.to_dict("records")
    ]
    return table(f"Drift at layer {material.summary.layer}, with 95 % intervals", columns, lines)


def difference_table(material: Material) -> TableView | None:
    """Who is the more stable of two architectures, by method."""
    claims = material.table("claims")
    claims = claims[(claims["kind"] == "difference") & (claims["estimand"] == "recipe")]
    if claims.empty:
        return None
    columns = [Column("Method", "method"), Column("More stable"), Column("Less stable")]
    columns += [
        Column("Lead", "share", numeric=True),
        Column("p after Holm", numeric=True),
        Column("Verdict", "verdict"),
    ]
    lines = []
    for row in claims.to_dict("records"):
        ahead = not row["estimate"] > 0
        names = (row["arch"], row["other"]) if ahead else (row["other"], row["arch"])
        low, high = (-row["high"], -row["low"]) if ahead else (row["low"], row["high"])
        lines.append(
            [
                Cell(method_label(row["method"]), "name"),
                *map(Cell, names),
                interval(abs(row["estimate"]), low, high),
                Cell(p_text(row["p_corrected"]), "number"),
                verdict(row["verdict"]),
            ]
        )
    return table("Which of two architectures is the more stable?", columns, lines)
