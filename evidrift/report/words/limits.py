"""What a gate says in words: the sentence of the first screen, and what stands in the way."""

from evidrift.compare.summary import Gate, GateLine

IN_ORDER = ("failed", "not judged", "passed")
# By key of the gate file: the measure of which it allows less, and whether it does so of every class, and of
# every subgroup.
DROPS = {f"{name}_drop_at_most": (name, True, False) for name in ("sensitivity", "specificity", "auc")} | {
    "accuracy_drop_at_most": ("accuracy", False, False),
    "subgroups.accuracy_drop_at_most": ("accuracy", False, True),
}


def gate_sentence(gate: Gate) -> str:
    """How many limits are kept, broken and open."""
    total = len(gate.lines)
    n = {verdict: sum(line.verdict == verdict for line in gate.lines) for verdict in IN_ORDER}
    if n["passed"] == total:
        return f"All {total} limits are kept." if total > 1 else "The one limit is kept."
    told = []
    if n["failed"]:
        told.append(f"{n['failed']} of {total} limits {'is' if n['failed'] == 1 else 'are'} broken")
    if n["not judged"]:
        of = "" if told else f" of {total} limits"
        told.append(f"{n['not judged']}{of} could not be judged")
    if n["passed"]:
        told.append(f"{n['passed']} {'is' if n['passed'] == 1 else 'are'} kept")
    return f"{', '.join(told)}."


def by_gravity(gate: Gate) -> list[GateLine]:
    """Its lines, broken ones first, then those that could not be judged; else in the gate's order."""
    return sorted(gate.lines, key=lambda line: IN_ORDER.index(line.verdict))


def in_the_way(gate: Gate) -> list[list[GateLine]]:
    """The broken limits, each with its lines against one side or both; where none is, the open ones."""
    broken = [line for line in gate.lines if line.verdict == "failed"]
    found: dict[str, list[GateLine]] = {}
    for line in broken or [line for line in gate.lines if line.verdict == "not judged"]:
        found.setdefault(line.name, []).append(line)
    return list(found.values())


def margins(gate: Gate | None) -> dict[str, float]:
    """By key of the gate file, how much less the new model may have than the one before; see DROPS."""
    return {
        line.name: float(line.limit.rpartition(" ")[2])
        for line in (gate.lines if gate else ())
        if line.name in DROPS and line.against == "before"
    }
