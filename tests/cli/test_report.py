"""`evidrift report` writes over nothing that another command wrote."""

import pytest

from evidrift.auditing.recording.listed import write_list
from evidrift.cli.main import main


def test_a_study_s_report_does_not_take_the_place_of_an_audit_s(tmp_path, capsys):
    (tmp_path / "report.html").write_text("an audit's")
    write_list(tmp_path, {})
    with pytest.raises(SystemExit) as ended:
        main(["report", "--out", str(tmp_path)])
    assert ended.value.code == 1
    assert "holds an audit" in capsys.readouterr().err
    assert (tmp_path / "report.html").read_text() == "an audit's"
