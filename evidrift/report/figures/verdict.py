"""The claims as intervals on one scale, each with its verdict in words."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from evidrift.claims.claim import Claim
from evidrift.report.figures import style
from evidrift.report.words.names import method_name, safe_text

LEFT, WIDTH, RIGHT = 3.7, 5.2, 1.5  # inches: names, intervals, verdicts
TOP, HEAD, ROW, GAP, FOOT = 0.86, 0.62, 0.24, 0.12, 0.5
SHADE = "#efefef"
# An interval that nothing is known of reaches far: beyond this the axes end.
FARTHEST = 1.3
POINT: dict[str, Any] = {"ls": "", "ms": 7, "mec": "white", "mew": 1}
# By kind of claim: what is asked, and what the axis means.
PARTS = {
    "moved": (
        "Has the evidence moved?",
        "share of the way from floor (another seed, 0) to chance (another patient, 1)",
    ),
    "difference": (
        "Which of two is the more stable?",
        "left of 0: the first is the more stable, right of it: the second",
    ),
}


def verdict_figure(
    claims: Sequence[Claim],
    architectures: Sequence[str],
    margin: float,
    signs: Mapping[tuple[str, str], str],
    warnings: Sequence[str],
    path: Path,
) -> None:
    """Draw the recipe's claims: has the evidence moved, and who is the more stable.

    Args:
        claims: of both estimands; those of the recipe about movement and differences are drawn.
        architectures: in the grid's order.
        margin: what does not matter, see `compare.params.Compare`.
        signs: by architecture and method, those of the checks that speak against it, see `findings.signs`.
        warnings: keys of what every verdict carries.
        path: of the PNG.
    """
    recipe = [claim for claim in claims if claim.estimand == "recipe"]
    parts = {kind: [claim for claim in recipe if claim.kind == kind] for kind in PARTS}
    palette = zip(architectures, style.colours(len(architectures)), strict=True)
    looks = {name: {"color": c, "marker": style.marker(at)} for at, (name, c) in enumerate(palette)}
    with style.figure_style():
        grey = "grey: what does not matter (compare.margin); inside it a claim is refuted"
        shown = [signs.get((claim.arch, claim.method), "") for claim in parts["moved"]]
        points = style.point_legend(architectures, POINT)
        legends: list[Sequence[Artist]] = [
            points,
            [Patch(color=SHADE, label=grey)],
            *style.sign_legend(shown),
        ]
        width = WIDTH + LEFT + RIGHT - 0.4
        height = TOP + style.legends_height(legends, width) + sum(map(_height, parts.values())) + 0.1
        carried = f" Every verdict carries: {', '.join(warnings)}." if warnings else ""
        intro = "Intervals at 95 % for the recipe: other patients and other trainings; verdicts after Holm."
        title = "What can be said about these architectures?"
        figure = style.titled_figure(LEFT + WIDTH + RIGHT, height, 0.2, title, intro + carried, size=8.5)
        top = style.add_legends(figure, 0.2, TOP, width, legends)
        for kind, part in parts.items():
            if part:
                title, label = PARTS[kind]
                style.write(figure, 0.2, top + 0.22, title, weight="bold", size=10.5)
                height = _height(part) - HEAD - FOOT + 0.1
                axes = style.add_axes(figure, LEFT, top + HEAD - 0.1, WIDTH, height)
                _draw(axes, part, margin, looks, signs)
                axes.set_xlabel(label, size=8.5)
                top += _height(part)
        style.save_png(figure, path)


def _height(claims: Sequence[Claim]) -> float:
    """Inches of one part."""
    methods = len({claim.method for claim in claims})
    return HEAD + FOOT + ROW * len(claims) + GAP * methods if claims else 0.0


def _draw(
    axes: Axes,
    claims: Sequence[Claim],
    margin: float,
    looks: Mapping[str, Mapping[str, Any]],
    signs: Mapping[tuple[str, str], str],
) -> None:
    """One row a claim, grouped by method; its verdict at the right."""
    is_moved = claims[0].kind == "moved"
    low = -0.15 if is_moved else -FARTHEST / 1.6
    high = FARTHEST if is_moved else FARTHEST / 1.6
    axes.axvspan(-1 if is_moved else -margin, margin, color=SHADE, lw=0, zorder=0)
    for mark in (0, 1) if is_moved else (0,):
        axes.axvline(mark, color=style.QUIET, lw=0.8, zorder=0.5)
    write = partial(axes.text, transform=axes.get_yaxis_transform(), va="center")
    place, places, method = 0.0, [], None
    for claim in claims:
        if claim.method != method:
            place += GAP / ROW if method else 0
            method = claim.method
            write(-LEFT / WIDTH + 0.2 / WIDTH, place, method_name(method), size=8.5, weight="bold")
        places.append(place)
        if is_moved:
            name = f"{safe_text(claim.arch, 20)} {signs.get((claim.arch, claim.method), '')}".strip()
        else:
            name = f"{safe_text(claim.arch, 14)}, {safe_text(claim.other, 14)}"
        write(-0.02, place, name, ha="right", size=7.5)
        leader = looks[claim.arch if is_moved or claim.estimate < 0 else claim.other]
        if claim.estimate == claim.estimate:
            left, right = (min(max(end, low), high) for end in (claim.low, claim.high))
            axes.hlines(place, left, right, color=leader["color"], lw=1.8)
            axes.plot(claim.estimate, place, **POINT, **leader, zorder=5)
        write(1.02, place, claim.verdict, size=8.5)
        place += 1
    axes.set_ylim(place - 0.4, -0.6)
    axes.set_xlim(low, high)
    axes.set_yticks(places, [""] * len(places))
    axes.tick_params(axis="y", length=0)
    style.level_lines(axes, "x")
    axes.spines["left"].set_visible(False)
