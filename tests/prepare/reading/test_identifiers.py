"""No name, date or number of a header reaches an output: they are planted, and every byte is searched."""

import base64
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import h5py
import pandas as pd
import pytest
from PIL import Image, PngImagePlugin
from pydicom.dataset import Dataset
from pydicom.uid import JPEGLosslessSV1

from evidrift import audit
from evidrift.prepare.films.header import KEY
from tests.auditing.made import network
from tests.prepare.films import film, prepared, save
from tools.formats.dicom_file import dicom

BASIC_TEXT_REPORT = "1.2.840.10008.5.1.4.1.1.88.11"
CLASSES = ("a", "b", "c")


def planted(patient: int) -> tuple[dict, list[str]]:
    """Elements of a header that name a patient in every way, and what must be found nowhere."""
    mark = f"{patient:03d}"
    uid = f"1.2.826.0.1.3680043.8.498.77{mark}"
    secrets = {
        "PatientName": f"ZQName{mark}^Jane",
        "PatientID": f"ZQId{mark}",
        "PatientBirthDate": f"1937{1 + patient % 9:02d}27",
        "PatientBirthTime": "031415",
        "OtherPatientIDs": f"ZQOther{mark}",
        "PatientAddress": f"ZQStreet{mark}",
        "PatientTelephoneNumbers": f"ZQPhone{mark}",
        "PatientComments": f"ZQComment{mark}",
        "StudyDate": f"2019{1 + patient % 9:02d}26",
        "SeriesDate": "20190625",
        "AcquisitionDate": "20190624",
        "ContentDate": "20190623",
        "StudyTime": "112233",
        "AccessionNumber": f"ZQAcc{mark}",
        "StudyID": f"ZQStudy{mark}",
        "InstitutionName": f"ZQHospital{mark}",
        "InstitutionAddress": f"ZQTown{mark}",
        "ReferringPhysicianName": f"ZQDoctor{mark}",
        "OperatorsName": f"ZQOperator{mark}",
        "StationName": f"ZQStation{mark}",
        "DeviceSerialNumber": f"ZQSerial{mark}",
        "StudyDescription": f"ZQStudyText{mark}",
        "SeriesDescription": f"ZQSeriesText{mark}",
        "ImageComments": f"ZQImageText{mark}",
        "ViewPosition": f"ZQVIEW{mark}",
        "Laterality": f"ZQSIDE{mark}",
        "PatientSex": f"ZQSEX{mark}",
        "StudyInstanceUID": f"{uid}.1",
        "SeriesInstanceUID": f"{uid}.2",
    }
    referred = Dataset()
    referred.ReferencedSOPInstanceUID = f"{uid}.3"
    referred.add_new(0x00110010, "LO", f"ZQPrivateInside{mark}")
    elements = secrets | {
        "ManufacturerModelName": f"Ray 8861{mark}",  # with its serial number
        "Manufacturer": "ACME",
        "PatientAge": "044Y",
        "ReferencedImageSequence": [referred],
    }
    # times and the marks of a damaged sex or view are too short to look for by themselves
    sought = [value for value in secrets.values() if len(value) > 6]
    return elements, [*sought, f"{uid}.3", f"ZQPrivate{mark}", f"8861{mark}"]


def write_source(root: Path) -> list[str]:
    """Films of 15 patients, five a split, and what is damaged or no film; returns what must stay hidden."""
    sought = []
    for number in range(45):
        patient, label, split = number // 3, CLASSES[number % 3], ("train", "val", "test")[number // 15]
        elements, marks = planted(patient)
        sought += marks
        folder = root / split / label
        folder.mkdir(parents=True, exist_ok=True)
        data = dicom(film(number, 80, 72), private=f"ZQPrivate{patient:03d}", **elements)
        (folder / f"{number:03d}.dcm").write_bytes(data)
    folder = root / "test" / "a"
    elements, marks = planted(900)
    whole = dicom(film(99, 80, 72), private="ZQPrivate900", **elements)
    (folder / "cut.dcm").write_bytes(whole[: len(whole) // 2])
    (folder / "broken.dcm").write_bytes(whole[:700] + whole[690:])
    broken = dicom(film(99, 80, 72), JPEGLosslessSV1, frame=b"ZQFrame900", **elements)
    (folder / "frame.dcm").write_bytes(broken)
    (folder / "report.dcm").write_bytes(dicom(None, sop_class=BASIC_TEXT_REPORT, **elements))
    information = PngImagePlugin.PngInfo()
    information.add_text("Description", "ZQPng901")
    save(folder / "text.png", film(98, 80, 72), pnginfo=information)
    exif = Image.Exif()
    exif[0x013B], exif[0x0132] = "ZQArtist901", "2019:06:27 11:22:33"
    save(folder / "exif.jpg", film(97, 80, 72), exif=exif.tobytes(), comment=b"ZQJpeg901")
    save(folder / "text.tif", film(96, 80, 72), description="ZQTiff901")
    cut = (folder / "exif.jpg").read_bytes()
    (folder / "cut.jpg").write_bytes(cut[: len(cut) - 300])
    others = ["ZQFrame900", "ZQPng901", "ZQArtist901", "2019:06:27", "ZQJpeg901", "ZQTiff901"]
    return [*dict.fromkeys([*sought, *marks, *others])]


@pytest.fixture(scope="module")
def films(tmp_path_factory) -> tuple[Path, list[str]]:
    root = tmp_path_factory.mktemp("hospital")
    return root, write_source(root)


def contents(data: bytes) -> Iterator[bytes]:
    """A file's bytes, and those of all that is packed or compressed inside it."""
    yield data
    if data.startswith(b"\x89HDF"):
        with h5py.File(io.BytesIO(data)) as file:
            found = [*file.attrs.items()]
            file.visititems(lambda name, item: found.extend([name, *item.attrs.items()]))
            file.visititems(lambda _, item: found.append(item[()] if hasattr(item, "shape") else ""))
        yield from (item.tobytes() for item in found if hasattr(item, "tobytes"))
        yield from (repr(item.tolist() if hasattr(item, "tolist") else item).encode() for item in found)
    elif data.startswith(b"PAR1"):
        yield pd.read_parquet(io.BytesIO(data)).to_json(orient="split", default_handler=str).encode()
    elif data.startswith(b"\x89PNG"):
        with Image.open(io.BytesIO(data)) as image:
            yield repr(image.info).encode() + image.tobytes()
    elif data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield name.encode()
                yield from contents(archive.read(name))
    else:
        for packed in re.findall(rb"base64,([A-Za-z0-9+/=]{40,})", data):
            yield from contents(base64.b64decode(packed))


def leaks(places: Iterator[tuple[str, bytes]], sought: list[str]) -> set[tuple[str, str]]:
    codings = ("utf-8", "utf-16-le")
    spellings = {word: [word.encode(coding) for coding in codings] for word in sought}
    return {
        (where, word)
        for where, data in places
        for piece in contents(data)
        for word, spelled in spellings.items()
        if any(spelling in piece for spelling in spelled)
    }


def files(*roots: Path) -> Iterator[tuple[str, bytes]]:
    for root in roots:
        for path in sorted(root.rglob("*")):
            if path.is_file():
                yield str(path.relative_to(root)), path.read_bytes()


def test_the_search_finds_what_is_hidden_in_each_kind_of_output(tmp_path):
    word = "ZQName001^Jane"
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("ids", data=[word.encode()] * 50, compression="gzip")
    pd.DataFrame({"a": [word] * 9}).to_parquet(tmp_path / "a.parquet", compression="gzip")
    information = PngImagePlugin.PngInfo()
    information.add_text("a", word, zip=True)
    Image.fromarray(film(1)).save(tmp_path / "a.png", pnginfo=information)
    with zipfile.ZipFile(tmp_path / "a.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", word * 9)
    inside = base64.b64encode((tmp_path / "a.png").read_bytes()).decode()
    (tmp_path / "a.html").write_text(f'<img src="data:image/png;base64,{inside}">')
    (tmp_path / "a.csv").write_text(word)
    names = {"a.h5", "a.parquet", "a.png", "a.keras", "a.html", "a.csv"}
    assert {where for where, _ in leaks(files(tmp_path), [word])} == names


def test_nothing_that_names_a_patient_reaches_what_prepare_writes(
    films, tmp_path, capfd, caplog, monkeypatch
):
    source, sought = films
    for key in (None, "a key of more than sixteen characters"):
        monkeypatch.delenv(KEY, raising=False) if key is None else monkeypatch.setenv(KEY, key)
        out = tmp_path / str(bool(key))
        result = prepared(source, out, size=32)
        said = "".join([*capfd.readouterr(), caplog.text]).encode()
        assert leaks(iter([*files(out), ("said", said)]), sought) == set()
        kept = [row for row in result.manifest if row["path"].endswith("/044.dcm")]
        assert (kept[0]["age"], kept[0]["sex"], kept[0]["device"]) == ("44", "", "ACME Ray")
        assert len({row["patient_id"] for row in result.manifest if row["device"]}) == 15
        assert {path.split("/")[-1]: reason for path, (reason, _) in result.exclusions.items()} == {
            "broken.dcm": "unreadable",
            "cut.dcm": "unreadable",
            "cut.jpg": "unreadable",
            "frame.dcm": "unreadable",
            "report.dcm": "no_picture",
        }


def test_the_same_outputs_in_every_run_without_a_key(films, tmp_path, monkeypatch):
    monkeypatch.delenv(KEY, raising=False)
    one, two = (prepared(films[0], tmp_path / name, size=32) for name in ("one", "two"))
    assert (one.manifest, one.metrics) == (two.manifest, two.metrics)
    rows = [row for row in one.manifest if row["device"]]
    # three films of a patient, one in each class: the first is in class a
    assert {row["patient_id"] for row in rows} == {row["path"] for row in rows if row["label"] == "a"}


@pytest.mark.slow
def test_nothing_that_names_a_patient_reaches_what_an_audit_writes(films, tmp_path, capfd, caplog):
    source, sought = films
    models = [tmp_path / f"{seed}.keras" for seed in (0, 1)]
    for seed, path in enumerate(models):
        network(seed).save(path)
    out = tmp_path / "audit"
    found = audit(models[0], models[1], source / "test", out=out)
    printed = "".join([*capfd.readouterr(), caplog.text, found.to_json(), repr(found)]).encode()
    places = [*files(out), ("said", printed)]
    assert len(places) > 5
    assert "ACME Ray" in printed.decode()  # what may be told is told
    assert leaks(iter(places), sought) == set()
