"""Changed files for each reader, the same in every run; `make torture` takes ten minutes each."""

import pytest

from tools.torture.fuzz import FEW, fuzz
from tools.torture.fuzzing.subjects import Subject, subjects
from tools.torture.hostile.manifests import GOOD


@pytest.mark.slow
@pytest.mark.parametrize("subject", list(subjects()), ids=lambda subject: subject.name)
def test_a_changed_file_is_read_or_refused_in_a_sentence(subject):
    row = fuzz(subject, None)
    assert row.tried > FEW / 2
    assert row.well, row.note


def test_what_is_raised_otherwise_is_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def read(path):
        if b"a/1" not in path.read_bytes():
            from evidrift.base.seeds import stream

            stream("x")[0]  # a TypeError of ours

    changed = Subject("careless", [(".csv", GOOD.encode())], lambda _: lambda data, random: data[5:], read)
    assert fuzz(changed, None).well
    careless = changed._replace(change=lambda _: lambda data, random: b"x")
    row = fuzz(careless, None)
    assert not row.well
    assert "TypeError" in row.note
    dying = changed._replace(read=lambda path: __import__("os").abort())
    assert "DIED of 6" in fuzz(dying, None).note
