"""A few of the mishaps of `python -m tools.torture audits`."""

import shutil
from types import SimpleNamespace

import pytest

from tools.torture.audits import ROOM, Trial
from tools.torture.runner import Runner
from tools.torture.study import ROOT
from tools.torture.writes import shim

pytestmark = pytest.mark.slow


@pytest.mark.skipif(shutil.which("cc") is None, reason="faults take a C compiler")
def test_an_audit_that_is_stopped_or_has_too_small_a_disk_leaves_nothing_and_says_so(tmp_path):
    library = shim(tmp_path)
    with Runner(SimpleNamespace(path=ROOT), {"LD_PRELOAD": str(library)}) as runner:
        trial = Trial(runner, tmp_path / "here", few=True)
        rows = [*trial.kills(1), *trial.disks(ROOM[2:3])]
    assert [row.note for row in rows if not row.well] == []
