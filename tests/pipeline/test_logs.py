"""What is printed and logged names no patient of a header, and holds no key and no password.

Paths of films may stand where a message is about one of them: see SECURITY.md, *Logs*.
"""

import re

import pytest
import yaml

from evidrift.prepare.films.header import KEY
from tests.pipeline.workplace import Workplace
from tests.prepare.reading.test_identifiers import files, leaks, write_source
from tools.formats.dicom_file import dicom

SECRETS = ("ZQpseudonymkeyofmorethansixteen", "ZQpassword-of-the-remote", "ZQawssecret", "ZQtoken")
PATIENT = "ZQDoe^John-19370127"  # in a path: shown where it is about that film, and nowhere else


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    """A project whose source names its patients in every way, after runs that fail and one that does not."""
    root = tmp_path_factory.mktemp("logs")
    sought = write_source(root / "films")
    named = root / "films" / "test" / "a" / f"{PATIENT}.dcm"
    named.write_bytes(dicom(None, PatientName="ZQNamed902^Ann", PatientID="ZQId902"))
    place = Workplace.create(root / "project")
    params = yaml.safe_load((place.path / "params.yaml").read_text())
    params["prepare"] |= {"source": str(root / "films"), "manifest": None, "size": 64, "min_side": 8}
    remote = (
        "['remote \"store\"']",
        "    url = ssh://ZQtoken@127.0.0.1:1/x",
        f"    password = {SECRETS[1]}\n",
    )
    (place.path / ".dvc" / "config.local").write_text("\n".join(remote))
    env = {KEY: SECRETS[0], "AWS_SECRET_ACCESS_KEY": SECRETS[2]}
    said = []

    (root / "films" / "list.csv").write_text("path,label,patient_id\n../x.png,a,ZQCell903\n")
    for changed, expect in (({"manifest": "list.csv"}, 255), ({"min_side": 4000}, 255), ({}, 0)):
        text = yaml.safe_dump(params | {"prepare": params["prepare"] | changed})
        (place.path / "params.yaml").write_text(text)
        said.append(place.run("dvc", "repro", "--verbose", "prepare", expect=expect, **env))
    return place.path, [*sought, "ZQNamed902", "ZQId902", "ZQCell903"], said


def made(path):
    """All files of the project but the tests, where the words stand by themselves."""
    return (each for each in files(path) if not each[0].startswith("tests/"))


@pytest.mark.slow
def test_no_header_reaches_what_is_printed_or_kept_beside_the_outputs(hospital):
    path, sought, said = hospital
    logs = [("said", "\n".join(said).encode()), *files(path / ".dvc" / "tmp"), *files(path / "scratch")]
    assert len(logs) > 1
    assert leaks(iter(logs), sought) == set()


@pytest.mark.slow
def test_no_key_and_no_password_is_printed_or_written_anywhere(hospital):
    path, _, said = hospital
    written = [each for each in made(path) if each[0] != ".dvc/config.local"]
    assert leaks(iter([*written, ("said", "\n".join(said).encode())]), list(SECRETS)) == set()


@pytest.mark.slow
def test_a_path_that_names_a_patient_stands_only_where_it_is_about_that_film(hospital):
    path, _, said = hospital
    about = {"data/images/exclusions.csv"}
    cached = re.compile(r"\.dvc/cache/files/md5/../[0-9a-f]{30}")
    assert {
        each for each, _ in leaks(made(path), [PATIENT]) if not cached.fullmatch(each) and each not in about
    } == set()
    assert "data/images/exclusions.csv" in {each for each, _ in leaks(made(path), [PATIENT])}
    lines = [line for line in "\n".join(said).splitlines() if PATIENT in line]
    assert all("Left out" in line or "first:" in line for line in lines)


def test_a_decoder_complains_to_nobody(tmp_path, capfd):
    from tests.prepare.films import film, save
    from tests.prepare.films import prepared as prepare

    for label in ("a", "b"):
        for at in range(40):
            save(tmp_path / "films" / label / f"{at}.png", film(at + 100 * (label == "b"), 80, 72))
    how = {"description": "ZQTiff", "compression": "tiff_deflate"}
    data = save(tmp_path / "x.tif", film(7, 80, 72), **how).read_bytes()
    at = data.index(b"x\x9c")
    (tmp_path / "films" / "a" / "damaged.tif").write_bytes(data[:at] + b"ZQ" + data[at + 2 :])
    result = prepare(tmp_path / "films", tmp_path / "out", size=32)
    assert result.exclusions["a/damaged.tif"][0] == "unreadable"
    assert all(line.startswith("prepare: image ") for line in capfd.readouterr().err.splitlines())
    assert "ZQ" not in (tmp_path / "out" / "exclusions.csv").read_text()
