"""A made-up record of an audit with three sides, two classes, and subgroups by sex."""

from itertools import product

from evidrift.compare.record import (
    Column,
    Comparison,
    Difference,
    Estimate,
    Flips,
    GateFacts,
    Group,
    ModelFacts,
    Moved,
    Performance,
    Record,
    Watch,
)
from evidrift.compare.summary import Gate, GateLine

SIDES = ("original", "before", "after")
PARTS = tuple(f"{side} 1" for side in SIDES)
PAIRS = (("before 1", "after 1"), ("original 1", "after 1"), ("original 1", "before 1"))
CLASSES = ("covid19", "normal")
GATE_TEXT = "accuracy_drop_at_most: 0.1\nwrong_at_most: 0.3\n"


def estimate(value: float, width: float = 0.05) -> Estimate:
    return Estimate(value=round(value, 6), low=round(value - width, 6), high=round(value + width, 6))


def groups() -> list[Group]:
    """All films, each class, each sex, each class of each sex."""
    found = []
    for column, label in product((None, "F", "M"), (None, *CLASSES)):
        n = 6 if column is None else 3
        found.append(
            Group(
                label=label,
                column=None if column is None else "sex",
                value=column,
                n_films=n,
                n_patients=n,
                n_positive=None if label is None else n // 2,
            )
        )
    return found


def measures(group: Group, shift: float, width: float, base: float) -> dict[str, Estimate | None]:
    """Of a class sensitivity and specificity, of all films accuracy; of both AUC and calibration."""
    lost = 0.2 if group.label == "normal" else 0.0
    single = group.label is not None
    return {
        "accuracy": None if single else estimate(base + shift, width),
        "sensitivity": estimate(base + shift - lost, width) if single else None,
        "specificity": estimate(base + shift / 2, width) if single else None,
        "auc": estimate(base + shift / 4, width),
        "calibration_error": estimate(base / 10, width / 2),
    }


def record(image_ids: tuple[str, ...] = ("covid19/00.png", "normal/01.png"), **change) -> Record:
    """The record; `change` in the place of its own parts."""
    shifts = dict(zip(PARTS, (0.0, -0.01, -0.12), strict=True))
    made = Record(
        task="classes",
        command="evidrift audit --original v1.keras --before v3.keras --after v4.keras --images films/",
        versions={"evidrift": "0.1", "keras": "3.15.1"},
        models=tuple(
            ModelFacts(
                part=part,
                side=side,
                file=f"{side}.keras",
                sha256=f"{number}" * 64,
                format="Keras 3 (.keras)",
                keras="3.15.1",
                classes=CLASSES,
                ending="softmax",
                input=(64, 64, 1),
                preprocessing="none",
                parameters=12345,
                predicted={"covid19": 3, "normal": 3},
            )
            for number, (side, part) in enumerate(zip(SIDES, PARTS, strict=True))
        ),
        gate=GateFacts(
            file="gate.yaml", sha256="9" * 64, changed="2030-01-02T03:04:05+00:00", text=GATE_TEXT
        ),
        comparisons=tuple(
            Comparison(
                reference=reference.partition(" ")[0],
                candidate=candidate.partition(" ")[0],
                n_films=6,
                n_patients=6,
                answer="The evidence moved.",
                moved=(Moved(method="layer_cam", drift=estimate(0.3), over_scale=estimate(0.9)),),
                outcome="failed" if candidate == "after 1" else None,
            )
            for reference, candidate in PAIRS
        ),
        performance=tuple(
            Performance(part=part, group=group, **measures(group, shifts[part], 0.05, 0.9))
            for part in PARTS
            for group in groups()
        ),
        differences=tuple(
            Difference(
                reference=reference,
                candidate=candidate,
                group=group,
                **measures(group, shifts[candidate] - shifts[reference], 0.04, 0.0),
            )
            for reference, candidate in PAIRS
            for group in groups()
        ),
        flips=tuple(
            Flips(
                reference=reference,
                candidate=candidate,
                label=None,
                negative=image_ids,
                positive=(),
                unit="films",
                n_negative=len(image_ids),
                n_positive=0,
                p=0.5,
            )
            for reference, candidate in PAIRS
        ),
        columns=(
            Column(column="sex", values=("F", "M"), reason=None),
            Column(column="site", values=(), reason="a value of its own for nearly every film"),
        ),
        not_checked=("Nobody looked at what the models do on lateral films.",),
        watch=(Watch(what="share of films called normal", expected=estimate(0.5)),),
    )
    return made.model_copy(update=change)


def gate() -> Gate:
    """One limit of each verdict, of which one is held against the original."""
    lines = [
        ("accuracy_drop_at_most", "accuracy before less accuracy after", "at most 0.1", "failed", "before"),
        ("wrong_at_most", "share of films that a model gets wrong", "at most 0.3", "passed", "before"),
        (
            "accuracy_drop_at_most",
            "accuracy before less accuracy after",
            "at most 0.2",
            "not judged",
            "original",
        ),
    ]
    return Gate(
        outcome="failed",
        lines=tuple(
            GateLine(
                name=name,
                what=what,
                value="0.11 [0.02, 0.20]",
                limit=limit,
                verdict=verdict,
                reason="As the numbers say.",
                against=against,
            )
            for name, what, limit, verdict, against in lines
        ),
    )
