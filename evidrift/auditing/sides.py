"""What is given for all models of an audit, or for one side of it by name."""

from collections.abc import Sequence

from evidrift.base.errors import UserError
from evidrift.base.sentence import parameter, say


def by_side(preprocessing: str | Sequence[str], sides: Sequence[str]) -> dict[str, str]:
    """Each side's preprocessing.

    Args:
        preprocessing: one for all; or several, of which those for one side begin with its name and a colon:
            `["before:tf", "after:none"]`. One without a name is for the sides that are not named, which have
            `none` otherwise.
        sides: their names.

    Raises:
        UserError: there is no such side, or a side has two.
    """
    found: dict[str, str] = {}
    others: list[str] = []
    for word in [preprocessing] if isinstance(preprocessing, str) else preprocessing:
        side, colon, text = (part.strip() for part in word.partition(":"))
        if not colon:
            others.append(word.strip())
        elif side not in sides:
            told = "{given}: {word} is for {side}, but the sides are {sides}."
            raise UserError(
                say(
                    told,
                    given=parameter("preprocessing"),
                    word=word,
                    side=side or "no side",
                    sides=list(sides),
                )
            )
        elif side in found:
            told = "{given} names the side {side} twice: {first} and {second}."
            raise UserError(
                say(told, given=parameter("preprocessing"), side=side, first=found[side], second=text)
            )
        else:
            found[side] = text
    if len(others) > 1:
        told = (
            "{given} gives {first} and {second} for all models. Give one, without spaces in it, or name the "
            "sides: {one}:{first} {other}:{second}."
        )
        given = parameter("preprocessing")
        one, other = sides[0], sides[-1]
        raise UserError(say(told, given=given, first=others[0], second=others[1], one=one, other=other))
    return {side: found.get(side, "".join(others) or "none") for side in sides}
