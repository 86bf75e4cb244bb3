import pandas as pd
import pytest

from evidrift.base.errors import UserError
from evidrift.prepare.listing.manifest import list_manifest
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


ROWS = [("a/1.png", "x", "1"), ("b/2.png", "unauffällig", "2")]
HEADER = ("path", "label", "patient_id")


def table(rows=ROWS, header=HEADER, separator=",", end="\n") -> str:
    return end.join(separator.join(row) for row in (header, *rows)) + end


def renamed(change) -> list:
    return [(change(path), label, patient) for path, label, patient in ROWS]


@pytest.mark.parametrize(
    "content",
    [
        table(separator=";"),
        table(separator="\t", end="\r\n").encode("utf-16"),
        table().encode("utf-16-be"),
        table().encode("utf-8-sig"),
        table(separator=";").encode("cp1252"),
        "sep=;\r\n" + table(separator=";", end="\r\n"),
        table([(*row, "") for row in ROWS] + [("", " ", "", "")] * 2, (*HEADER, "")),
        table([ROWS[0], (*ROWS[1], "", "")]),
        table(renamed(lambda path: path.replace("/", "\\"))),
        table(renamed(lambda path: f"./{path}")),
        table(renamed(lambda path: f"films/{path}")),
        table(renamed(lambda path: path.replace("png", "PNG").replace("a/", "A/"))),
        table(renamed(lambda path: path.removesuffix(".png"))),
        table([tuple(f" {cell} " for cell in row) for row in ROWS], ("path", " label", " patient_id")),
        table(header=("Path", "LABEL", "Patient ID")),
        table(header=("Image Index", "Finding Labels", "Patient ID")),  # NIH ChestX-ray14
        table(header=("filename", "class", "patient")),
    ],
    ids=lambda content: "" if isinstance(content, str) else "encoded",
)
def test_what_spreadsheets_and_programs_write_is_read_where_it_can_only_mean_one_thing(source, content):
    found = listing(source, content)
    assert [(e.path, e.label, e.patient_id, e.extra) for e in found.entries] == [(*row, {}) for row in ROWS]
    assert [e.excluded for e in found.entries] == [None, None]
    assert found.labels_from == "table"


def test_a_file_of_tabs_may_be_called_so(source):
    assert [e.path for e in listing(source, table(separator="\t"), "list.tsv").entries] == [
        "a/1.png",
        "b/2.png",
    ]


def test_absolute_paths_are_read_inside_the_folder_and_elsewhere_named_with_what_to_write(source):
    assert [e.path for e in listing(source, table(renamed(lambda path: f"{source}/{path}"))).entries] == [
        "a/1.png",
        "b/2.png",
    ]
    for before in ("/home/me/cxr/", "C:\\Users\\me\\", "\\\\server\\cxr\\"):
        told = refused(source, table(renamed(lambda path, before=before: f"{before}{path}")))
        assert f"row 2: image {before}a/1.png lies outside {source}." in told
        assert told.endswith(f"{source}/a/1.png is there: write a/1.png.")


def test_what_is_read_otherwise_than_it_is_written_is_told(source):
    text = table([("A/1.PNG", "x", "1"), ("b/2.png", "y", "2")], ("file", "label", "patient_id"))
    assert listing(source, text).notes == (
        "manifest.csv: columns were read by their meaning: file as path.",
        "manifest.csv: 1 path is written otherwise than the files are called, and read as the only files "
        "that can be meant: A/1.PNG (row 2) as a/1.png.",
    )
    assert listing(source, table()).notes == ()
    assert "Windows-1252" in listing(source, table().encode("cp1252")).notes[0]


def test_a_path_that_could_be_two_files_is_refused_by_row(source):
    save(source / "a/1.jpg", film(3))
    save(source / "B/2.png", film(4))
    told = refused(source, table(renamed(lambda path: path.removesuffix(".png"))))
    assert "row 2: a/1 could be a/1.jpg or a/1.png. Write the path as the file is called." in told
    assert listing(source, table()).entries[1].path == "b/2.png"
    assert "row 3: b/2.PNG could be B/2.png or b/2.png" in refused(
        source, table([ROWS[0], ("b/2.PNG", "", "")])
    )


def test_accents_of_macos_are_the_same_name(source):
    save(source / "le\u0301sion/3.png", film(3))
    (entry,) = listing(source, table([("l\u00e9sion/3.png", "x", "1")])).entries
    assert entry.path == "le\u0301sion/3.png"


def test_a_file_that_is_not_there_is_left_for_the_list_of_exclusions(source):
    (entry,) = listing(source, table([("a/9", "x", "1")])).entries
    assert (entry.path, entry.excluded) == ("a/9", None)


def test_a_missing_manifest_is_named(source):
    with pytest.raises(UserError, match=r"films/manifest.csv does not exist"):
        list_manifest(source, "manifest.csv")


@pytest.mark.parametrize("name", ["../manifest.csv", "/tmp/manifest.csv"])  # noqa: S108
def test_a_manifest_outside_the_source_is_refused(source, name):
    with pytest.raises(UserError, match="lies outside the source folder"):
        list_manifest(source, name)


def test_missing_columns_are_named_with_those_found(source):
    message = refused(source, "study;label;site\na/1.png;x;1\n")
    assert "manifest.csv lacks the columns path, patient_id." in message
    assert "found: study, label, site" in message


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
        ("m.xlsx", b"PK", "is a workbook: save its sheet as CSV"),
        ("m.csv", b"PK\x03\x04 of Excel", "is a workbook, though it is called .csv: save its sheet"),
        ("m.docx", b"PK", "must end in .csv, .tsv, .parquet"),
        ("m.csv", "path,label\na/1.png,пневмония".encode("cp1251"), "not UTF-8"),
        ("m.csv", "path,label\na/1.png,肺炎".encode("shift-jis"), "not UTF-8"),
        ("m.csv", b"path,label,patient_id,\na/1.png,x,1,no heading\n", "a column without a heading"),
        ("m.csv", b"path,label,patient_id,site,site\na/1.png,x,1,a,b\n", "has two columns site. Rename one"),
        (
            "m.csv",
            b"file,filename,label,patient_id\na/1.png,1.png,x,1\n",
            "column path could be any of file, filename. Call one of them path.",
        ),
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


@pytest.mark.parametrize("unknown", ["NA", "nan", "#N/A", "null", "None", " "])
def test_what_programs_write_for_no_patient_makes_no_patient_of_all_these_films(source, unknown):
    text = f"path,label,patient_id\na/1.png,x,{unknown}\nb/2.png,x,{unknown}\n"
    assert [entry.patient_id for entry in listing(source, text).entries] == [None, None]


@pytest.mark.parametrize("rounded", ["1.23457E+11", "4,5e+08"])
def test_a_patients_number_that_a_program_rounded_is_refused(source, rounded):
    text = f"path;label;patient_id\na/1.png;x;12\nb/2.png;x;{rounded}\n"
    assert f"row 3: patient_id is {rounded}: the program that wrote it has rounded" in refused(source, text)


def test_a_film_that_is_missing_though_the_end_of_its_path_is_there_is_told(source):
    text = "path,label,patient_id\nrelease-3/train/a/1.png,x,1\nb/2.png,y,2\n"
    (missing,) = (entry for entry in listing(source, text).entries if entry.excluded)
    assert (missing.excluded.reason, missing.excluded.detail) == (
        "missing",
        "no such file; a/1.png is there: write that",
    )


@pytest.mark.parametrize("cells", [f"{'x' * 201},7", f"a,{'7' * 201}"])
def test_a_name_of_more_than_200_characters_is_refused(source, cells):
    told = refused(source, f"path,label,patient_id\na/1.png,{cells}\n")
    assert "manifest.csv, row 2: label and patient_id have at most 200 characters" in told


@pytest.mark.parametrize("heading", ["sex\x1b[31m", '"a\nb"', "x" * 201])
def test_a_heading_that_nobody_can_read_is_refused(source, heading):
    assert "the heading" in refused(source, f"path,label,patient_id,{heading}\na/1.png,x,7,m\n")


def test_names_that_a_spreadsheet_takes_for_formulas_are_kept_and_told(source):
    rows = "a/1.png,=cmd|' /C calc'!A0,+1\nb/2.png,-1,@x\n"
    found = listing(source, f"path,label,patient_id\n{rows}")
    assert [(entry.label, entry.patient_id) for entry in found.entries] == [
        ("=cmd|' /C calc'!A0", "+1"),
        ("-1", "@x"),
    ]
    assert found.notes == (
        "manifest.csv: 2 cells begin like a formula: =cmd|' /C calc'!A0. They are kept as they are: import "
        "our tables into a spreadsheet as text.",
    )
