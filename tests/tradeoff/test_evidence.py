import numpy as np
import pytest

from evidrift.base.errors import UserError
from evidrift.tradeoff.evidence import PRIMARY, read_evidence, write_evidence
from tests.tradeoff.made import OCCLUSION, evidence_of


def test_evidence_is_read_as_it_was_written(tmp_path):
    written = evidence_of(n=8, seeds=3)
    write_evidence(tmp_path / "evidence.h5", written)
    found = read_evidence(tmp_path / "evidence.h5")
    for name in ("architecture", "seeds", "points", "area"):
        assert getattr(found, name) == getattr(written, name)
    for name in ("image_ids", "patient_ids", "labels", "patients"):
        np.testing.assert_array_equal(getattr(found, name), getattr(written, name))
    for point in written.right:
        np.testing.assert_array_equal(found.right[point], written.right[point])
        np.testing.assert_allclose(found.places["lungs"][point], written.places["lungs"][point], atol=1e-6)
    for key in (PRIMARY, OCCLUSION):
        for point, cells in written.moved[key].items():
            for name in ("patients", "drift", "cross", "floor_tl", "floor_ft", "scale"):
                expected = getattr(cells, name)
                np.testing.assert_allclose(getattr(found.moved[key][point], name), expected, atol=1e-6)


def test_the_same_evidence_gives_the_same_bytes(tmp_path):
    for name in ("one", "other"):
        write_evidence(tmp_path / name, evidence_of(n=8, seeds=2))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_damaged_evidence_is_refused(tmp_path):
    path = tmp_path / "evidence.h5"
    write_evidence(path, evidence_of(n=8, seeds=2))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match="tradeoff"):
        read_evidence(path)
