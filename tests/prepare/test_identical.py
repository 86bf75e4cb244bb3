from evidrift.prepare.entry import Entry, Loaded
from evidrift.prepare.identical import find_identical


def image(path, pixels, label="normal", split=None) -> Loaded:
    return Loaded(Entry(path, label, split=split), 1, 1, sha256=path, pixel_hash=pixels, content=(0, 0, 1, 1))


def excluded(*images) -> dict[str, str]:
    return {path: str(why) for path, why in find_identical(images).excluded.items()}


def test_of_duplicates_the_first_path_stays():
    found = excluded(image("c", "same"), image("a", "same"), image("b", "other"), image("d", "same"))
    assert found == {"c": "duplicate: identical to a", "d": "duplicate: identical to a"}


def test_identical_pixels_under_two_labels_are_all_excluded():
    found = excluded(
        image("a", "same", "normal"), image("b", "same", "covid19"), image("c", "same", "normal")
    )
    assert found == {
        "a": "conflicting_labels: identical to b (covid19)",
        "b": "conflicting_labels: identical to a (normal)",
        "c": "conflicting_labels: identical to b (covid19)",
    }


def test_identical_images_in_two_given_splits_stay_and_are_reported():
    images = [
        image("test/1", "same", split="test"),
        image("train/1", "same", split="train"),
        image("train/2", "same", split="train"),
    ]
    found = find_identical(images)
    assert found.kept == {"train/1": "test/1"}
    assert {path: str(why) for path, why in found.excluded.items()} == {
        "train/2": "duplicate: identical to train/1"
    }


def test_two_labels_in_two_given_splits_are_excluded_too():
    images = (image("a", "same", "normal", "train"), image("b", "same", "covid19", "test"))
    assert sorted(excluded(*images)) == ["a", "b"]
