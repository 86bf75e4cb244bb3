import errno
import io
import os
import struct
import warnings
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from evidrift.prepare.entry import Entry, Excluded
from evidrift.prepare.films.film import MAX_PIXELS
from evidrift.prepare.films.window import window_16_bit
from evidrift.prepare.read import check_usable, fit, read_grey
from evidrift.prepare.source import load_file
from tests.prepare.films import film

FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP", "JPEG2000")


def encoded(image: Image.Image, kind: str = "PNG", **how) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **how)
    return buffer.getvalue()


def reason_of(data: bytes) -> str:
    with pytest.raises(Excluded) as left_out:
        read_grey(data)
    return left_out.value.reason


def test_an_8_bit_grey_png_is_read_as_it_is():
    np.testing.assert_array_equal(read_grey(encoded(Image.fromarray(film(1)))), film(1))


def test_colour_becomes_luma():
    pixels = np.zeros((1, 3, 3), np.uint8)
    pixels[0] = np.diag([255, 255, 255])  # red, green, blue
    assert read_grey(encoded(Image.fromarray(pixels))).tolist() == [[76, 150, 29]]  # 0.299, 0.587, 0.114


def test_a_palette_is_resolved():
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8), mode="P")
    image.putpalette([10, 10, 10, 200, 200, 200, 90, 90, 90])
    assert read_grey(encoded(image)).tolist() == [[10, 200, 90]]


def test_transparency_lies_on_black():
    pixels = np.array([[[200, 200, 200, 255], [200, 200, 200, 0], [100, 100, 100, 255]]], np.uint8)
    assert read_grey(encoded(Image.fromarray(pixels))).tolist() == [[200, 0, 100]]


def test_a_transparent_palette_colour_lies_on_black():
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8), mode="P")
    image.putpalette([10, 10, 10, 200, 200, 200, 90, 90, 90])
    assert read_grey(encoded(image, transparency=1)).tolist() == [[10, 0, 90]]


def test_a_one_bit_png_is_black_and_white():
    assert read_grey(encoded(Image.fromarray(np.array([[True, False]])))).tolist() == [[255, 0]]


@pytest.mark.parametrize("how", [{}, {"progressive": True}])
def test_a_grey_jpeg_is_read_to_within_its_own_loss(how):
    data = encoded(Image.fromarray(film(2)), "JPEG", quality=95, **how)
    assert np.abs(read_grey(data).astype(int) - film(2)).max() <= 6


def test_a_cmyk_jpeg_is_not_read_as_a_negative():
    image = Image.fromarray(film(3)).convert("RGB").convert("CMYK")
    pixels = read_grey(encoded(image, "JPEG", quality=95))
    assert np.abs(pixels.astype(int) - film(3)).max() <= 8


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_as_pillow_applies_it(orientation):
    image = Image.fromarray(film(4))
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(image, "JPEG", exif=exif.tobytes(), quality=95)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
    np.testing.assert_array_equal(read_grey(data), expected)


def test_a_12_bit_radiograph_in_a_16_bit_png_spans_all_grey_levels():
    ramp = np.repeat(np.arange(4096, dtype=np.uint16)[np.newaxis], 3, axis=0)
    pixels = read_grey(encoded(Image.fromarray(ramp)))
    assert np.abs(pixels.astype(float) - ramp * (255 / 4095)).max() <= 1
    assert (np.diff(pixels.astype(int), axis=1) >= 0).all()


def test_one_hot_pixel_does_not_darken_a_16_bit_image():
    ramp = np.repeat(np.arange(4096, dtype=np.uint16)[np.newaxis], 3, axis=0)
    hot = ramp.copy()
    hot[0, 0] = 65535
    assert np.abs(window_16_bit(hot).astype(int) - window_16_bit(ramp))[:, 1:].max() <= 1


def test_a_16_bit_image_with_few_pixels_beside_its_background_is_not_lost():
    pixels = np.full((100, 100), 500, np.uint16)
    pixels[50, 50] = 1500
    assert np.unique(window_16_bit(pixels)).tolist() == [0, 255]


@pytest.mark.parametrize("channels", [3, 4])
def test_a_16_bit_colour_png_keeps_more_than_its_high_bytes(channels):
    ramp = np.repeat(np.arange(0, 4096, dtype=np.uint16)[np.newaxis], 3, axis=0)
    colours = np.repeat(ramp[..., np.newaxis], channels, axis=2)
    colours[..., 3:] = 65535  # opaque
    data = cv2.imencode(".png", colours)[1].tobytes()
    assert np.abs(read_grey(data).astype(float) - ramp * (255 / 4095)).max() <= 1


def test_no_bytes_are_an_empty_image():
    assert reason_of(b"") == "empty"


def test_one_grey_value_all_over_is_an_empty_image():
    check_usable(film(1), min_side=20)
    with pytest.raises(Excluded, match="empty: every pixel has the same value"):
        check_usable(np.full((20, 20), 17, np.uint8), min_side=20)


@pytest.mark.parametrize(
    "data",
    [
        b"This is a text file named .png\n",
        encoded(Image.fromarray(film(5)), "PPM"),
    ],
)
def test_what_is_in_no_known_format_says_so(data):
    with pytest.raises(Excluded, match="unreadable: no picture in a format that is known"):
        read_grey(data)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95])
def test_a_truncated_file_is_unreadable(kind, share):
    data = encoded(Image.fromarray(film(6, 200, 200)), kind)
    assert reason_of(data[: int(share * len(data))]) == "unreadable"


def test_a_decompression_bomb_is_refused_before_it_is_decoded():
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + header
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    data += struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert reason_of(data) == "too_large"
    assert MAX_PIXELS < 100_000**2


@given(st.sampled_from(FORMATS), st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255))))
@settings(max_examples=200, deadline=None)
def test_damage_anywhere_in_a_file_never_breaks_more_than_that_file(kind, damage):
    data = bytearray(encoded(Image.fromarray(film(7)), kind))
    for place, value in damage:
        data[place % len(data)] = value
    try:
        pixels = read_grey(bytes(data))
    except Excluded:
        return
    assert pixels.dtype == np.uint8
    assert pixels.ndim == 2


def test_shrinking_averages_over_areas():
    pixels = np.array([[0, 100, 10, 30], [0, 100, 30, 50]], np.uint8).repeat(32, axis=0).repeat(16, axis=1)
    square, content = fit(pixels, 2, padding=False)
    # Half the width is two columns of 16 px: (0 + 100) / 2 left; (10 + 30) / 2 and (30 + 50) / 2 right.
    assert square.tolist() == [[50, 20], [50, 40]]
    assert content == (0, 0, 2, 2)


def test_a_side_that_shrinks_is_averaged_also_where_the_other_grows():
    stripes = np.tile(np.array([0, 200], np.uint8), (10, 100))  # 10 high, 200 wide
    square, _ = fit(stripes, 20, padding=False)
    np.testing.assert_array_equal(square, np.full((20, 20), 100))


def test_padding_keeps_the_aspect_ratio_and_centres_the_image():
    pixels = np.full((30, 60), 200, np.uint8)
    square, content = fit(pixels, 40, padding=True)
    assert content == (10, 0, 30, 40)
    expected = np.zeros((40, 40), np.uint8)
    expected[10:30] = 200
    np.testing.assert_array_equal(square, expected)


def test_padding_of_a_tall_image_lies_left_and_right_and_rounds_half_up():
    _, content = fit(np.full((100, 25), 9, np.uint8), 50, padding=True)
    # 25 / 100 of 50 px are 12.5, hence 13; 37 px of padding: 18 left, 19 right.
    assert content == (0, 18, 50, 31)


def test_a_hair_thin_image_keeps_a_row():
    _, (top, left, bottom, right) = fit(film(8, 1, 500), 32, padding=True)
    assert (bottom - top, right - left) == (1, 32)


@pytest.mark.parametrize("number", [errno.EIO, errno.EMFILE, errno.ESTALE])
def test_a_disk_that_fails_stops_the_study_and_leaves_no_film_out(tmp_path, monkeypatch, number):
    def fails(path):
        raise OSError(number, os.strerror(number), str(path))

    (tmp_path / "a.png").write_bytes(b"x")
    monkeypatch.setattr(type(tmp_path), "exists", fails)
    with pytest.raises(OSError, match=os.strerror(number)):
        load_file(Entry("a.png", "normal", "1", None), tmp_path, size=8, padding=False, min_side=8)


def test_a_film_that_may_not_be_read_is_left_out(tmp_path, monkeypatch):
    def fails(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(type(tmp_path), "exists", fails)
    with pytest.raises(Excluded, match="Permission denied"):
        load_file(Entry("a.png", "normal", "1", None), tmp_path, size=8, padding=False, min_side=8)
