import pandas as pd
import pytest

from evidrift.base.errors import UserError
from evidrift.prepare.manifest import list_manifest
from tests.prepare.films import film, save


@pytest.fixture
def source(tmp_path):
    """A source folder with two films, and one beside it that must not be reached."""
    save(tmp_path / "secret.png", film(0))
    save(tmp_path / "films/a/1.png", film(1))
    save(tmp_path / "films/b/2.png", film(2))
    return tmp_path / "films"


def listing(source, text, name="manifest.csv"):
    (source / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return list_manifest(source, name)


def refused(source, text, name="manifest.csv") -> str:
    with pytest.raises(UserError) as error:
        listing(source, text, name)
    return str(error.value)


def test_rows_are_read_with_patient_split_and_further_columns(source):
    entries = listing(
        source,
        "path,label,patient_id,split,hospital\n"
        'b/2.png,"viral, mild",007,valid,Oslo\n'
        "a/1.png,normal,8,train,\n",
    ).entries
    assert [(e.path, e.label, e.patient_id, e.split, e.extra) for e in entries] == [
        ("a/1.png", "normal", "8", "train", {"hospital": ""}),
        ("b/2.png", "viral, mild", "007", "validation", {"hospital": "Oslo"}),
    ]


def test_parquet_is_read_like_csv_and_whole_numbers_stay_whole(source):
    table = pd.DataFrame({"path": ["a/1.png", "b/2.png"], "label": ["x", None], "patient_id": [17, None]})
    table.to_parquet(source / "m.parquet")
    first, second = list_manifest(source, "m.parquet").entries
    assert (first.label, first.patient_id) == ("x", "17")
    assert (second.label, second.patient_id) == ("", None)
    assert second.excluded.reason == "unknown_label"


def test_excels_byte_order_mark_and_quoted_line_breaks_are_understood(source):
    text = '\ufeffpath,label,patient_id,note\na/1.png,x,1,"two\nlines"\n../secret.png,x,2,\n'
    assert "row 4: image ../secret.png" in refused(source, text)


@pytest.mark.parametrize("path", ["../secret.png", "a/../../secret.png", "/etc/passwd", "link.png"])
def test_a_row_that_leads_outside_the_source_is_refused_by_file_and_row(source, path):
    (source / "link.png").symlink_to(source.parent / "secret.png")
    message = refused(source, f"path,label,patient_id\na/1.png,normal,1\n{path},normal,2\n")
    assert message.startswith(f"{source}/manifest.csv, row 3: image {path} lies outside {source}.")


def test_a_missing_manifest_is_named(source):
    with pytest.raises(UserError, match=r"films/manifest.csv does not exist"):
        list_manifest(source, "manifest.csv")


@pytest.mark.parametrize("name", ["../manifest.csv", "/tmp/manifest.csv"])  # noqa: S108
def test_a_manifest_outside_the_source_is_refused(source, name):
    with pytest.raises(UserError, match="lies outside the source folder"):
        list_manifest(source, name)


def test_missing_columns_are_named_with_those_found(source):
    message = refused(source, "file;label;patient_id\na/1.png;x;1\n")
    assert "manifest.csv lacks the columns path, label, patient_id." in message
    assert "found: file;label;patient_id" in message


def test_a_file_listed_twice_is_refused_with_both_rows(source):
    message = refused(source, "path,label,patient_id\na/1.png,x,1\nb/2.png,x,2\na/./1.png,y,3\n")
    assert "manifest.csv, row 4: image a/1.png was listed before, in row 2." in message


def test_a_split_that_does_not_exist_is_refused(source):
    message = refused(source, "path,label,patient_id,split\na/1.png,x,1,holdout\n")
    assert "manifest.csv, row 2: split is holdout; it must be one of train, validation, test." in message


def test_a_split_for_some_rows_only_is_refused(source):
    message = refused(source, "path,label,patient_id,split\na/1.png,x,1,train\nb/2.png,x,2,\n")
    assert "manifest.csv, row 3: no split is given, but other rows give one." in message


@pytest.mark.parametrize("row", ["a/1.png,x", "a/1.png,x,1,2"])
def test_a_row_with_too_few_or_too_many_cells_is_refused(source, row):
    message = refused(source, f"path,label,patient_id\n{row}\n")
    assert "manifest.csv, row 2: it must have 3 cells" in message


def test_an_empty_path_is_refused(source):
    assert "row 2: path is empty" in refused(source, "path,label,patient_id\n,x,1\n")


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("m.csv", b"", "lacks the columns"),
        ("m.csv", b"path,label,patient_id\n\xff\xfe,x,1\n", "not UTF-8"),
        ("m.csv", b'path,label,patient_id\n"a/1.png,x,1\n', "cannot be read"),
        ("m.parquet", b"no parquet", "cannot be read"),
        ("m.xlsx", b"PK", "must end in .csv or .parquet"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_refused_by_name(source, name, content, problem):
    message = refused(source, content, name)
    assert message.startswith(str(source / name))
    assert problem in message


def test_control_characters_exclude_a_path_and_refuse_a_label(source):
    (entry,) = listing(source, 'path,label,patient_id\n"a/1\t.png",x,1\n').entries
    assert (entry.path, entry.excluded.reason) == ("a/1\\t.png", "bad_name")
    assert "row 2: label and patient_id" in refused(source, "path,label,patient_id\na/1.png,x\x1b[1m,1\n")


def test_files_that_the_manifest_does_not_list_are_counted(source):
    (source / "README.md").touch()
    assert listing(source, "path,label,patient_id\na/1.png,x,1\n").ignored == {".md": 1, ".png": 1}
