"""What an audit reads: folders with and without labels, manifests, and what is wrong with them."""

import numpy as np
import pytest

from evidrift.auditing.films.images import read_images
from evidrift.auditing.films.labels import order_notes
from evidrift.auditing.words import patients_sentence
from evidrift.base.errors import UserError
from tests.prepare.films import film, save

SIZE = 32


@pytest.fixture
def films(tmp_path):
    """Two class folders of three films each."""
    for seed in range(6):
        label = ("normal", "covid19")[seed % 2]
        save(tmp_path / label / f"{seed}.png", film(seed, 80, 72))
    return tmp_path


def read(path, n_classes=2, **how):
    return read_images(path, SIZE, n_classes, quiet=True, **how)


def test_class_folders_are_labels_in_alphabetical_order(films):
    found = read(films)
    assert found.images.classes == ("covid19", "normal")
    assert list(found.images.ids) == [f"covid19/{n}.png" for n in (1, 3, 5)] + [
        f"normal/{n}.png" for n in (0, 2, 4)
    ]
    assert list(found.images.labels) == [0, 0, 0, 1, 1, 1]
    assert found.images.pixels.shape == (6, SIZE, SIZE)
    assert found.images.pixels.dtype == np.uint8
    assert found.labels_known
    assert not found.patients_known
    assert "alphabetical order" in found.notes[0]


def test_patients_that_are_known_of_some_films_only_are_counted(films):
    assert "each film counts" in patients_sentence(read(films))
    rows = [
        "path,label,patient_id",
        *(f"{('normal', 'covid19')[n % 2]}/{n}.png,,p{n // 2}" for n in range(4)),
    ]
    (films / "manifest.csv").write_text("\n".join([*rows, "normal/4.png,,", "covid19/5.png,,"]))
    found = read(films, labels=False)
    assert not found.patients_known
    assert patients_sentence(found).startswith("The patient of 2 of 6 films was not given")


def test_given_classes_are_in_the_order_of_the_outputs(films):
    found = read(films, n_classes=3, classes=["normal", "other", "covid19"])
    assert list(found.images.labels) == [2, 2, 2, 0, 0, 0]
    assert not found.notes


def test_labels_can_be_left_out_of_account(films):
    found = read(films, n_classes=5, labels=False)
    assert list(found.images.labels) == [-1] * 6
    assert found.images.classes == tuple(f"class {n}" for n in range(5))
    assert not found.labels_known


def test_a_folder_of_films_has_no_labels(tmp_path):
    for seed in range(3):
        save(tmp_path / f"{seed}.png", film(seed, 80, 72))
    found = read(tmp_path)
    assert len(found.images.ids) == 3
    assert not found.labels_known


def test_a_manifest_needs_paths_alone(films):
    (films / "list.csv").write_text("path\ncovid19/1.png\nnormal/0.png\n")
    found = read(films / "list.csv")
    assert list(found.images.ids) == ["covid19/1.png", "normal/0.png"]
    assert not found.labels_known


def test_a_manifest_gives_labels_and_patients(films):
    (films / "list.csv").write_text("path,label,patient_id\ncovid19/1.png,sick,a\nnormal/0.png,well,b\n")
    found = read(films / "list.csv")
    assert found.images.classes == ("sick", "well")
    assert list(found.images.patient_ids) == ["a", "b"]
    assert found.patients_known


def test_what_cannot_be_used_is_listed_with_why(films):
    (films / "normal" / "broken.png").write_bytes(b"no film")
    save(films / "normal" / "again.png", film(0, 80, 72))
    save(films / "normal" / "tiny.png", film(9, 24, 24))
    save(films / "other" / "x.png", film(10, 80, 72))
    found = read(films, classes=["covid19", "normal"])
    reasons = {entry.path: why.reason for entry, why in found.exclusions}
    assert reasons == {
        "normal/broken.png": "unreadable",
        "normal/again.png": "duplicate",
        "normal/tiny.png": "too_small",
        "other/x.png": "unknown_label",
    }
    assert found.n_listed == len(found.images.ids) + len(found.exclusions) == 10


def test_splits_are_audited_whole_and_said_so(tmp_path):
    for seed, split in enumerate(("train", "test")):
        for label in ("a", "b"):
            save(tmp_path / split / label / f"{seed}{label}.png", film(10 * seed + ord(label), 80, 72))
    found = read(tmp_path)
    assert len(found.images.ids) == 4
    assert any("give the test images alone" in note for note in found.notes)


@pytest.mark.parametrize(
    ("make", "how", "sentence"),
    [
        (lambda root: root / "missing", {}, "missing does not exist"),
        (lambda root: root / "normal" / "0.png", {}, "is a single image"),
        (lambda root: root / "notes.txt", {}, "neither a folder of images nor a manifest"),
        (lambda root: root / "empty", {}, "holds no images"),
        (lambda root: root / "broken", {}, "no image that can be used. Left out: 1 unreadable (first: x.png"),
        (lambda root: root / "no_path.csv", {}, "lacks the column path"),
        (
            lambda root: root,
            {"n_classes": 5},
            "has labels of 2 classes (covid19, normal), but the models tell 5",
        ),
        (lambda root: root, {"classes": ["a", "b"]}, "none of which is in `classes` (a, b)"),
        (lambda root: root, {"classes": ["a", "a"]}, "names a class twice"),
        (lambda root: root, {"classes": ["a"]}, "`classes` names 1 classes (a), but the models tell 2 apart"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(films, make, how, sentence):
    (films / "notes.txt").write_text("hello")
    (films / "no_path.csv").write_text("study,label\n")
    for name in ("empty", "broken"):
        (films.parent / name).mkdir(exist_ok=True)
    path = make(films)
    if path.name in ("empty", "broken"):
        path = films.parent / path.name
        (films.parent / "broken" / "x.png").write_bytes(b"no film")
    with pytest.raises(UserError) as error:
        read(path, **how)
    assert sentence in str(error.value)


def test_masks_beside_the_films_are_left_out_and_the_labels_read(tmp_path):
    for seed, name in enumerate(("COVID", "Lung_Opacity", "Normal")):
        save(tmp_path / name / "images" / f"{name}-1.png", film(seed, 80, 72))
        save(tmp_path / name / "masks" / f"{name}-1.png", film(10 + seed, 80, 72))
    (tmp_path / "COVID.metadata.xlsx").touch()
    found = read(tmp_path, n_classes=3)
    assert list(found.images.ids) == [f"{name}/images/{name}-1.png" for name in found.images.classes]
    assert list(found.images.labels) == [0, 1, 2]
    assert {entry.path: why.reason for entry, why in found.exclusions} == {
        f"{name}/masks/{name}-1.png": "mask" for name in found.images.classes
    }
    assert found.n_listed == 6
    assert found.ignored == {".xlsx": 1}
    assert any("passed over" in note for note in found.notes)


def test_a_film_without_a_label_is_left_out_where_others_have_one(films):
    save(films / "loose.png", film(20, 80, 72))
    save(films / "covid19" / "lateral" / "1.png", film(21, 80, 72))
    (films / "covid19" / "7.npy").touch()
    found = read(films)
    assert {entry.path: why.reason for entry, why in found.exclusions} == {
        "covid19/7.npy": "other_kind",
        "covid19/lateral/1.png": "unknown_label",
        "loose.png": "unknown_label",
    }
    # without labels all that can be read is audited
    assert len(read(films, labels=False).images.ids) == 8


def test_labels_that_the_layout_could_give_but_does_not_are_refused(tmp_path):
    for seed in range(2):
        save(tmp_path / "deep" / "set" / f"{seed}" / "x" / f"{seed}.png", film(seed, 80, 72))
        save(tmp_path / "own" / "ab"[seed] / f"{seed}.png", film(seed, 80, 72))
    (tmp_path / "own/manifest.csv").write_text("path\na/0.png\nb/1.png\n")
    (tmp_path / "own/empty.csv").write_text("path,label\na/0.png,\nb/1.png,\n")
    for path, sentence in (
        (tmp_path / "deep", "No film of {path} has a label. Left out: 2 unknown_label (first: set/0/x/0.png"),
        (tmp_path / "own", "{path} has class folders, but its manifest manifest.csv has no column label."),
        (tmp_path / "own/empty.csv", "No film of {path} has a label."),
    ):
        with pytest.raises(UserError) as error:
            read(path)
        assert str(error.value).startswith(sentence.format(path=path))
        assert "audit without labels (`labels`)" in str(error.value)
        assert not read(path, labels=False).labels_known
    (tmp_path / "own/manifest.csv").write_text("shipment,weight\n7,3\n")
    with pytest.raises(UserError, match=r"lacks the column path.*move it out of the folder\.$"):
        read(tmp_path / "own")


def test_a_folders_own_manifest_is_read_in_its_place(films):
    rows = [f"covid19/{n}.png,sick,p{n},F" for n in (1, 3)] + ["normal/0.png,well,p0,M"]
    (films / "manifest.csv").write_text("\n".join(["path,label,patient_id,sex", *rows]))
    found = read(films)
    assert found.images.classes == ("sick", "well")
    assert list(found.images.patient_ids) == ["p1", "p3", "p0"]
    assert [each.entry.extra for each in found.loaded] == [{"sex": "F"}, {"sex": "F"}, {"sex": "M"}]
    assert found.ignored == {".png": 3}


NUMBERS = ("0", "1", "2", "10")


def test_numbered_classes_sort_by_value_in_a_table_and_as_text_in_folders(tmp_path):
    for seed, name in enumerate(NUMBERS):
        save(tmp_path / name / f"{seed}.png", film(seed, 80, 72))
    text = sorted(NUMBERS)
    found = read(tmp_path, n_classes=4)
    assert list(found.images.classes) == text
    assert "as Keras reads folders even if they are numbers: 0, 1, 10, 2." in found.notes[0]
    rows = [f"{name}/{seed}.png,{name}" for seed, name in enumerate(NUMBERS)]
    (tmp_path / "list.csv").write_text("\n".join(["path,label", *rows]))
    found = read(tmp_path / "list.csv", n_classes=4)
    assert found.images.classes == NUMBERS
    assert list(found.images.labels) == [0, 1, 3, 2]
    assert "by their value, as whole numbers in a table are the places of the outputs" in found.notes[0]


def test_an_order_in_which_a_model_would_be_far_better_is_named():
    names = sorted(str(n) for n in range(12))
    # The model is perfect, but its outputs are in the order of the numbers.
    truth = np.repeat(np.arange(12), 4)
    called = np.array([int(names[at]) for at in truth])
    right = truth.copy()
    (note,) = order_notes({"before 1": called, "after 1": called, "after 2": right}, truth, names)
    # 0 and 1 alone keep their places: 8 of 48
    assert note.startswith(
        "Model before 1 is right on 17% of the films; if its outputs are in the order 0, 1, 2, 3"
    )
    assert "9, 10, 11, it is right on 100%." in note


def test_no_other_order_is_named_for_a_model_that_is_only_bad_or_of_few_films():
    random = np.random.default_rng(3)
    truth = np.repeat(np.arange(3), 20)
    calls = {"1": random.integers(0, 3, 60), "2": truth, "3": np.zeros(60, int)}
    assert order_notes(calls, truth, "abc") == []
    for n, notes in ((20, 1), (19, 0)):
        assert len(order_notes({"1": np.arange(n) % 2}, 1 - np.arange(n) % 2, "ab")) == notes


def test_where_all_films_are_pointers_one_sentence_says_so(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        text = "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n"
        (tmp_path / name / "1.png").write_text(text)
    with pytest.raises(UserError, match=r"each of its 2 files is a Git LFS pointer.*git lfs pull"):
        read(tmp_path)


def test_a_workbook_in_place_of_a_manifest_says_how_to_save_it(films):
    (films / "list.xlsx").write_bytes(b"PK")
    with pytest.raises(UserError, match=r"list\.xlsx is a workbook: save its sheet as CSV"):
        read(films / "list.xlsx")


def test_a_film_with_two_labels_is_left_out_by_models_of_one_class_a_film(films):
    rows = ["covid19/1.png,sick", "covid19/3.png,sick|old", "normal/0.png,well"]
    (films / "list.csv").write_text("\n".join(["path,label", *rows]))
    found = read(films / "list.csv")
    assert found.images.classes == ("sick", "well")
    assert [(entry.path, why.reason) for entry, why in found.exclusions] == [
        ("covid19/3.png", "several_labels")
    ]
