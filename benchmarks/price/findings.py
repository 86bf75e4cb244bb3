"""Reliance, accuracy and drift over patients and seeds, and both claims' verdicts. Needs no TensorFlow."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from benchmarks.price.asked import Asked
from evidrift.claims.estimate import Quantity, estimate
from evidrift.reliance.summary import share_interval
from evidrift.reliance.tables import FILLS

LIMIT = 0.3  # of the films that follow the letter: spike_flips_at_most of docs/release/gate.yaml
KEPT = 0.5  # of the reliance of tl; of the lead over guessing of plain
GUESSED = 1 / 3  # accuracy of whoever always says the same: three classes of the same size
Verdict = Literal["supported", "refuted", "not decidable"]
FOLLOWS, CLEAN, ADVERSARIAL, MATCHED, DRIFT = "follows", "clean", "adversarial", "matched", "drift"
COVERED = {fill: f"reliance, {fill}" for fill in FILLS}
SHARES = (FOLLOWS, CLEAN, ADVERSARIAL, MATCHED)


class Interval(NamedTuple):
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"


Row = dict[str, Quantity]  # of one checkpoint, by what was measured


def measured(asked: Sequence[Asked], labels: np.ndarray, marked: int) -> Row:
    """What is known of one checkpoint.

    Args:
        asked: of each seed.
        labels: of the test films, (n,), each of a patient of its own.
        marked: index of the class that the letter gives away.
    """
    others = labels != marked
    before, after = (
        np.stack([getattr(each, name).argmax(axis=1) for each in asked], axis=1)
        for name in ("clean", "lettered")
    )
    turned = (before != marked) & (after == marked)
    right, right_after = before == labels[:, None], after == labels[:, None]
    cells = {
        FOLLOWS: turned[others],
        CLEAN: right,
        ADVERSARIAL: np.where(others[:, None], right_after, right),
        MATCHED: np.where(others[:, None], right, right_after),
        DRIFT: np.stack([each.moved for each in asked], axis=1),
    }
    cells |= {
        name: np.stack([each.reliance[at] for each in asked], axis=1)
        for at, name in enumerate(COVERED.values())
    }
    return {name: mean(values.astype(np.float64)) for name, values in cells.items()}


def mean(values: np.ndarray) -> Quantity:
    """The mean over patients and seeds, of the patients who were measured under every seed.

    Args:
        values: (patients, seeds), NaN where nothing was measured.
    """
    known = np.isfinite(values).all(axis=1)
    n = int(known.sum())
    value = float(values[known].mean()) if n else float("nan")
    weights = np.where(known[:, None], values - value, 0) / max(n, 1)
    return Quantity(value, weights, known, n, seeds_known=values.shape[1] > 1)


def scaled(quantity: Quantity, factor: float) -> Quantity:
    """A multiple of a quantity."""
    return Quantity(
        factor * quantity.value,
        factor * quantity.weights,
        quantity.measured,
        quantity.n_images,
        quantity.seeds_known,
    )


def interval(quantity: Quantity, share: bool = False) -> Interval:
    """Over patients and seeds; of a share that never varies, Clopper and Pearson's over patients."""
    low, high = estimate([quantity], "recipe").interval()
    if share and quantity.seeds_known and not quantity.weights.any():
        low, high = (
            float(end.iloc[0])
            for end in share_interval(pd.Series([quantity.value]), pd.Series([quantity.n_patients]))
        )
    if share:
        low, high = (float(np.clip(end, 0, 1)) for end in (low, high))
    return Interval(quantity.value, low, high)


def learned_verdict(plain: Row, kept: Row) -> Verdict:
    """T5: reliance on the letter lies below LIMIT under a strategy, and above it under plain."""
    without, with_it = (interval(row[FOLLOWS], share=True) for row in (plain, kept))
    if without.low > LIMIT and with_it.high < LIMIT:
        return "supported"
    if without.high < LIMIT or with_it.low > LIMIT:
        return "refuted"
    return "not decidable"


def guarded_verdict(plain: Row, kept: Row) -> Verdict:
    """T5, supported only by a network that is also of use.

    One that always says `normal` follows no letter. So it must be shown to keep at least the share KEPT of
    plain's lead over guessing on clean films.
    """
    verdict = learned_verdict(plain, kept)
    lead = interval(kept[CLEAN] - scaled(plain[CLEAN], KEPT)).low - (1 - KEPT) * GUESSED
    return verdict if verdict != "supported" or lead > 0 else "not decidable"


def inherited_verdict(tl: Row, kept: Row) -> Verdict:
    """T6: a strategy keeps at least the share KEPT of the reliance of tl, which lies above LIMIT."""
    if interval(tl[FOLLOWS], share=True).low <= LIMIT:
        return "not decidable"
    over = interval(kept[FOLLOWS] - scaled(tl[FOLLOWS], KEPT))
    if over.low > 0:
        return "supported"
    return "refuted" if over.high < 0 else "not decidable"


def verdicts(
    learned: Mapping[str, Row], inherited: Mapping[str, Row], absent: Mapping[str, Row]
) -> pd.DataFrame:
    """Both claims, T6 on either side that inherits; a line for each way to fine-tune."""
    lines = {}
    for name in learned:
        if name == "tl":
            continue
        line = {
            title: "" if name == "plain" else verdict(learned["plain"], learned[name])
            for title, verdict in (("T5 learned", learned_verdict), ("T5 guarded", guarded_verdict))
        }
        for side, rows in (("inherited", inherited), ("absent", absent)):
            tried = name in rows
            line[f"T6 {side}"] = inherited_verdict(rows["tl"], rows[name]) if tried else ""
            line["kept" if side == "inherited" else "kept, absent"] = (
                str(kept_share(rows["tl"], rows[name])) if tried else ""
            )
        lines[name] = line
    return pd.DataFrame.from_dict(lines, orient="index")


def kept_share(tl: Row, kept: Row) -> Interval:
    """Reliance over that of tl (delta method)."""
    share = kept[FOLLOWS].value / tl[FOLLOWS].value
    change = interval(scaled(kept[FOLLOWS] - scaled(tl[FOLLOWS], share), 1 / tl[FOLLOWS].value))
    return Interval(share, share + change.low, share + change.high)


def table(rows: Mapping[str, Row], reference: str) -> pd.DataFrame:
    """A line a checkpoint, with the change of reliance against a reference, of the same seeds.

    Args:
        rows: by checkpoint.
        reference: one of them.
    """
    lines = {}
    for name, row in rows.items():
        change = interval(row[FOLLOWS] - rows[reference][FOLLOWS])
        lines[name] = {
            "follows the letter": str(interval(row[FOLLOWS], share=True)),
            f"less {reference}": "" if name == reference else str(change),
            "reliance (logits)": " / ".join(f"{row[each].value:.1f}" for each in COVERED.values()),
            "accuracy, clean": str(interval(row[CLEAN], share=True)),
            "adversarial": str(interval(row[ADVERSARIAL], share=True)),
            "matched": f"{row[MATCHED].value:.2f}",
            "drift": "" if name == "tl" else str(interval(row[DRIFT])),
        }
    return pd.DataFrame.from_dict(lines, orient="index")
