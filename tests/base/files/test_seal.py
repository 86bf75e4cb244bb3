"""Files prove themselves, in each format; a bit that flips, an end that is cut off and zeros are noticed."""

import hashlib
import json

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evidrift.base.errors import UserError
from evidrift.base.files import seal as sealing
from evidrift.base.files.seal import (
    EMPTY,
    checksum,
    require_checksum,
    require_sealed,
    require_whole,
    seal,
    writing_sealed,
)


def hdf5(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("a", data=np.arange(300), track_times=False)


def parquet(path):
    table = pa.table({"a": np.arange(300)})
    with pq.ParquetWriter(path, table.schema) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({"seal": EMPTY})


def text(path):
    path.write_text(json.dumps({"a": list(range(300)), "seal": EMPTY}))


FORMATS = {"a.h5": hdf5, "a.parquet": parquet, "a.json": text}


@pytest.fixture(params=FORMATS)
def sealed(request, tmp_path):
    path = tmp_path / request.param
    with writing_sealed(path) as partial:
        FORMATS[request.param](partial)
    return path


def test_a_sealed_file_is_whole_and_read_as_before(sealed):
    require_sealed(sealed, "explain")
    if sealed.suffix == ".h5":
        with h5py.File(sealed) as file:
            values = file["a"][:]
    elif sealed.suffix == ".parquet":
        values = pq.read_table(sealed)["a"].to_numpy()
    else:
        values = json.loads(sealed.read_text())["a"]
    assert list(values) == list(range(300))


def test_the_digits_are_the_sha256_of_the_file_with_zeros_for_them(sealed):
    data = sealed.read_bytes()
    at = data.rindex(b"evidrift-sha256:") + 16
    digits = data[at : at + 64]
    assert hashlib.sha256(data.replace(digits, b"0" * 64)).hexdigest() == digits.decode()


def test_the_same_content_gives_the_same_bytes(sealed, tmp_path):
    again = tmp_path / "again"
    FORMATS[sealed.name](again)
    seal(again)
    assert again.read_bytes() == sealed.read_bytes()


def damages(data):
    for at in range(0, len(data), 11):
        yield data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :]
    for bit in range(8 * 81):  # of the seal itself, in HDF5
        at = len(data) - 81 + bit // 8
        yield data[:at] + bytes([data[at] ^ 1 << bit % 8]) + data[at + 1 :]
    for length in (1, 7, 90, len(data) // 2, len(data) - 1):
        yield data[:length]
    for start in (0, 100, len(data) - 100):
        yield data[:start] + bytes(100) + data[start + 100 :]
    yield data + b"\n"
    yield data + data


def test_every_damage_is_one_sentence_that_names_file_stage_and_command(sealed):
    whole = sealed.read_bytes()
    for data in damages(whole):
        sealed.unlink()
        sealed.write_bytes(data)
        with pytest.raises(UserError) as error:
            require_sealed(sealed, "explain")
        told = str(error.value)
        assert all(part in told for part in (str(sealed), "stage explain", "dvc repro", "make doctor"))


def test_a_file_from_anywhere_must_be_whole_only_if_it_is_sealed(tmp_path):
    path = tmp_path / "a.h5"
    hdf5(path)
    require_whole(path)
    seal(path)
    require_whole(path)
    data = path.read_bytes()
    path.write_bytes(data[:700] + b"x" + data[701:])
    with pytest.raises(UserError, match=r"a\.h5 is damaged.*Fetch it anew"):
        require_whole(path)


def test_missing_empty_and_foreign_files_are_called_so(tmp_path):
    for data, problem in ((None, "does not exist"), (b"", "is empty"), (b"PK\3\4" * 9, "no file of this")):
        path = tmp_path / "a.h5"
        if data is not None:
            path.write_bytes(data)
        with pytest.raises(UserError, match=f"a.h5 .*{problem}.*The stage drift writes it"):
            require_sealed(path, "drift")
    (tmp_path / "folder").mkdir()
    with pytest.raises(UserError, match="is no file"):
        require_sealed(tmp_path / "folder", "drift")


def test_a_seal_that_lies_across_two_pieces_is_found(sealed, monkeypatch):
    for piece in (1, 17, 64, 100):
        monkeypatch.setattr(sealing, "PIECE", piece)
        sealing._whole.clear()
        require_sealed(sealed, "explain")


def test_a_file_is_read_once_until_it_changes(sealed, monkeypatch):
    read = []
    monkeypatch.setattr(sealing, "_sha256", lambda *of, real=sealing._sha256: read.append(1) or real(*of))
    for _ in range(3):
        require_sealed(sealed, "explain")
    assert len(read) == 1
    sealed.write_bytes(sealed.read_bytes() + b"\n")
    with pytest.raises(UserError, match="damaged"):
        require_sealed(sealed, "explain")


def test_a_plain_file_is_checked_against_the_sum_that_another_holds(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n")
    expected = checksum(path)
    assert expected == hashlib.sha256(b"a,b\n1,2\n").hexdigest()
    require_checksum(path, expected, "prepare")
    path.write_text("a,b\n1,3,\n")
    with pytest.raises(UserError, match=r"a.csv is damaged or of another run.*stage prepare.*make doctor"):
        require_checksum(path, expected, "prepare")


def test_a_file_without_room_for_a_seal_cannot_be_sealed(tmp_path):
    (tmp_path / "a.json").write_text("{}")
    with pytest.raises(ValueError, match="no room"):
        seal(tmp_path / "a.json")
