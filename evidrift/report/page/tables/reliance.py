"""The tables of reliance: what becomes of a score when a region is covered, and when a marker is painted."""

import pandas as pd

from evidrift.report.page.material import Material
from evidrift.report.words import view
from evidrift.report.words.cells import checkpoint_names
from evidrift.report.words.reliance import ALL, FILLS, corner_name, region_name

KEYS = ["arch", "region", "fill"]


def region_table(material: Material) -> view.TableView | None:
    """Reliance on each region before and after, over all classes; None where nothing was asked."""
    regions = material.table("reliance")
    if regions.empty:
        return None
    whole = _wide(
        regions[regions["label"] == ALL], KEYS, ["reliance", "low", "high", "flipped", "random_flipped"]
    )
    changes = material.table("reliance_changes")
    changed = changes[changes["label"] == ALL].set_index(KEYS)[["change", "low", "high"]]
    single = regions[(regions["label"] != ALL) & (regions["checkpoint"] == "ft")]
    most = single.loc[single.groupby(KEYS)["reliance"].idxmax()].set_index(KEYS)[["label", "reliance"]]
    rows = whole.join(changed).join(most.rename(columns={"reliance": "most"})).reset_index()
    order = regions[KEYS].drop_duplicates()
    rows = order.merge(rows, on=KEYS)
    rows["region"] = rows["region"].map(region_name)
    rows["most_in"] = [f"{label} {most:.2f}" for label, most in zip(rows["label"], rows["most"], strict=True)]
    names = checkpoint_names(material.summary)
    return view.table(
        "By how many logits more the score of the class falls than at equally large random places, with 95 % "
        "intervals",
        rows,
        [
            view.words("Covered", "region", "region"),
            view.words("With", "fill", "fill", FILLS),
            view.words("Architecture", "arch", "architecture"),
            *(
                view.intervals(name.capitalize(), f"reliance_{key}", f"low_{key}", f"high_{key}", "reliance")
                for key, name in names.items()
            ),
            view.intervals("Change", "change", "low", "high", "interval"),
            view.words("Most in class", "most_in"),
            view.numbers("Predictions turned", "flipped_ft"),
            view.numbers("At random places", "random_flipped_ft"),
        ],
        f"The class with the most and the turned predictions are of the {names['ft']} checkpoint",
    )


def spike_table(material: Material) -> view.TableView | None:
    """What a marker does that is painted into films without one; None where none was painted."""
    spikes = material.table("reliance_spikes")
    if spikes.empty:
        return None
    whole = spikes[spikes["label"] == ALL]
    keys = ["arch", "corner"]
    shares = _wide(whole[whole["towards"] == ALL], keys, ["flipped", "flipped_low", "flipped_high"])
    towards = whole[(whole["towards"] != ALL) & (whole["checkpoint"] == "ft")]
    most = towards.loc[towards.groupby(keys)["change"].idxmax()].set_index(keys)
    rows = shares.join(most[["towards", "change", "low", "high", "n_images"]]).reset_index()
    rows = spikes[["corner", "arch"]].drop_duplicates().merge(rows, on=keys)
    rows["corner"] = rows["corner"].map(corner_name)
    return view.table(
        "Share of the films without a marker whose prediction a painted letter of lead turns, with exact "
        "95 % intervals",
        rows,
        [
            view.words("Corner", "corner"),
            view.words("Architecture", "arch", "architecture"),
            *(
                view.intervals(
                    name.capitalize(), f"flipped_{key}", f"flipped_low_{key}", f"flipped_high_{key}", "spike"
                )
                for key, name in checkpoint_names(material.summary).items()
            ),
            view.words("Score that rises most", "towards"),
            view.intervals("By", "change", "low", "high"),
            view.counts("Films", "n_images"),
        ],
    )


def _wide(rows: pd.DataFrame, keys: list[str], values: list[str]) -> pd.DataFrame:
    """Both checkpoints side by side, `reliance_tl`, `reliance_ft`, ...; NaN where one is missing."""
    wide = rows.set_index([*keys, "checkpoint"])[values].unstack("checkpoint")
    wide.columns = [f"{name}_{checkpoint}" for name, checkpoint in wide.columns]
    return wide.reindex(columns=[f"{name}_{each}" for name in values for each in ("tl", "ft")])
