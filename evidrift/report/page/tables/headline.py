"""The first screen's tables, and those behind the ranking."""

from functools import partial

import pandas as pd

from evidrift.compare.findings.signs import MEANING
from evidrift.measures.of_pairs import MOVED_SHARE
from evidrift.report.page.material import Material
from evidrift.report.words import view
from evidrift.report.words.cells import MEASURES, checkpoint_names, mixtures, run_word
from evidrift.report.words.claimed import led_by, with_bounds
from evidrift.report.words.limits import by_gravity
from evidrift.report.words.numbers import PAGE


def headline_table(material: Material) -> view.TableView:
    """What carries the answer: of a study by method and architecture, of an audit by method."""
    return _audit_table(material) if material.summary.kind == "audit" else _study_table(material)


def _moved_shares(material: Material) -> pd.DataFrame:
    drift = material.at_layer("drift")
    return with_bounds(drift[drift["measure"] == MOVED_SHARE], recipe=material.summary.kind == "study")


def _study_table(material: Material) -> view.TableView:
    summary = material.summary
    rows = _moved_shares(material)
    several = len(summary.architectures) > 1
    firsts = _first_places(material)

    def drift_of(arch: str) -> view.Column:
        def cell(row: view.Row) -> view.Cell:
            return _drift(row.get(arch, {}), summary.signs.get(arch, {}).get(row["method"], ""))

        return view.Column(arch, cell, "", "number")

    def last(row: view.Row) -> view.Cell:
        return firsts.get(row["method"], view.Cell(None))

    lines = [
        {"method": method, **own.set_index("arch").to_dict("index")}
        for method, own in rows.groupby("method", sort=False)
    ]
    return view.table(
        f"Drift: the share of the strongest {100 * summary.area:g} % of the evidence that lies elsewhere "
        "after fine-tuning, from 0 to 1; 95 % intervals, one by one. Below it: the part that every training "
        "moves alike, and the scale, from one patient to another.",
        lines,
        [
            view.methods("Attribution method"),
            *map(drift_of, summary.architectures),
            *[view.Column("Shown to be most stable (exploratory)", last, "verdict")] * several,
        ],
        _sign_note(material),
    )


def _drift(row: view.Row, sign: str = "") -> view.Cell:
    """Drift with its interval, and below it its shared part and the scale."""
    if pd.isna(row.get("mean")):
        return view.Cell(None, "number")
    parts = {"alike": row["shared"], "scale": row["scale"]}
    told = ", ".join(f"{name} {PAGE.number(value, 2)}" for name, value in parts.items() if not pd.isna(value))
    return view.Cell(row["mean"], "number", (row["low"], row["high"]), sign=sign, note=told)


def _audit_table(material: Material) -> view.TableView:
    summary = material.summary
    rows = _moved_shares(material)
    claims = material.table("claims")
    claims = claims[(claims["kind"] == "preserved") & (claims["estimand"] == "these checkpoints")]
    claimed = claims[["arch", "method", "estimate", "low", "high", "n_patients", "detectable", "verdict"]]
    patients = f" of {summary.cohort.patients:,} patients" if summary.patients_known else ""
    return view.table(
        f"Drift: the share of the strongest {100 * summary.area:g} % of the evidence that lies elsewhere in "
        f"the model after; {summary.cohort.images:,} images{patients} count.",
        rows.merge(claimed, on=["arch", "method"], how="left", suffixes=("", "_of_claim")),
        [
            view.methods("Attribution method"),
            view.intervals("Drift", "mean", "low", "high", "drift"),
            *_floors(material, rows),
            view.numbers("Scale", "scale", "scale"),
            view.intervals("Drift / scale", "estimate", "low_of_claim", "high_of_claim", "over_scale"),
            view.counts("Patients", "n_patients", "common"),
            view.numbers("Could be seen", "detectable", "detectable"),
            view.verdicts(f"Below {summary.preserved:g} of the scale"),
        ],
        _sign_note(material),
    )


def _floors(material: Material, rows: pd.DataFrame) -> list[view.Column]:
    """Of both checkpoints, marked where it is a mixture; an audit has none where each side has one model."""
    known = rows[["floor_tl", "floor_ft"]].notna().any(axis=None)
    if material.summary.kind == "audit" and not known:
        return []
    found = mixtures(material.table("basins"))

    def floor(row: view.Row, checkpoint: str) -> view.Cell:
        n = found.get((row["arch"], checkpoint))
        return view.Cell(row[f"floor_{checkpoint}"], "number", note=f"mixture of {n} clouds" if n else "")

    return [
        view.Column(f"Seed floor, {name}", partial(floor, checkpoint=key), "floor", "number")
        for key, name in checkpoint_names(material.summary).items()
    ]


def basin_table(material: Material) -> view.TableView | None:
    """Trainings by basin; None where nothing could be told."""
    rows = material.table("basins")
    if rows.empty:
        return None
    return view.table(
        "Trainings by cloud, and the mean moved share of two trainings of one cloud and of different ones",
        rows,
        [
            *view.WHERE,
            view.words("Checkpoint", "checkpoint", "checkpoint", checkpoint_names(material.summary)),
            view.words("Clouds", "groups"),
            view.numbers("Within", "within"),
            view.numbers("Between", "between"),
            view.p_values("p that there is one"),
            view.verdicts("Several"),
            view.counts("Patients", "n_patients", "common"),
        ],
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
    """The gate's limits and what came of each, the broken ones first."""
    gate = material.summary.gate
    if gate is None:
        return None
    several = len({line.against for line in gate.lines}) > 1
    return view.table(
        "The gate's limits and what came of each",
        by_gravity(gate),
        [
            view.Column("What", lambda line: view.Cell(line.what, note=line.name)),
            *[view.Column("Held against", lambda line: view.Cell(line.against))] * several,
            view.Column("Found", lambda line: view.Cell(line.value, "number"), "bound", "number"),
            view.Column("Limit", lambda line: view.Cell(line.limit, "number"), "", "number"),
            view.Column(
                "Verdict", lambda line: view.Cell(line.verdict, "verdict"), "limit_verdict", "verdict"
            ),
            view.Column("Why", lambda line: view.Cell(line.reason)),
        ],
    )


def how_far_table(material: Material) -> view.TableView:
    """Drift with its parts, the seed floors and the scale."""
    rows = _moved_shares(material)
    recipe = bool(material.at_layer("drift")["low"].notna().any())
    study = material.summary.kind == "study"
    whose = "of the recipe" if recipe and study else "of these checkpoints"
    return view.table(
        f"Drift at layer {material.summary.layer}, as moved share; 95 % intervals {whose}, one by one",
        rows,
        [
            *view.WHERE,
            view.intervals("Drift", "mean", "low", "high", "drift"),
            view.intervals("Shared", "shared", "shared_low", "shared_high", "shared"),
            view.numbers("Erratic", "erratic", "erratic"),
            view.intervals("Drift / scale", "over_scale", "over_scale_low", "over_scale_high", "over_scale"),
            view.numbers("Scale", "scale", "scale"),
            *_floors(material, rows),
            view.counts("Patients", "n_patients", "common"),
        ],
    )


def levels_table(material: Material) -> view.TableView:
    """Every measure with its seed floors and scale."""
    rows = material.at_layer("drift")
    return view.table(
        f"Every measure at layer {material.summary.layer}, larger is more drift; 95 % intervals, one by one",
        rows[rows["measure"].isin(list(MEASURES))],
        [
            *view.WHERE,
            view.words("Measure", "measure", names=MEASURES),
            view.intervals("Mean, recipe", "mean", "low", "high", "recipe"),
            view.intervals("The same, these checkpoints", "mean", "fixed_low", "fixed_high", "fixed"),
            view.numbers(f"Spread over {run_word(material.summary)}s", "sd", "seed", 3),
            *_floors(material, rows),
            view.numbers("Scale", "scale", "scale"),
            view.counts("Images", "n_images", "common"),
        ],
    )
