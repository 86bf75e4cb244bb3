"""Arrays in a file without a name: they read like an array, and nothing of them is seen or stays."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from evidrift.base.files.spool import Spool

ARRAYS = np.random.default_rng(0).normal(size=(700, 3, 4)).astype(np.float32)


@pytest.fixture
def spool(tmp_path) -> Spool:
    made = Spool(tmp_path)
    for first in range(0, len(ARRAYS), 300):
        made.add(ARRAYS[first : first + 300])
    assert list(tmp_path.iterdir()) == []  # also while it is used
    return made


@pytest.mark.parametrize(
    "at", [0, -1, slice(5, 320), slice(None, None, -7), np.array([3, 3, 699, 0]), np.arange(700) % 3 == 0]
)
def test_it_reads_like_an_array(spool, at):
    np.testing.assert_array_equal(spool[at], ARRAYS[at])
    assert (spool.shape, len(spool), spool.dtype, spool.nbytes) == (
        ARRAYS.shape,
        700,
        ARRAYS.dtype,
        ARRAYS.nbytes,
    )


def test_some_of_it_is_taken_without_being_read(spool):
    order = np.random.default_rng(1).permutation(700)[:500]
    taken = spool.take(order)
    np.testing.assert_array_equal(np.asarray(taken), ARRAYS[order])
    np.testing.assert_array_equal(np.stack(list(taken)), ARRAYS[order])
    np.testing.assert_array_equal(taken.take(np.array([7]))[:], ARRAYS[order[[7]]])
    with pytest.raises(TypeError, match="along their first axis alone"):
        spool[0, 1]


def test_several_threads_may_read_it(spool):
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(spool.__getitem__, range(700)))
    np.testing.assert_array_equal(np.stack(found), ARRAYS)


def test_arrays_of_another_kind_are_refused(spool):
    with pytest.raises(ValueError, match="is not"):
        spool.add(ARRAYS[:1].astype(np.float64))
