"""Alarms for benchmarks/early_warning.py: how many collapses they announce, at how many false alarms.

A training has *collapsed* at the first epoch whose AUC is 0.1 or more below its mean over the three epochs
before the collapse was planted. A signal's *fall* at an epoch is relative to its mean over the three epochs
before; an alarm is a fall of more than x, from epoch 4 on. It *warns* of a collapse where it is raised after
the collapse was planted and before the epoch of the collapse; in a control every alarm is a *false alarm*.
A C-Score that cannot be given, since no class has three patients that are classified rightly, is an alarm. No
alarm is what has no value for another reason: no level before it, or nothing beyond chance since all maps are
uniform.

The verdict, fixed before the run: x is the smallest at which a tenth of the controls at most has an alarm.

1. It warns: supported where the lower bound of the share of collapses that Score-CAM's C-Score announces
   is above one half, refuted where the upper bound is below it.
2. It warns of what a plain alarm does not: supported where the lower bound of that share less the share that
   the validation loss announces, at as many false alarms, is above 0; refuted where the upper bound is below
   0.1.

The claim is supported where both are, refuted where one is, else not decidable. Bounds are one-sided, 95 %
each, over seeds (base.interval.mean_bounds). Everything else that is printed is exploratory: other methods,
what is beyond chance, other plain alarms, and alarms at a rise in place of a fall. That a *rise* of
Score-CAM's C-Score warns was seen in seeds 1 to 10, so that they cannot show it: 1 is to be asked of it, too,
on other seeds.

By that rule a control is watched for seven epochs and a collapse for two to six, which makes x larger than
equal chances would. So beside it stands the same with *equal windows*, added after the run: each collapse's
epochs in the control of its seed, x the smallest at which a tenth of these windows has an alarm. A signal
that knows nothing announces as many collapses there as it gives false alarms: the diagonal of the figure.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from evidrift.base.interval import Bounds, mean_bounds
from evidrift.report.figures import style
from evidrift.report.words.names import method_name

COLLAPSE, CONTROL, START = ("rate", "labels"), "control", "start"
METHODS = ("grad_cam", "grad_cam_pp", "layer_cam", "eigen_cam", "score_cam")
PLAIN = ("loss", "accuracy", "auc")
CLAIMED, AGAINST = "score_cam", "loss"
SIGNALS = (*METHODS, *(f"{method}_beyond" for method in METHODS), *PLAIN)
DROP = 0.1  # of AUC: a collapse
LEVEL, FIRST = 3, 4  # epochs of a level, and the first that can raise an alarm
FALSE, HALF, ADVANTAGE = 0.1, 0.5, 0.1
SIDE, TOP, LEFT, GAP, LEGEND = 4.2, 1.35, 0.75, 0.35, 2.3  # inches
LOOKS = {"loss": (style.INK, "-"), "accuracy": (style.INK, (0, (4, 2))), "auc": (style.INK, (0, (1, 1.5)))}


def collapses(auc: float, before: list[float]) -> bool:
    """Whether an AUC is a collapse after those, an epoch each, before anything was planted."""
    return bool(auc <= np.mean(before[-LEVEL:]) - DROP)


@dataclass(frozen=True)
class Training:
    """One training as its alarms see it.

    Attributes:
        seed: of it.
        kind: `control`, or what was planted.
        start: first epoch with something planted; of a control the first that can raise an alarm.
        end: epoch of the collapse; of a control one after its last.
        falls: by signal, of each epoch from `start` to before `end`.
    """

    seed: int
    kind: str
    start: int
    end: int
    falls: dict[str, np.ndarray]


def matched(rows: pd.DataFrame, lost: list[Training]) -> list[Training]:
    """For each collapse the control of its seed, watched in the same epochs, as far as it goes."""
    controls = {seed: own.set_index("epoch") for seed, own in rows[rows["kind"] == CONTROL].groupby("seed")}
    last = {seed: int(own.index.max()) + 1 for seed, own in controls.items()}
    return [
        _training(each.seed, CONTROL, controls[each.seed], each.start, min(each.end, last[each.seed]))
        for each in lost
    ]


def trainings(rows: pd.DataFrame) -> list[Training]:
    """The controls, and the trainings that collapsed, of the benchmark's rows."""
    found = []
    for seed, own in rows.groupby("seed"):
        control = own[own["kind"] == CONTROL].set_index("epoch")
        start = int(control[START].iloc[0])
        found.append(_training(int(seed), CONTROL, control, FIRST, int(control.index.max()) + 1))
        for kind in COLLAPSE:
            planted = own[own["kind"] == kind].set_index("epoch")
            whole = pd.concat([control[control.index < start], planted])
            before = control["auc"][control.index < start].tolist()
            lost = [epoch for epoch, auc in planted["auc"].items() if collapses(auc, before)]
            if lost:
                found.append(_training(int(seed), kind, whole, start, int(lost[0])))
    return found


def _training(seed: int, kind: str, rows: pd.DataFrame, start: int, end: int) -> Training:
    falls = {name: _falls(rows, name).loc[start : end - 1].to_numpy(float) for name in SIGNALS}
    return Training(seed, kind, start, end, falls)


def _falls(rows: pd.DataFrame, name: str) -> pd.Series:
    """How far a signal has got worse since the mean of the three epochs before, over that mean.

    What is beyond chance has its zero elsewhere: its falls are differences. Infinite where the C-Score
    cannot be given; NaN, which is no alarm, where something else has no value.
    """
    values, score = rows[name], rows[name.removesuffix("_beyond")]
    level = values.shift(1).rolling(LEVEL, min_periods=1).mean()
    worse = values - level if name == "loss" else level - values
    fall = worse if name.endswith("_beyond") else worse / level
    return fall.mask(score.isna() & level.notna(), np.inf)


def limit(controls: list[Training], name: str) -> float:
    """The smallest x with false alarms in at most a tenth of the controls."""
    highest = sorted((np.fmax.reduce(each.falls[name], initial=-np.inf) for each in controls), reverse=True)
    return highest[int(FALSE * len(controls))]


def leads(found: list[Training], name: str, x: float) -> np.ndarray:
    """Epochs from the first alarm to the collapse, of each training; NaN without one in time."""
    first = [np.flatnonzero(each.falls[name] > x) for each in found]
    return np.array(
        [each.end - each.start - at[0] if len(at) else np.nan for each, at in zip(found, first, strict=True)]
    )


def curve(controls: list[Training], lost: list[Training], name: str) -> pd.DataFrame:
    """Over x: share of controls with a false alarm, of collapses announced, and the mean lead of these."""
    falls = np.concatenate([each.falls[name] for each in (*controls, *lost)])
    rows = []
    for x in np.unique(np.append(falls[np.isfinite(falls)], -np.inf))[::-1]:
        false, lead = leads(controls, name, x), leads(lost, name, x)
        known = lead[~np.isnan(lead)]
        mean = known.mean() if len(known) else np.nan
        rows.append((x, np.mean(~np.isnan(false)), len(known) / len(lead), mean))
    return pd.DataFrame(rows, columns=["x", "false", "announced", "lead"])


def rising(found: list[Training]) -> list[Training]:
    """The same trainings for alarms at what gets better."""
    return [replace(each, falls={name: -values for name, values in each.falls.items()}) for each in found]


def by_seed(lost: list[Training], name: str, x: float) -> pd.Series:
    """Each seed's share of collapses that are announced."""
    return pd.Series(~np.isnan(leads(lost, name, x))).groupby([each.seed for each in lost]).mean()


def report(rows: pd.DataFrame, out: Path | None) -> tuple[Bounds, Bounds]:
    """Print how every signal does, draw it, and return what the verdict rests on.

    Returns:
        The share that is announced by Score-CAM's C-Score, and that less the share by the loss.
    """
    every = trainings(rows)
    controls = [each for each in every if each.kind == CONTROL]
    lost = [each for each in every if each.kind != CONTROL]
    planted = len(controls) * len(COLLAPSE)
    took = [each.end - each.start + 1 for each in lost]
    print(f"{len(controls)} controls; {len(lost)} of {planted} planted trainings collapsed, in their epoch")
    print(f"{np.median(took):g} of something planted (median; {min(took)} to {max(took)})\n")
    equal = matched(rows, lost)
    windows = [each.end - each.start for each in lost]
    short = sum(each.end < other.end for each, other in zip(equal, lost, strict=True))
    print(
        f"Watched for {min(windows)} to {max(windows)} epochs; {short} equal windows end with the control\n"
    )
    widths = {"x": 7, "false": 7, "announced": 11, "rate": 8, "labels": 8, "lead": 6, "at rises": 10}
    widths |= {"equal x": 9, "false, equal": 14, "announced, equal": 18}
    print(f"{'signal':22}" + "".join(f"{name:>{width}}" for name, width in widths.items()))
    shares = {}
    for name in SIGNALS:
        x = limit(controls, name)
        lead = leads(lost, name, x)
        told = pd.Series(~np.isnan(lead)).groupby([each.kind for each in lost]).mean()
        shares[name] = by_seed(lost, name, x)
        false = np.mean(~np.isnan(leads(controls, name, x)))
        mean = np.nanmean(lead) if told.any() else np.nan
        kinds = "".join(f"{told.get(kind, np.nan):8.2f}" for kind in COLLAPSE)
        turned = leads(rising(lost), name, limit(rising(controls), name))
        announced, by_rises = (np.mean(~np.isnan(each)) for each in (lead, turned))
        print(f"{name:22}{x:7.2f}{false:7.2f}{announced:11.2f}{kinds}{mean:6.1f}{by_rises:10.2f}", end="")
        x = limit(equal, name)
        false, announced = (np.mean(~np.isnan(leads(each, name, x))) for each in (equal, lost))
        print(f"{x:9.2f}{false:14.2f}{announced:18.2f}")
    if out:
        curves = {name: curve(equal, lost, name) for name in (*METHODS, *PLAIN)}
        draw(curves, len(lost), out / "early_warning.png")
    turned = by_seed(rising(lost), CLAIMED, limit(rising(controls), CLAIMED))
    risen = mean_bounds(turned.to_numpy())
    print(
        f"\nannounced by rises of Score-CAM's C-Score: {risen.value:.2f} [{risen.low:.2f}, {risen.high:.2f}]"
    )
    share = mean_bounds(by_seed(lost, CLAIMED, limit(equal, CLAIMED)).to_numpy())
    print(f"announced by its falls, equal windows: {share.value:.2f} [{share.low:.2f}, {share.high:.2f}]")
    advantage = mean_bounds((shares[CLAIMED] - shares[AGAINST]).to_numpy(), -1, 1)
    return mean_bounds(shares[CLAIMED].to_numpy()), advantage


def verdicts(share: Bounds, advantage: Bounds) -> tuple[str, str, str]:
    """Whether it warns, whether it does more than the loss, and what comes of both."""
    warns = _verdict(share.low > HALF, share.high < HALF)
    more = _verdict(advantage.low > 0, advantage.high < ADVANTAGE)
    both = (warns, more)
    return warns, more, _verdict(both == ("supported", "supported"), "refuted" in both)


def _verdict(supported: bool, refuted: bool) -> str:
    return "supported" if supported else "refuted" if refuted else "not decidable"


def print_verdict(bounds: tuple[Bounds, Bounds]) -> None:
    """The two questions and the claim."""
    warns, more, claim = verdicts(*bounds)
    for asked, each, verdict in zip(("announced", "less the loss's"), bounds, (warns, more), strict=True):
        print(f"\n{asked}: {each.value:.2f} [{each.low:.2f}, {each.high:.2f}]: {verdict}", end="")
    print(f"\nThe claim is {claim}.")


def draw(curves: dict[str, pd.DataFrame], n: int, path: Path) -> None:
    """Collapses announced against false alarms in windows as long, with the limit of a tenth marked."""
    colours = dict(zip(METHODS, style.colours(len(METHODS)), strict=True))
    looks = {name: LOOKS.get(name) or (colours[name], "-") for name in curves}
    width = LEFT + SIDE + GAP + LEGEND
    about = (
        f"{n} planted collapses of resnetv2_mini on phantoms, each against the same epochs of its control.\n"
        "A line is one signal at every limit; dots: at most a tenth of the controls give an alarm.\n"
        "The C-Score sees 12 films, the plain alarms (black) 100."
    )
    title = "Does the C-Score warn before AUC collapses?"
    with style.figure_style():
        figure = style.titled_figure(width, TOP + SIDE + 0.65, LEFT, title, about, size=9)
        names = {name: f"C-Score of {method_name(name)}" for name in METHODS}
        names |= {
            "loss": "validation loss",
            "accuracy": "validation accuracy",
            "auc": "AUC itself, a smaller fall",
        }
        legend = [
            Line2D([], [], color=colour, ls=line, lw=1.6, label=names[name])
            for name, (colour, line) in looks.items()
        ]
        legend.append(Line2D([], [], color=style.QUIET, lw=0.8, label="chance"))
        axes = style.add_axes(figure, LEFT, TOP, SIDE, SIDE)
        axes.plot([0, 1], [0, 1], color=style.QUIET, lw=0.8)
        for name, own in curves.items():
            colour, line = looks[name]
            axes.plot(own["false"], own["announced"], color=colour, ls=line, lw=1.6)
            at = own[own["false"] <= FALSE].iloc[-1]
            axes.plot(at["false"], at["announced"], "o", color=colour, ms=6, zorder=3, clip_on=False)
        _dress(axes)
        style.add_legend(figure, LEFT + SIDE + GAP, TOP, LEGEND, legend)
        style.save_png(figure, path)


def _dress(axes: Axes) -> None:
    axes.axvspan(0, FALSE, color=style.GRID, lw=0)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xlabel("controls with a false alarm in the same epochs")
    axes.set_ylabel("collapses announced")
