"""Named random streams."""

import hashlib

from evidrift.base.seeds import seed_of, stream


def test_the_seed_is_the_first_four_bytes_of_the_hash_of_the_names():
    digest = hashlib.sha256(b"order\x1f3\x1f1").digest()
    expected = digest[0] + 256 * digest[1] + 256**2 * digest[2] + 256**3 * digest[3]
    assert seed_of("order", 3, 1) == expected


def test_names_are_kept_apart():
    assert seed_of("a", "bc") != seed_of("ab", "c")
    assert seed_of("a", "b") != seed_of("b", "a")


def test_the_same_names_give_the_same_numbers_and_others_do_not():
    assert stream("x", 1).integers(0, 1 << 30) == stream("x", 1).integers(0, 1 << 30)
    assert stream("x", 1).integers(0, 1 << 30) != stream("x", 2).integers(0, 1 << 30)
