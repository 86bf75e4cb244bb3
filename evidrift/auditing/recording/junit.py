"""The gate as JUnit XML, which every CI shows: a test case for each limit."""

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from evidrift.auditing.gate.check import Check
from evidrift.auditing.words import SPELLING
from evidrift.base.sentence import spelled

NAME = "audit.xml"
# What is not judged has not passed either: an error stops a release as a failure does.
ELEMENTS = {"failed": "failure", "not judged": "error"}


def write_junit(path: Path, checks: Sequence[Check]) -> None:
    """Write it; without a gate there is one test case, which is skipped.

    Args:
        path: of the file.
        checks: the gate's.
    """
    counts = {
        kind: str(sum(ELEMENTS.get(check.verdict) == kind for check in checks)) for kind in ELEMENTS.values()
    }
    suite = ET.Element(
        "testsuite",
        name="evidrift audit",
        tests=str(len(checks) or 1),
        failures=counts["failure"],
        errors=counts["error"],
        skipped="0" if checks else "1",
    )
    for check in checks:
        case = ET.SubElement(suite, "testcase", classname=f"gate.against {check.against}", name=check.name)
        reason = _printable(spelled(check.reason, SPELLING))
        if check.verdict in ELEMENTS:
            what = _printable(f"{spelled(check.what, SPELLING)}: asked {check.asked}")
            ET.SubElement(case, ELEMENTS[check.verdict], message=what, type=check.verdict).text = reason
        else:
            ET.SubElement(case, "system-out").text = reason
    if not checks:
        case = ET.SubElement(suite, "testcase", classname="gate", name="gate")
        ET.SubElement(case, "skipped", message="No gate was given.")
    ET.indent(suite)
    ET.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)


def _printable(text: str) -> str:
    """Without what XML cannot hold: names of files and classes come from outside."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
