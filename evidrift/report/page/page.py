"""Write the report: one HTML file that needs no network and holds everything; many cases lie beside it."""

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from evidrift.base.files.writing import write_bytes
from evidrift.report.page.browser import shown
from evidrift.report.page.browser.cases import case_data
from evidrift.report.page.charts import curves, forest, rows
from evidrift.report.page.charts.choices import choices_chart
from evidrift.report.page.material import Material, ReportFiles
from evidrift.report.page.tables import cards, claims, headline, performance, record, reliance, sections
from evidrift.report.words import choices
from evidrift.report.words.cells import cohort_names, run_word
from evidrift.report.words.glossary import glossary
from evidrift.report.words.limits import gate_sentence, in_the_way
from evidrift.report.words.names import method_name
from evidrift.report.words.numbers import PAGE
from evidrift.report.words.warnings import warnings_of

NAME, IMAGES = "report.html", "report_files"
LIMIT = 15_000_000  # bytes: above it films and maps lie in a folder beside the file
SCRIPTS = (
    "terms.js",
    "charts.js",
    "maps.js",
    "data.js",
    "reading.js",
    "panel.js",
    "list.js",
    "browser.js",
    "sheet.js",
)
CLASSES = {"p": "number", "method": ""}  # of cells whose kind is none of the page's
TEMPLATES = PackageLoader("evidrift.report.page", "templates")


def write_report(
    files: ReportFiles,
    out: Path,
    *,
    parameters: Mapping[str, Any] | None = None,
    stamp: Mapping[str, str] | None = None,
) -> Path:
    """Write the report of a study or an audit; the same files give the same bytes.

    Args:
        files: what it is made of.
        out: folder to write report.html to; and, where it would have more than 15 MB, a folder of films and
            maps beside it.
        parameters: that the result depends on; None for those in summary.json.
        stamp: what a copy may say of its making, as date, revision or path, by name; a pipeline's output has
            none.

    Returns:
        Path of report.html.

    Raises:
        UserError: something of the material is missing.
    """
    material = Material(files)
    context = _context(material, parameters, stamp or {})
    path, folder = out / NAME, out / IMAGES
    shown.clear(folder, path)
    cases = case_data(material)
    page = _render(context, cases)
    inside = shown.inside(material, LIMIT - len(page))
    if inside is None:
        shown.write_beside(material, folder)
        page = _render(context, cases | {"beside": folder.name})
    else:
        page = _render(context, cases | inside)
    write_bytes(path, page)
    return path


def _context(
    material: Material, parameters: Mapping[str, Any] | None, stamp: Mapping[str, str]
) -> dict[str, Any]:
    """What the templates show."""
    summary = material.summary
    names = cohort_names(summary)
    means = sections.cohort_means(material)
    means = means[means["cohort"].isin(list(names))]
    drawn = {
        "ranking": rows.ranking_chart(material),
        "choices": choices_chart(material),
        "levels": rows.levels_chart(material),
        "classes": rows.class_chart(material),
        "cohorts": rows.cohort_chart(means, material, names),
        "along": curves.along_chart(material),
        "training": curves.training_chart(material),
        "forest": forest.forest_chart(material),
    }
    shown = {name: chart for name, chart in drawn.items() if chart}
    return {
        "summary": summary,
        "terms": glossary(summary.area, summary.preserved),
        "warnings": warnings_of(summary),
        "run_word": run_word(summary),
        "charts": shown,
        "figures": {name: [figure for _, figure in chart.variants] for name, chart in shown.items()},
        "headline": headline.headline_table(material),
        "gate_table": headline.gate_table(material),
        "primary_table": claims.primary_table(material),
        "exploratory_tables": claims.exploratory_tables(material),
        "how_far_table": headline.how_far_table(material),
        "basin_table": headline.basin_table(material),
        "levels_table": headline.levels_table(material),
        **_of_choices(material),
        **_of_record(material),
        "class_table": sections.class_table(material),
        "place_table": sections.place_table(material),
        "reliance_table": reliance.region_table(material),
        "spike_table": reliance.spike_table(material),
        "cohort_table": sections.cohort_table(material, means),
        "along_table": sections.along_table(material),
        "check_table": sections.check_table(material),
        "unusable": list(sections.places(material)),
        "kept_table": sections.kept_table(material),
        "data_facts": cards.data_facts(material),
        "split_table": cards.split_table(material),
        "exclusions": cards.exclusion_table(material),
        "probe_table": cards.probe_table(material),
        "model_table": cards.model_table(material),
        "model_cards": cards.model_cards(material),
        "versions": cards.versions(material),
        "parameters": cards.parameter_text(summary.parameters if parameters is None else parameters),
        "hashes": material.hashes(),
        "stamp": dict(stamp),
    }


def _of_choices(material: Material) -> dict[str, Any]:
    """Whether the claims survive the choices, who is left out, and what the paper's way would say."""
    rows, left_out = material.table("multiverse"), material.table("left_out")
    several = len(material.summary.architectures) > 1
    return {
        "robustness_table": choices.robustness_view(material.table("robustness")) if len(rows) else None,
        "own_cohorts_table": choices.cohorts_view(rows, material.summary.layer) if len(rows) else None,
        "paper_table": choices.paper_view(material.table("paper")) if several else None,
        "left_out": choices.left_out_words(left_out) if material.summary.labels_known else "",
        "left_out_table": choices.left_out_view(left_out) if material.summary.labels_known else None,
    }


def _of_record(material: Material) -> dict[str, Any]:
    """What an audit leaves to be filed."""
    gate, found = material.summary.gate, material.summary.record
    return {
        "gate_sentence": gate_sentence(gate) if gate else "",
        "in_the_way": in_the_way(gate) if gate else [],
        "gate_facts": record.gate_facts(found),
        "key_table": performance.key_table(found),
        "side_table": record.side_table(found),
        "performance_tables": performance.performance_tables(found),
        "flip_table": performance.flip_table(found),
        "flipped_films": performance.flipped_films(found),
        "sides": record.sides(found),
        "model_facts": record.model_facts(found),
        "column_table": record.column_table(found),
        "watch_table": record.watch_table(found),
    }


def _render(context: Mapping[str, Any], cases: Mapping[str, Any]) -> bytes:
    environment = Environment(
        loader=TEMPLATES, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["text"] = lambda cell: cell.text(PAGE, method_name)
    environment.filters["notes"] = lambda cell: list(filter(None, (cell.interval(PAGE), cell.note)))
    environment.filters["lower_first"] = lambda text: text[:1].lower() + text[1:]
    environment.filters["kind"] = lambda cell: CLASSES.get(cell.kind, cell.kind)
    scripts = [_source("plotly"), *(_source(name) for name in SCRIPTS)]
    page = environment.get_template("report.html").render(
        **context,
        style=Markup(_asset("report.css")),  # noqa: S704 - the project's own file
        scripts=[Markup(script) for script in scripts],  # noqa: S704 - likewise
        policy=_policy(scripts, beside="beside" in cases),
        beside=cases.get("beside"),
        case_json=embed(cases),
        figure_json=embed(context["figures"]),
    )
    return page.encode("utf-8")


def _source(name: str) -> str:
    """A script as it stands inside its element."""
    source = get_plotlyjs() if name == "plotly" else _asset(f"scripts/{name}")
    # inside a string or a comment alone, where the backslash changes nothing
    return source.replace("</script", "<\\/script")


def _asset(name: str) -> str:
    loader_environment = Environment(autoescape=True)
    source, _, _ = TEMPLATES.get_source(loader_environment, name)
    return source


def _policy(scripts: list[str], beside: bool) -> str:
    """What the page may do: run these very scripts, show films, read maps; no request can leave it.

    Maps beside the page are numbers in style sheets: a page that is opened from disk may read these, and
    nothing in them is run.
    """
    digests = [
        base64.b64encode(hashlib.sha256(each.encode("utf-8")).digest()).decode("ascii") for each in scripts
    ]
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    styles = "'unsafe-inline' 'self' file:" if beside else "'unsafe-inline'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src {styles}; img-src data: 'self' file:; "
        "base-uri 'none'; form-action 'none'"
    )


def embed(content: Any) -> Markup:
    """JSON that can stand inside a script element, whatever its texts hold."""
    text = json.dumps(content, allow_nan=False, separators=(",", ":"), ensure_ascii=True)
    escaped = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup(escaped)  # noqa: S704 - nothing in it can end the element
