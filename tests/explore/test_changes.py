"""A reshape as products of axes."""

import pytest

from archcost.explore.changes import find_factors


@pytest.mark.parametrize(
    ("before", "after", "factors"),
    [
        ((1, 512, 7, 7), (1, 25088), [[0], [1, 2, 3]]),
        ((1, 512, 1, 1), (1, 512), [[0], [1, 2, 3]]),  # a flatten, although the axes have one place now
        ((1, 64), (1, 64, 1, 1), [[0], [1], [], []]),
        ((1, 96, 27, 27), (1, 1, 96, 27, 27), [[0], [], [1], [2], [3]]),
        ((1, 5, 8), (5, 8), [[0, 1], [2]]),
        ((1, 240, 28, 28), (1, 3, 80, 28, 28), None),  # a channel shuffle divides an axis
    ],
)
def test_an_axis_is_a_product_of_axes(before, after, factors):
    assert find_factors(before, after) == factors
