"""What was left out, in numbers and in words."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from evidrift.base.errors import UserError
from evidrift.base.sentence import say
from evidrift.prepare.entry import Entry, Excluded
from evidrift.prepare.tables import write_exclusions

Exclusion = tuple[Entry, Excluded]


def count_by_reason(exclusions: Sequence[Exclusion]) -> Mapping[str, int]:
    """Number of images by reason, sorted."""
    return dict(sorted(Counter(why.reason for _, why in exclusions).items()))


def summary(exclusions: Sequence[Exclusion]) -> str:
    """A sentence on what was left out, with one example; "" if nothing was."""
    if not exclusions:
        return ""
    counts = ", ".join(f"{n} {reason}" for reason, n in count_by_reason(exclusions).items())
    entry, why = exclusions[0]
    return f"Left out: {counts} (first: {entry.path}: {why.detail.rstrip('.')})."


def nothing_left(path: Path, exclusions: Sequence[Exclusion]) -> UserError:
    """That no image can be used; where none is there but what stands for it, how to get them."""
    details = [why.detail for _, why in exclusions if why.reason == "stand_in"]
    if len(details) == len(exclusions):
        return UserError(f"{path}: each of its {len(details)} files is {details[0]}")
    return UserError(f"{path} holds no image that can be used. {summary(exclusions)}")


def balance(exclusions: Sequence[Exclusion], n_kept: int, ignored: Mapping[str, int]) -> str:
    """Images in = kept + left out, in words."""
    reasons = ", ".join(f"{n} {reason}" for reason, n in count_by_reason(exclusions).items())
    told = f"{n_kept + len(exclusions)} images in = {n_kept} kept + {len(exclusions)} left out"
    told += f" ({reasons})." if reasons else "."
    others = ", ".join(f"{n} {kind}" for kind, n in ignored.items())
    return f"{told} Other files, ignored: {others}." if others else told


@contextmanager
def listed_when_refused(path: Path, exclusions: Sequence[Exclusion]) -> Iterator[None]:
    """Where the images make no study, what was left out is written all the same.

    Args:
        path: of the table to write.
        exclusions: as they are when the error comes.
    """
    try:
        yield
    except UserError as error:
        if not exclusions:
            raise
        path.parent.mkdir(parents=True, exist_ok=True)
        write_exclusions(path, exclusions)
        raise UserError(say("{told} All of it: {path}.", told=error.told, path=path)) from None
