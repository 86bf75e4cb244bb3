"""What an audit leaves to be filed: its models, the gate as it was written, subgroups, and what to watch."""

from evidrift.compare.record import Column, Estimate, ModelFacts, Record
from evidrift.report.words import view
from evidrift.report.words.compared import part_name
from evidrift.report.words.names import method_name

ENDINGS = {
    "softmax": "softmax: one class a film",
    "sigmoid": "one sigmoid: two classes",
    "sigmoids": "a sigmoid each: several findings a film",
    "logits": "logits: one class a film",
}


def model_facts(record: Record | None) -> list[tuple[str, list[tuple[str, str]]]]:
    """By model, terms and texts."""
    return [(part_name(record, each.part), _facts(each)) for each in record.models] if record else []


def _facts(model: ModelFacts) -> list[tuple[str, str]]:
    height, width, channels = model.input
    return [
        ("File", model.file),
        ("sha256", model.sha256),
        ("Format", model.format),
        ("Saved by Keras", model.keras or "the file does not say"),
        ("Classes, in the order of the outputs", ", ".join(model.classes)),
        ("Ends in", ENDINGS.get(model.ending, model.ending)),
        ("Input", f"{height} x {width} px, {channels} channel{'s' if channels > 1 else ''}"),
        ("Scaling before it", model.preprocessing),
        ("Weights", f"{model.parameters:,}"),
        ("Calls these films", ", ".join(f"{n} {name}" for name, n in model.predicted.items())),
    ]


def sides(record: Record | None) -> list[tuple[str, str]]:
    """By model, its file and hash in one text."""
    if record is None:
        return []
    named = ((part_name(record, each.part), each) for each in record.models)
    return [(f"Model {name}", f"{each.file}, sha256 {each.sha256}") for name, each in named]


def gate_facts(record: Record | None) -> list[tuple[str, str]]:
    """Which gate it was; nothing without one."""
    if record is None or record.gate is None:
        return []
    gate = record.gate
    facts = [("File", gate.file or "no file: given from Python"), ("sha256", gate.sha256)]
    return [*facts, *([("Last changed (UTC)", gate.changed)] if gate.changed else [])]


def side_table(record: Record | None) -> view.TableView | None:
    """Each two sides that were held against each other; None where it is only before and after."""
    if record is None or len(record.comparisons) < 2:
        return None
    methods = list(dict.fromkeys(each.method for one in record.comparisons for each in one.moved))
    found = {id(one): {each.method: each.drift for each in one.moved} for one in record.comparisons}

    def moved(method: str) -> view.Column:
        return view.Column(
            f"Drift, {method_name(method)}",
            lambda row: _estimate(found[id(row)].get(method)),
            "drift",
            "number",
        )

    return view.table(
        "Every two sides: changes add up, so the candidate is held against the first model too",
        record.comparisons,
        [
            view.Column(
                "Held against each other", lambda row: view.Cell(f"{row.candidate} against {row.reference}")
            ),
            *map(moved, methods),
            view.Column(
                "Patients", lambda row: view.Cell(row.n_patients, "number", digits=0), "common", "number"
            ),
            view.Column("Gate", lambda row: _outcome(row.outcome), "", "verdict"),
        ],
    )


def column_table(record: Record | None) -> view.TableView | None:
    """By which columns of the films subgroups were made, and which were left out; None without any."""
    if record is None or not record.columns:
        return None
    return view.table(
        "Columns of the films, and the subgroups made of them",
        record.columns,
        [
            view.Column("Column", lambda row: view.Cell(row.column)),
            view.Column("Subgroups", lambda row: view.Cell(", ".join(row.values) or "none")),
            *[view.Column("Why not", _reason)] * any(each.reason for each in record.columns),
        ],
    )


def watch_table(record: Record | None) -> view.TableView | None:
    """What to count once the new model is in service; None where there is nothing."""
    if record is None or not record.watch:
        return None
    return view.table(
        "What to count in service, and what it was on the films of this audit",
        record.watch,
        [
            view.Column("Count", lambda row: view.Cell(row.what)),
            view.Column("Here", lambda row: _estimate(row.expected), "interval", "number"),
        ],
    )


def _reason(row: Column) -> view.Cell:
    return view.Cell(f"it has {row.reason}" if row.reason else "")


def _estimate(found: Estimate | None) -> view.Cell:
    if found is None:
        return view.Cell(None, "number")
    return view.Cell(found.value, "number", (found.low, found.high))


def _outcome(outcome: str | None) -> view.Cell:
    return view.Cell(outcome, "verdict") if outcome else view.Cell("not asked")
