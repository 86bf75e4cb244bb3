"""JUnit XML holds whatever stands in a name, and says where nothing was asked."""

from xml.etree import ElementTree as ET

from evidrift.auditing.gate.check import Check
from evidrift.auditing.recording.junit import write_junit


def written(path, checks):
    write_junit(path, checks)
    return ET.parse(path).getroot()  # noqa: S314 - our own file


def test_without_a_gate_one_case_is_skipped(tmp_path):
    suite = written(tmp_path / "audit.xml", ())
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors"), suite.get("skipped")) == tuple(
        "1001"
    )
    assert suite.find("testcase/skipped").get("message") == "No gate was given."


def test_names_that_xml_cannot_hold_are_replaced(tmp_path):
    hostile = "class \x00\x1b[31m<b>&\u2028"
    check = Check("drift", hostile, 0.5, 0.4, 0.6, 0.1, "failed", hostile)
    case = written(tmp_path / "audit.xml", (check,)).find("testcase/failure")
    assert case.text == "class \ufffd\ufffd[31m<b>&\ufffd"
    assert case.get("message").endswith("<b>&\ufffd: asked at most 0.1")
