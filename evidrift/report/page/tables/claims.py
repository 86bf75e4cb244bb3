"""The tables of claims: the primary family by itself, then what is exploratory."""

import pandas as pd

from evidrift.report.page.material import Material
from evidrift.report.words import view
from evidrift.report.words.claimed import led_by, reversals, together
from evidrift.report.words.names import method_name
from evidrift.report.words.numbers import PAGE

LEADS = ("here", "there")
PAIR = view.Column("Architectures", lambda row: view.Cell(row["arch"], note=row["other"]))
SURELY = (
    view.p_values("p, corrected"),
    view.counts("Patients", "n_patients", "common"),
    view.numbers("Could be seen", "detectable", "detectable"),
    view.verdicts("Verdict"),
)
REVERSED = (view.intervals("Smaller lead", "estimate", "low", "high", "reversal"), *SURELY)


def primary_table(material: Material) -> view.TableView | None:
    """Does the order of two architectures under LayerCAM differ from that under Grad-CAM++?"""
    claims = material.table("claims")
    own = claims[claims["family"] == "primary"]
    if own.empty:
        return None
    rows = reversals(own, claims)
    methods = (method_name(own[name].iloc[0]) for name in ("method", "against"))
    return view.table(
        f"The question, by pair of architectures. {_of(rows, 'recipe')}",
        rows,
        [
            PAIR,
            *(_led(f"More stable by {name}", key) for name, key in zip(methods, LEADS, strict=True)),
            *REVERSED,
        ],
    )


def exploratory_tables(material: Material) -> list[tuple[str, view.TableView]]:
    """All other claims, by name of the table; what an audit says on its first screen is not said again."""
    claims = material.table("claims")
    own = claims[claims["family"] == "exploratory"]
    if material.summary.kind == "audit":
        own = own[own["kind"] != "preserved"]
    limit = f"{material.summary.preserved:g}"
    tables = {
        "moved": _single(
            own, "moved", "Does every training move the evidence alike?", "Shared drift", "shared"
        ),
        "preserved": _single(
            own, "preserved", f"Is the drift below {limit} of the scale?", "Drift / scale", "over_scale"
        ),
        "difference": _differences(own),
        "reversal": _reversals(own[own["kind"] == "reversal"], claims),
    }
    return [(name, each) for name, each in tables.items() if each]


def _single(
    claims: pd.DataFrame, kind: str, question: str, estimate: str, term: str
) -> view.TableView | None:
    """Claims about one architecture: of the recipe; of these checkpoints where it has no interval."""
    rows = claims[(claims["kind"] == kind) & claims["estimate"].notna()]
    recipe = rows["estimand"] == "recipe"
    others = bool((~recipe).any()) and not rows[recipe]["low"].notna().any()
    estimand = "these checkpoints" if others else "recipe"
    rows = rows[~recipe if others else recipe]
    if rows.empty:
        return None
    return view.table(
        f"{question} {_of(rows, estimand)}",
        rows,
        [*view.WHERE, view.intervals(estimate, "estimate", "low", "high", term), *SURELY],
        "Could be seen: how far from the limit" if kind == "preserved" else "",
    )


def _differences(claims: pd.DataFrame) -> view.TableView | None:
    rows = led_by(claims)
    if rows.empty:
        return None
    return view.table(
        f"Which of two architectures is the more stable? {_of(rows, 'recipe')}",
        rows,
        [
            view.methods("Method"),
            view.words("More stable", "first"),
            view.words("Less stable", "second"),
            view.intervals("Lead", "lead", "lead_low", "lead_high", "together"),
            *SURELY,
        ],
    )


def _reversals(claims: pd.DataFrame, every: pd.DataFrame) -> view.TableView | None:
    if claims.empty:
        return None
    rows = reversals(claims, every)
    return view.table(
        f"Is the order reversed between two other methods? {_of(rows, 'recipe')}",
        rows,
        [
            PAIR,
            view.methods("One method"),
            _led("More stable", "here"),
            view.methods("Other method", key="against"),
            _led("More stable", "there"),
            *REVERSED,
        ],
    )


def _led(heading: str, name: str) -> view.Column:
    def cell(row: view.Row) -> view.Cell:
        known = not pd.isna(row[f"{name}_lead"])
        return view.Cell(row[name], note=f"by {PAGE.number(row[f'{name}_lead'], 2)}" if known else "")

    return view.Column(heading, cell)


def _of(rows: pd.DataFrame, estimand: str) -> str:
    whose = "Of the recipe" if estimand == "recipe" else "Of these checkpoints"
    return f"{whose}; {together(rows)}."
