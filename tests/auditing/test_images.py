"""What an audit reads: folders with and without labels, manifests, and what is wrong with them."""

import numpy as np
import pytest

from evidrift.auditing.images import read_images
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
    save(films / "normal" / "tiny.png", film(9, 48, 48))
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
        (lambda root: root / "broken", {}, "none of its 1 images can be used. The first: x.png: unreadable"),
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
