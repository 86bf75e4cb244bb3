"""One thing to keep in mind when reading the study's tables and verdicts, and which claims it concerns."""

from collections.abc import Iterable
from dataclasses import dataclass

from evidrift.claims.claim import Claim
from evidrift.compare.study import Study


@dataclass(frozen=True)
class Caveat:
    """One thing to keep in mind.

    Attributes:
        key: a short name, by which claims refer to it.
        sentence: for people.
        about: architectures and methods that it concerns; None for all of them.
    """

    key: str
    sentence: str
    about: frozenset[tuple[str, str]] | None = None

    def applies(self, claim: Claim) -> bool:
        """Whether a claim rests on what this is about."""
        if self.about is None:
            return True
        archs, methods = {claim.arch, claim.other}, {claim.method, claim.against}
        return any(arch in archs and method in methods for arch, method in self.about)


def all_methods(study: Study, names: Iterable[str]) -> frozenset[tuple[str, str]]:
    """Architectures with every method of the study: what a caveat of theirs is about."""
    methods = study.pairs["method"].astype(str).unique()
    return frozenset((name, method) for name in names for method in methods)
