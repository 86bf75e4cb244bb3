import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from evidrift.attribution.variants import add_up, variants

NUMBERS = st.integers(1, 12)


@given(n_images=NUMBERS, n_variants=NUMBERS, batch_size=NUMBERS)
def test_every_variant_of_every_image_comes_once_in_passes_no_larger_than_the_batch(
    n_images, n_variants, batch_size
):
    passes = list(variants(n_images, n_variants, batch_size, "test"))
    assert all(len(image) == len(variant) <= batch_size for image, variant in passes)
    pairs = [pair for image, variant in passes for pair in zip(image.tolist(), variant.tolist(), strict=True)]
    assert len(pairs) == n_images * n_variants
    assert set(pairs) == {(i, v) for i in range(n_images) for v in range(n_variants)}
    # only the last pass is not full
    assert all(len(image) == batch_size for image, _ in passes[:-1])


def test_values_of_one_image_that_come_in_one_pass_are_all_added():
    totals = np.zeros((3, 2))
    add_up(totals, np.array([2, 0, 2]), np.array([[1, 2], [3, 4], [10, 20]]))
    assert totals.tolist() == [[3, 4], [0, 0], [11, 22]]
