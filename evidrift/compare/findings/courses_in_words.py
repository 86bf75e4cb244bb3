"""Drift along training in plain words. Needs no TensorFlow."""

import numpy as np

from evidrift.compare.findings.courses import Change, Course


def sentences(courses: list[Course]) -> list[str]:
    """Each course: when the evidence moved, whether it went on, and what is left at matched accuracy."""
    return [
        f"{course.arch}, {course.method}, seed {course.seed} ({course.n_images} validation images of "
        f"{course.n_patients} patients): {_movement(course)} {_afterwards(course)} {_at_match(course)}"
        for course in courses
    ]


def _movement(course: Course) -> str:
    if course.moved is None:
        return "no drift could be measured." if not course.n_patients else "the evidence did not move."
    end = course.curve.loc[course.chosen]
    chance = "" if np.isnan(end["chance"]) else f", chance {end['chance']:.2f}"
    return (
        f"drift (1 - overlap) is {end['drift']:.2f} at the chosen epoch {course.chosen}{chance}, and had "
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
        said = "the evidence went on moving away from tl's"
    elif change.high < 0:
        said = "the evidence moved back towards tl's"
    else:
        said = "it is not shown that the evidence went on moving away from tl's"
    return (
        f"{start}; after that drift changed by {_interval(change)}: {said} "
        f"(from one epoch to the next maps still differed by {course.late_step:.2f})."
    )


def _at_match(course: Course) -> str:
    matched = course.matched
    if matched is None:
        return f"At matched accuracy nothing can be said: {course.unmatched}."
    tl = course.curve["accuracy"][0]
    head = (
        f"At matched accuracy (epoch {matched.epoch}: {matched.accuracy:.2f}, tl {tl:.2f}) drift is "
        f"{matched.drift:.2f}"
    )
    if matched.epoch == course.chosen:
        return f"{head}: that is the chosen epoch itself."
    share = f", {matched.drift / matched.drift_chosen:.0%} of the chosen epoch's" if course.moved else ""
    return f"{head}{share}; from there to the chosen epoch it changed by {_interval(matched.change)}."


def _interval(change: Change) -> str:
    estimate, low, high = (f"{round(value, 3) + 0.0:+.3f}" for value in change)  # + 0.0: no -0.00
    return estimate if np.isnan(change.low) else f"{estimate} [{low}, {high}]"
