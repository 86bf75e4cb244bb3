"""DICOM files: what their kinds in docs/formats.md leave open."""

from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom.uid import JPEGLosslessSV1

from evidrift.prepare.entry import Entry, Excluded
from evidrift.prepare.films.codecs import Shape, decode_run_lengths
from evidrift.prepare.films.window import apply_window
from evidrift.prepare.read import read_film
from evidrift.prepare.source import load_file
from tests.prepare.films import film
from tools.formats import packed
from tools.formats.dicom_file import dicom
from tools.formats.known import colours, picture

WHOLE = [dicom(picture(12), BitsStored=12), packed.compressed()[1].data, packed.compressed()[5].data]


def load(path: Path):
    entry = Entry(path.name, label="normal")
    return load_file(entry, path.parent, size=64, padding=False, min_side=8)


@pytest.mark.parametrize("name", ["1.jpg", "IM0001", "film.dcm30", "film.png", "film.dcm"])
def test_the_content_says_that_it_is_dicom_whatever_the_name(tmp_path, name):
    (tmp_path / name).write_bytes(dicom(film(3, 70, 64)))
    loaded, planes = load(tmp_path / name)
    assert (loaded.width, loaded.height) == (64, 70)
    assert planes.shape == (1, 64, 64)


def test_the_same_pixels_as_dicom_and_as_png_are_identical(tmp_path):
    (tmp_path / "a").write_bytes(dicom(film(3, 70, 64)))
    Image.fromarray(film(3, 70, 64)).save(tmp_path / "b.png")
    assert load(tmp_path / "a")[0].pixel_hash == load(tmp_path / "b.png")[0].pixel_hash


@given(st.sampled_from(WHOLE), st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1))
@settings(max_examples=100, deadline=None)
def test_damage_anywhere_never_breaks_more_than_that_file(data, damage):
    damaged = bytearray(data)
    for place, value in damage:
        damaged[place % len(damaged)] = value
    try:
        pixels = read_film(bytes(damaged)).pixels
    except Excluded:
        return
    assert (pixels.dtype, pixels.ndim) == (np.uint8, 2)


def test_a_picture_in_colour_a_ct_slice_and_a_tint_are_told_apart():
    tint = np.stack([picture(8), picture(8) * 0.9, picture(8) * 0.85], axis=-1).astype(np.uint8)
    rgb = np.roll(colours(), 1, axis=2)
    assert read_film(dicom(rgb)).flags == ("colour",)
    assert read_film(dicom(tint)).flags == ()
    assert read_film(dicom(picture(12), Modality="CT")).flags == ("other_modality",)
    assert read_film(dicom(picture(12), Modality="CR")).flags == ()


@pytest.mark.parametrize(
    ("function", "value", "expected"),
    [
        # PS3.3, C.11.2.1.2.1, note 3: centre 2048 and width 4096 take 0 to 0 and 4095 to the maximum.
        ("LINEAR", [0, 4095], [0, 255]),
        # Note 4 of the exact function: 0 to 0, and 4096 would be the maximum.
        ("LINEAR_EXACT", [0, 2048, 4096], [0, 127.5, 255]),
        # 255 / (1 + exp(-4 x / 4096)) at x = 0 and at x = 1024: 1 / (1 + 1/e).
        ("SIGMOID", [2048, 3072], [127.5, 255 / (1 + np.exp(-1))]),
    ],
)
def test_windows_are_the_standards(function, value, expected):
    found = apply_window(np.array(value), 2048, 4096, function)
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_a_window_of_width_1_is_a_threshold():
    assert apply_window(np.array([99, 100]), 100, 1, "LINEAR").tolist() == [0, 255]


def test_run_lengths_that_swell_fill_no_more_than_the_picture():
    # -127: the next byte 128 times; a megabyte of it would be 64.
    segment = b"\x81\x07" * 500_000
    head = (1).to_bytes(4, "little") + (64).to_bytes(4, "little") + bytes(56)
    try:
        pixels = decode_run_lengths(head + segment, Shape(10, 10, 1, 8))
    except Exception as error:
        assert not isinstance(error, MemoryError)
    else:
        assert pixels.tolist() == [[7] * 10] * 10


def test_a_compressed_picture_of_another_size_is_never_decoded(monkeypatch):
    frame = imagecodecs.jpeg8_encode(picture(8).astype(np.uint8), lossless=True)
    monkeypatch.setattr("evidrift.prepare.films.codecs.imagecodecs.jpeg8_decode", None)
    wrong = dicom(picture(8).astype(np.uint8), JPEGLosslessSV1, frame=frame, Rows=7)
    with pytest.raises(Excluded, match="the header says 32x7 px"):
        read_film(wrong)
