"""What the networks' decisions hang on, in words."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from evidrift.base.sentence import Sentence, checkpoint, listed, say
from evidrift.images.marker import CORNERS
from evidrift.maps.mapfile import CHECKPOINTS
from evidrift.report.words.numbers import interval_text

if TYPE_CHECKING:
    from evidrift.compare.findings.reliance import Answers

ALL = "all"  # classes, taken together
WHERE_DISEASE_IS_SEEN = ("right_lung", "left_lung", "strongest_fifth")
NAMES = {
    "upper_left_corner": "the upper left corner",
    "upper_right_corner": "the upper right corner",
    "lower_left_corner": "the lower left corner",
    "lower_right_corner": "the lower right corner",
    "corners": "the four corners",
    "border": "the border",
    "outside_lungs": "all outside the lungs",
    "right_lung": "the right lung",
    "left_lung": "the left lung",
    "markers": "text and markers",
    "strongest_fifth": "the strongest fifth of the network's own LayerCAM map",
}
FILLS = {"surroundings": "its surroundings", "patient": "another patient's"}


def region_name(key: str) -> str:
    """A region as people call it; a user's own box by its name."""
    return NAMES.get(key, key.replace("_", " "))


def corner_name(key: str) -> str:
    """A corner, `upper left`."""
    return key.replace("_", " ")


def sentences(answers: "Answers", architectures: Sequence[str]) -> list[Sentence]:
    """For each architecture: what else than the lungs a decision hangs on, and what a painted marker does."""
    return [
        sentence
        for arch in architectures
        for sentence in (*_hanging(answers.regions, arch), *_painted(answers.spikes, arch))
    ]


def _hanging(regions: pd.DataFrame, arch: str) -> Iterator[Sentence]:
    own = regions[(regions["arch"] == arch) & ~regions["region"].isin(WHERE_DISEASE_IS_SEEN)]
    if own.empty:
        return
    shown = own[own["shown"]]
    for name in CHECKPOINTS:
        here = shown[shown["checkpoint"] == name]
        if here.empty:
            continue
        # the one with the largest of what both fills agree on
        agreed = here.groupby(["region", "label"])["reliance"].min()
        region, label = agreed.idxmax()
        both = here[(here["region"] == region) & (here["label"] == label)].set_index("fill")
        told = [
            say(
                "{value} where {fill} take its place",
                value=interval_text(row["reliance"], row["simultaneous_low"], row["simultaneous_high"]),
                fill="its surroundings" if fill == "surroundings" else "another patient's pixels",
            )
            for fill, row in both.iterrows()
        ]
        yield say(
            "{arch}, {checkpoint}: covering {region} lowers the score of {label} by {least} logits more than "
            "covering equally large random places ({told}; simultaneous intervals, {n} patients).{others}",
            arch=arch,
            checkpoint=checkpoint(name),
            region=region_name(region),
            label="the class" if label == ALL else label,
            least=f"{agreed.max():.1f}",
            told=listed(told, ", "),
            n=int(both["n_patients"].min()),
            others=_others(agreed, region),
        )
    if shown.empty:
        single = [f"{corner}_corner" for corner in CORNERS]
        asked = [region_name(each) for each in own["region"].unique() if each not in single]
        yield say(
            "{arch}: no single corner, nor {regions}, is shown to carry more of the score of any class than "
            "equally large random places ({n} patients).",
            arch=arch,
            regions=", ".join(asked),
            n=int(own["n_patients"].max()),
        )


def _others(agreed: pd.Series, region: str) -> str:
    rest = [each for each in agreed.index.unique("region") if each != region]
    return f" Likewise: {', '.join(map(region_name, rest))}." if rest else ""


def _painted(spikes: pd.DataFrame, arch: str) -> Iterator[Sentence]:
    own = spikes[(spikes["arch"] == arch) & (spikes["label"] == ALL)]
    for name in CHECKPOINTS:
        here = own[own["checkpoint"] == name]
        if here.empty:
            continue
        turned = here[here["towards"] == ALL]
        most = turned.loc[turned["flipped"].idxmax()]
        common = {"arch": arch, "checkpoint": checkpoint(name), "n": int(most["n_images"])}
        if not most["flipped"]:
            yield say(
                "{arch}, {checkpoint}: a letter of lead painted into any corner turns the prediction of none "
                "of {n} films without a marker (of at most {high:.0f} % of such films).",
                **common,
                high=100 * most["flipped_high"],
            )
            continue
        to = here[(here["corner"] == most["corner"]) & (here["towards"] != ALL)]
        yield say(
            "{arch}, {checkpoint}: a letter of lead painted into the {corner} corner turns the prediction of "
            "{share:.0f} % [{low:.0f}, {high:.0f}] of {n} films without a marker, above all to {towards}; in "
            "no other corner of more.",
            **common,
            corner=corner_name(most["corner"]),
            share=100 * most["flipped"],
            low=100 * most["flipped_low"],
            high=100 * most["flipped_high"],
            towards=to.loc[to["flipped"].idxmax(), "towards"],
        )
