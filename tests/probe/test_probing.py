import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from evidrift.base.errors import UserError
from evidrift.images.store import SPLITS
from evidrift.probe.probing import probe
from evidrift.probe.results import NearDuplicate, Unjudged, read_probe
from tests.images.stores import list_manifest
from tests.places import ROOT
from tests.prepare.films import film
from tests.probe.stores import SIDE, Row, write

N = 60


def cohort(**changes):
    """60 images of 60 patients that all look different, two classes that say nothing of the look."""
    rows = []
    for at in range(N):
        row = {"label": at % 2, "patient": f"p{at}", "split": SPLITS[at // 2 % 3], "look": at}
        rows.append(Row(f"{at:03d}", **row | {name: value(at) for name, value in changes.items()}))
    return rows


def framed(at):
    """The border of class b is brighter, its middle is not."""
    pixels = film(at, SIDE, SIDE).copy()
    edge = np.ones_like(pixels, bool)
    edge[4:-4, 4:-4] = False
    pixels[edge] = 60 + 60 * (at % 2)
    return pixels


def test_a_class_that_the_border_shows_is_found_by_traits_and_by_thumbnails(tmp_path):
    found, _ = probe(*write(tmp_path, cohort(pixels=framed)))
    for name in ("traits", "thumbnails"):
        assert found.predictions[name].accuracy == 1
        assert found.predictions[name].baseline == 0.5


def test_films_that_say_nothing_of_their_class_leave_the_baseline_in_the_interval(tmp_path):
    found, pairs = probe(*write(tmp_path, cohort()))
    for name in ("traits", "thumbnails"):
        prediction = found.predictions[name]
        assert prediction.low < prediction.baseline < prediction.high
    assert found.predictions["source"] == Unjudged("the manifest has no column source")
    assert pairs == []


def test_a_source_that_is_the_class_predicts_it(tmp_path):
    found, _ = probe(*write(tmp_path, cohort(source=lambda at: "=cmd|x" if at % 2 else "")))
    assert found.predictions["source"].accuracy == 1


@pytest.mark.parametrize("source", [lambda at: "here", str], ids=["one for all", "each its own"])
def test_a_source_that_no_images_or_all_images_share_tells_nothing(tmp_path, source):
    found, _ = probe(*write(tmp_path, cohort(source=source)))
    assert found.predictions["source"] == Unjudged("all images are alike in it")


def test_a_copy_planted_in_another_split_is_found_and_one_in_the_same_split_is_not(tmp_path):
    """003 (validation) is 000 (train) with a brighter middle; 007 is in train like 006, its copy."""

    def pixels(at):
        if at not in (3, 7):
            return film(at, SIDE, SIDE)
        copy = film(at // 6 * 6, SIDE, SIDE).copy()
        copy[30:34, 30:34] //= 2
        return copy

    rows = cohort(pixels=pixels)
    assert [rows[at].split for at in (0, 3, 6, 7)] == ["train", "validation", "train", "train"]
    found, pairs = probe(*write(tmp_path, rows))
    assert found.n_near_duplicates == 1
    assert pairs == [NearDuplicate("000", "train", "003", "validation", pairs[0].distance)]
    assert 0 < pairs[0].distance < 20


def test_a_manifest_of_other_images_is_refused(tmp_path):
    store, manifest = write(tmp_path, cohort())
    manifest.write_text(manifest.read_text().replace("017,", "other,"))
    list_manifest(tmp_path)
    with pytest.raises(UserError, match=r"manifest\.csv lacks image 017 of"):
        probe(store, manifest)


def run_stage(images: Path, out: Path) -> tuple[bytes, bytes]:
    """Its two files."""
    files = out / "near_duplicates.csv", out / "probe.json"
    words = ["--params", "params.yaml", "--images", images, "--probe", out, "--metrics", files[1]]
    subprocess.run([sys.executable, "-m", "stages.probe", *map(str, words)], cwd=ROOT, check=True)
    return files[0].read_bytes(), files[1].read_bytes()


def test_the_stage_writes_the_same_bytes_twice(tmp_path):
    store, _ = write(tmp_path, cohort(pixels=framed, source=lambda at: str(at % 3)))
    first, second = (run_stage(store.parent, tmp_path / name) for name in ("1", "2"))
    assert first == second
    assert first[0] == b"image_id,split,other,other_split,distance\n"
    assert set(json.loads(first[1])) == {"predictions", "near_duplicates", "seal"}
    assert read_probe(tmp_path / "1" / "probe.json").predictions["traits"].n_images == N
