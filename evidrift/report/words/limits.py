"""What a gate says in words: the sentence of the first screen, and what stands in the way."""

from evidrift.compare.summary import Gate, GateLine

IN_ORDER = ("failed", "not judged", "passed")
# By key of the gate file, the measure of which it allows less.
ALLOWED = {f"{name}_drop_at_most": name for name in ("accuracy", "sensitivity", "specificity", "auc")}


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


def in_the_way(gate: Gate) -> list[GateLine]:
    """The broken limits; where none is, those that could not be judged."""
    broken = [line for line in gate.lines if line.verdict == "failed"]
    return broken or [line for line in gate.lines if line.verdict == "not judged"]


def margins(gate: Gate | None) -> dict[str, float]:
    """By measure, how much less of it the gate allows on all films; nothing without such a limit."""
    return {
        measure: float(line.limit.rpartition(" ")[2])
        for line in (gate.lines if gate else ())
        if (measure := ALLOWED.get(line.name)) and line.against == "before"
    }
