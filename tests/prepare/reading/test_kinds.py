"""Every kind of film of docs/formats.md, with pixels that are known; and the page itself."""

import pytest

from tests.places import ROOT
from tools.formats.films import PAGE, all_kinds, outcome, section
from tools.marked import read_between

KINDS = all_kinds()


@pytest.mark.parametrize("kind", KINDS, ids=[f"{kind.group}: {kind.name}" for kind in KINDS])
def test_it_is_read_with_its_own_pixels_or_left_out_with_its_reason(kind):
    outcome(kind)  # raises where it is anything else


def test_the_page_says_what_the_script_finds():
    assert read_between(ROOT / PAGE, "films").strip() == section(KINDS).strip()
