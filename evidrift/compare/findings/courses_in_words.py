"""Drift along training in plain words. Needs no TensorFlow."""

from collections.abc import Sequence

import numpy as np

from evidrift.base.sentence import Sentence, checkpoint, method, owner, say
from evidrift.compare.findings.courses import Change, Course


def sentences(courses: Sequence[Course]) -> list[str]:
    """Each course: when the evidence moved, whether it went on, what is left at matched accuracy; C-Score."""
    return [
        say(
            "{arch}, {method}, seed {seed} ({n_images} validation images of {n_patients} patients): "
            "{movement} {afterwards} {at_match} {alike}",
            arch=course.arch,
            method=method(course.method),
            seed=course.seed,
            n_images=course.n_images,
            n_patients=course.n_patients,
            movement=_movement(course),
            afterwards=_afterwards(course),
            at_match=_at_match(course),
            alike=_alike(course),
        )
        for course in courses
    ]


def _movement(course: Course) -> str:
    if course.moved is None:
        return "no drift could be measured." if not course.n_patients else "the evidence did not move."
    end = course.curve.loc[course.chosen]
    scale = "" if np.isnan(end["scale"]) else f" (from one patient to another {end['scale']:.2f})"
    return (
        f"drift is {end['drift']:.2f} at the chosen epoch {course.chosen}{scale}, and had "
        f"reached 90 % of that at epoch {course.moved}."
    )


def _afterwards(course: Course) -> str:
    accuracy = course.curve["accuracy"]
    within = f"within 2 points of the final {accuracy[course.chosen]:.2f}"
    if course.settled == course.chosen:
        return f"Validation accuracy came {within} only then, so there was no time after it had settled."
    where = f"from epoch {course.settled} on" if course.settled else "before fine-tuning began"
    start = f"Validation accuracy was {within} {where}"
    if course.late is None:
        return f"{start}."
    change = course.late
    if change.low > 0:
        said = "the evidence went on moving away from {owner}"
    elif change.high < 0:
        said = "the evidence moved back towards {owner}"
    else:
        said = "it is not shown that the evidence went on moving away from {owner}"
    return say(
        f"{start}; after that drift changed by {_interval(change)}: {said} "
        f"(from one epoch to the next maps still differed by {course.late_step:.2f}).",
        owner=owner("tl"),
    )


def _at_match(course: Course) -> str:
    matched = course.matched
    if matched is None:
        return say("At matched accuracy nothing can be said: {why}.", why=course.unmatched)
    tl = course.curve["accuracy"][0]
    head = (
        f"At matched accuracy (epoch {matched.epoch}: {matched.accuracy:.2f}, {{tl}} {tl:.2f}) drift is "
        f"{matched.drift:.2f}"
    )
    if matched.epoch == course.chosen:
        return say(f"{head}: that is the chosen epoch itself.", tl=checkpoint("tl"))
    share = f", {matched.drift / matched.drift_chosen:.0%} of the chosen epoch's" if course.moved else ""
    change = _interval(matched.change)
    return say(f"{head}{share}; from there to the chosen epoch it changed by {change}.", tl=checkpoint("tl"))


def _alike(course: Course) -> Sentence:
    """The C-Score under tl and at the chosen epoch."""
    ends = course.curve.loc[[0, course.chosen]]
    if ends["c_score"].isna().any():
        return say("There is no C-Score: no class has three patients who are classified rightly.")
    before, after = (
        f"{_with_interval(end.c_score, end.c_score_low, end.c_score_high)}, beyond chance "
        f"{_with_interval(end.c_beyond, end.c_beyond_low, end.c_beyond_high)}"
        for end in ends.itertuples()
    )
    return say(
        f"C-Score, how alike maps are within a class: {{tl}} {before}; chosen epoch {after}.",
        tl=checkpoint("tl"),
    )


def _with_interval(value: float, low: float, high: float) -> str:
    if np.isnan(value):
        return "unknown"
    return f"{value:.2f}" if np.isnan(low) else f"{value:.2f} [{low:.2f}, {high:.2f}]"


def _interval(change: Change) -> str:
    estimate, low, high = (f"{round(value, 3) + 0.0:+.3f}" for value in change)  # + 0.0: no -0.00
    return estimate if np.isnan(change.low) else f"{estimate} [{low}, {high}]"
