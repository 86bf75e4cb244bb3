"""The claims as intervals on one scale, each with its verdict in words."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from evidrift.claims.claim import Claim
from evidrift.report.figures import style
from evidrift.report.words.names import method_name, safe_text

LEFT, WIDTH, RIGHT = 3.7, 5.2, 1.5  # inches: names, intervals, verdicts
TOP, HEAD, ROW, GAP, FOOT = 0.86, 0.62, 0.24, 0.12, 0.5
SHADE = "#efefef"
BEYOND = 0.05  # of an axis, beyond the farthest estimate
POINT: dict[str, Any] = {"ls": "", "ms": 7, "mec": "white", "mew": 1}
BOTH = {"color": style.QUIET, "marker": "o"}
EXPLORATORY = "Exploratory, each kind corrected for its own number"


class Limits(NamedTuple):
    """What claims are decided by, see `compare.params.Compare`."""

    margin: float
    preserved: float


class Part(NamedTuple):
    """What one axes shows.

    Attributes:
        title: what is asked.
        label: what the axis means.
        ends: of the axis, where no estimate lies beyond; an interval may, if little is known.
        shade: from where to where a claim is refuted or, of `preserved`, supported.
        claims: to draw.
    """

    title: str
    label: str
    ends: tuple[float, float]
    shade: tuple[float, float]
    claims: list[Claim]


def verdict_figure(
    claims: Sequence[Claim],
    architectures: Sequence[str],
    limits: Limits,
    signs: Mapping[tuple[str, str], str],
    warnings: Sequence[str],
    path: Path,
) -> None:
    """Draw the recipe's claims: the primary reversals, then movement, preservation and differences.

    Args:
        claims: of both estimands and families.
        architectures: in the grid's order.
        limits: what claims are decided by.
        signs: by architecture and method, those of the checks that speak against it, see `findings.signs`.
        warnings: keys of what every verdict carries.
        path: of the PNG.
    """
    parts = _parts(claims, limits)
    palette = zip(architectures, style.colours(len(architectures)), strict=True)
    looks = {name: {"color": c, "marker": style.marker(at)} for at, (name, c) in enumerate(palette)}
    with style.figure_style():
        grey = (
            "grey: of a size that does not matter; a claim inside it is refuted. Below "
            f"{limits.preserved:g} of the scale the evidence is preserved"
        )
        shown = [signs.get((claim.arch, claim.method), "") for part in parts for claim in part.claims]
        points = style.point_legend(architectures, POINT)
        legends: list[Sequence[Artist]] = [
            points,
            [Patch(color=SHADE, label=grey)],
            *style.sign_legend(shown),
        ]
        width = WIDTH + LEFT + RIGHT - 0.4
        heights = [_height(part.claims) for part in parts]
        height = TOP + style.legends_height(legends, width) + sum(heights) + 0.35
        carried = f" Every verdict carries: {', '.join(warnings)}." if warnings else ""
        intro = (
            "For the recipe: other patients, other trainings. Intervals of one kind hold together at 95 %."
        )
        title = "What can be said about these architectures?"
        figure = style.titled_figure(LEFT + WIDTH + RIGHT, height, 0.2, title, intro + carried, size=8.5)
        top = style.add_legends(figure, 0.2, TOP, width, legends)
        told = False
        for part, height in zip(parts, heights, strict=True):
            if not told and part.claims[0].family == "exploratory":
                top += 0.25
                style.write(figure, 0.2, top, EXPLORATORY, size=9, color=style.QUIET)
                told = True
            style.write(figure, 0.2, top + 0.22, part.title, weight="bold", size=10.5)
            axes = style.add_axes(figure, LEFT, top + HEAD - 0.1, WIDTH, height - HEAD - FOOT + 0.1)
            _draw(axes, part, looks, signs)
            axes.set_xlabel(part.label, size=8.5)
            top += height
        style.save_png(figure, path)


def _parts(claims: Sequence[Claim], limits: Limits) -> list[Part]:
    """What there is to draw; the primary family comes first."""
    recipe = [claim for claim in claims if claim.estimand == "recipe"]

    def chosen(kind: str) -> list[Claim]:
        return [claim for claim in recipe if claim.kind == kind]

    margin = limits.margin
    parts = [
        Part(
            "The question: do LayerCAM and Grad-CAM++ reverse the order of two?",
            "smaller of the two leads, in moved share; right of 0 the order is reversed",
            (-0.5, 0.5),
            (-1, margin),
            [claim for claim in chosen("reversal") if claim.family == "primary"],
        ),
        Part(
            "Moved: does every training move the evidence alike?",
            "shared drift: moved share that every training would move",
            (-0.1, 1),
            (-1, margin),
            chosen("moved"),
        ),
        Part(
            f"Preserved: is the drift below {limits.preserved:g} of the scale?",
            "drift over scale: 0 no move, 1 as far as from one patient to another",
            (0, 1.5),
            (-1, limits.preserved),
            chosen("preserved"),
        ),
        Part(
            "Difference: which of two is the more stable?",
            "difference of drift; left of 0 the first is the more stable, right of it the second",
            (-0.5, 0.5),
            (-margin, margin),
            chosen("difference"),
        ),
    ]
    return [part for part in parts if part.claims]


def _height(claims: Sequence[Claim]) -> float:
    """Inches of one part."""
    methods = len({claim.method for claim in claims})
    return HEAD + FOOT + ROW * len(claims) + GAP * methods


def _draw(
    axes: Axes, part: Part, looks: Mapping[str, Mapping[str, Any]], signs: Mapping[tuple[str, str], str]
) -> None:
    """One row a claim, grouped by method; its verdict at the right."""
    estimates = [claim.estimate for claim in part.claims if claim.estimate == claim.estimate]
    low = min([part.ends[0], *(each - BEYOND for each in estimates)])
    high = max([part.ends[1], *(each + BEYOND for each in estimates)])
    axes.axvspan(*part.shade, color=SHADE, lw=0, zorder=0)
    axes.axvline(1 if part.claims[0].kind == "preserved" else 0, color=style.QUIET, lw=0.8, zorder=0.6)
    write = partial(axes.text, transform=axes.get_yaxis_transform(), va="center")
    place, places, methods = 0.0, [], ""
    for claim in part.claims:
        asked = ", ".join(method_name(each) for each in (claim.method, claim.against) if each)
        if asked != methods:
            place += GAP / ROW if methods else 0
            methods = asked
            write(-LEFT / WIDTH + 0.2 / WIDTH, place, methods, size=8.5, weight="bold")
        places.append(place)
        if claim.other:
            name = f"{safe_text(claim.arch, 14)}, {safe_text(claim.other, 14)}"
        else:
            name = f"{safe_text(claim.arch, 20)} {signs.get((claim.arch, claim.method), '')}".strip()
        write(-0.02, place, name, ha="right", size=7.5)
        leader = BOTH if claim.kind == "reversal" else looks[_leader(claim)]
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


def _leader(claim: Claim) -> str:
    """Whose colour a claim has: of a difference, that of the more stable one."""
    return claim.other if claim.kind == "difference" and claim.estimate > 0 else claim.arch
