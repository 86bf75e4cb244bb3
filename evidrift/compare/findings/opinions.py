"""Third opinions: do methods agree on the order of architectures, and does the study's reversal survive?

The study's reversal is between LayerCAM and Grad-CAM++. Two things could make it an artefact: Grad-CAM++
depends on the scale of the logits, which its unit form takes out; and both are class activation maps, so
methods of other attribution families are asked whom they side with. Whom they side with is of means, as
observed; whether the reversal itself is more than chance is a claim, with a verdict.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd
from scipy.stats import kendalltau

from evidrift.base.schema import Schema, columns, framed
from evidrift.base.sentence import Sentence, listed, method, say
from evidrift.claims.claim import Claim, Verdict
from evidrift.compare.findings.ranking import SCALED, Observed, Ranking, Reversal, degenerate
from evidrift.drift.tables import Notes

REFERENCE = "layer_cam"
ITS_FAMILY = "cam"

Outcome = Literal["effect of confidence", "one method alone", "survives", "unanswered"]

RANK_AGREEMENT: Schema = (
    columns(str, "", "layer", "method", "other_method")
    | columns(np.float64, "-1 to 1", "tau")
    | columns(np.int64, "", "n_architectures")
    | columns(np.bool_, "the two cannot disagree", "alike")
)


@dataclass(frozen=True)
class Opinion:
    """How methods of other families order two architectures that LayerCAM and Grad-CAM++ reverse.

    Attributes:
        reversal: `stable` is the more stable under Grad-CAM++, `other` under LayerCAM.
        with_layer_cam: methods of other families that order the two as LayerCAM does.
        with_grad_cam_pp: those that order them as Grad-CAM++ does.
        verdict, reason: of the claim that the two methods reverse the two architectures.
    """

    reversal: Reversal
    with_layer_cam: tuple[str, ...]
    with_grad_cam_pp: tuple[str, ...]
    verdict: Verdict
    reason: Sentence

    @property
    def outcome(self) -> Outcome:
        """What becomes of the reversal (a) under the unit form, then (b) under methods of other families."""
        if self.reversal.effect_of_confidence:
            return "effect of confidence"
        if self.with_layer_cam and self.with_grad_cam_pp:
            return "survives"
        return "one method alone" if self.with_layer_cam or self.with_grad_cam_pp else "unanswered"


@dataclass(frozen=True)
class Question:
    """Does the reversal between LayerCAM and Grad-CAM++ survive?

    Attributes:
        why_not: why it cannot be decided, as a clause; empty where it is asked.
        opinions: one for each pair of architectures that the two methods reverse.
        others: methods of other families that gave a ranking.
    """

    why_not: Sentence
    opinions: tuple[Opinion, ...]
    others: tuple[str, ...]


def ask(observed: Observed, notes: Mapping[str, Notes], claims: Sequence[Claim], layer: str) -> Question:
    """Ask the methods of other families about the reversals between LayerCAM and Grad-CAM++.

    Args:
        observed: rankings and reversals of means.
        notes: by architecture.
        claims: of which those about reversals are looked up.
        layer: that conclusions rest on.
    """
    families = {method: family for note in notes.values() for method, family in note.families.items()}
    orders = {each.method: dict(each.scores) for each in observed.rankings if each.layer == layer}
    others = tuple(method for method in orders if families[method] != ITS_FAMILY)
    why_not = observed.undecidable
    if not why_not and (missing := [name for name in (REFERENCE, SCALED) if not orders.get(name)]):
        by = listed([method(name) for name in missing], " and ")
        why_not = say("no ranking by {by} at layer {layer}", by=by, layer=layer)
    if not why_not and all(degenerate(layer, REFERENCE, SCALED, [note]) for note in notes.values()):
        why_not = say(
            "at layer {layer} the gradient does not vary over space, so the two methods give one map up to "
            "weights of its channels, and a change of rank between them is no reversal",
            layer=layer,
        )
    opinions = [] if why_not else _opinions(observed, orders, others, claims, layer)
    return Question(why_not, tuple(opinions), others)


def _opinions(
    observed: Observed,
    orders: dict[str, dict[str, float]],
    others: tuple[str, ...],
    claims: Sequence[Claim],
    layer: str,
) -> list[Opinion]:
    # methods stand in alphabetical order: `method` is Grad-CAM++, `against` LayerCAM
    asked = [
        each
        for each in observed.reversals
        if (each.layer, each.method, each.against) == (layer, SCALED, REFERENCE)
    ]
    found = []
    for reversal in asked:
        stable, other = reversal.stable, reversal.other
        asking = [name for name in others if {stable, other} <= orders[name].keys()]
        claim = next(
            claim
            for claim in claims
            if (claim.kind, {claim.method, claim.against}, {claim.arch, claim.other})
            == ("reversal", {SCALED, REFERENCE}, {stable, other})
        )
        leads = {name: orders[name][stable] - orders[name][other] for name in asking}
        found.append(
            Opinion(
                reversal,
                with_layer_cam=tuple(name for name, lead in leads.items() if lead > 0),
                with_grad_cam_pp=tuple(name for name, lead in leads.items() if lead < 0),
                verdict=claim.verdict,
                reason=claim.reason,
            )
        )
    return found


def rank_agreement(rankings: tuple[Ranking, ...], alike: Mapping[str, list[list[str]]]) -> pd.DataFrame:
    """Kendall's tau-b between the scores of the architectures under any two methods at a layer.

    Args:
        rankings: of means.
        alike: by layer, groups of methods that cannot disagree.

    Returns:
        layer, method, other_method, tau (-1 the opposite order, 1 the same; NaN under two architectures),
        n_architectures, alike (both are of one group, so that their tau says nothing).
    """
    rows = []
    for one, two in combinations(rankings, 2):
        if one.layer != two.layer:
            continue
        here, there = dict(one.scores), dict(two.scores)
        both = [name for name in here if name in there]
        scores = [[scored[name] for name in both] for scored in (here, there)]
        tau = kendalltau(*scores).statistic if len(both) > 1 else float("nan")
        same = any({one.method, two.method} <= {*group} for group in alike.get(one.layer, ()))
        rows.append((one.layer, one.method, two.method, float(tau), len(both), same))
    return framed(rows, RANK_AGREEMENT)


def answer(question: Question) -> list[Sentence]:
    """The question's answer in plain words, one for each reversal."""
    if question.why_not:
        return [say("Not decidable: {why}.", why=question.why_not)]
    if not question.opinions:
        return [say("There is none: both methods order every pair of architectures alike.")]
    return [_sentences(opinion, bool(question.others)) for opinion in question.opinions]


def _sentences(opinion: Opinion, others: bool) -> Sentence:
    reversal = opinion.reversal
    unit = {
        None: "(a) Unknown: the unit form has no score.",
        False: "(a) It survives the unit form.",
        True: "(a) It is gone in the unit form: an effect of confidence, not of evidence.",
    }[reversal.effect_of_confidence]
    return say(
        "{other} is more stable than {stable} under LayerCAM, less stable under Grad-CAM++, as observed. "
        "That the methods reverse the two is {verdict}: {reason} {unit} {third}",
        other=reversal.other,
        stable=reversal.stable,
        verdict=opinion.verdict,
        reason=opinion.reason,
        unit=unit,
        third=_third(opinion, others),
    )


def _third(opinion: Opinion, others: bool) -> Sentence:
    sides = {"LayerCAM": opinion.with_layer_cam, "Grad-CAM++": opinion.with_grad_cam_pp}
    told = [
        say("{methods} with {side}", methods=[method(name) for name in names], side=side)
        for side, names in sides.items()
        if names
    ]
    if not others:
        return say("(b) Unknown: the grid has no method of another family.")
    if not told:
        return say("(b) Unknown: no method of another family orders the two.")
    if all(sides.values()):
        text = "(b) Methods of other families are divided too: {told}. The order depends on the method."
        return say(text, told=listed(told, " and "))
    alone = next(side for side, names in sides.items() if not names)
    sentence = "(b) It does not survive methods of other families: {told}; {alone} stands alone."
    return say(sentence, told=listed(told, " and "), alone=alone)
